"""Saving weights: what is written, and what is refused."""

import numpy as np
import pytest

import keras_resnet
from keras_resnet.weights import AdaptedWeightsWarning, load, named_variables, save
from keras_resnet.weights.files import open_arrays


def equal(first, second):
    return all(map(np.array_equal, first.get_weights(), second.get_weights()))


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", ["resnet8", "resnet20", "preactivation_resnet164"])
def test_own_names_hold_any_network(tmp_path, randomize, name, nested, suffix):
    model = randomize(keras_resnet.create_model(name, nested=nested))
    save(model, tmp_path / f"w{suffix}", naming="keras_resnet")
    with open_arrays(tmp_path / f"w{suffix}") as arrays:
        assert set(arrays) == set(named_variables(model))
    again = keras_resnet.create_model(name, weights=tmp_path / f"w{suffix}")
    other_way = keras_resnet.create_model(name, nested=nested)
    keras_resnet.weights.transfer(again, other_way)
    assert equal(other_way, model)


def test_half_precision_is_kept_and_read(tmp_path, randomize):
    import keras

    keras.config.set_dtype_policy("bfloat16")
    model = randomize(keras_resnet.ResNet20())
    keras.config.set_dtype_policy("float32")
    save(model, tmp_path / "w.safetensors", naming="pytorch")
    with open_arrays(tmp_path / "w.safetensors") as arrays:
        assert arrays["conv1.weight"].dtype.name == "bfloat16"
        assert arrays["conv1.weight"].shape == (16, 3, 3, 3)
        assert arrays.metadata["format"] == "pt"
    with pytest.raises(ValueError, match="cannot hold bfloat16.*path='.*w.npz'"):
        save(model, tmp_path / "w.npz", naming="pytorch")
    full = keras_resnet.ResNet20(weights=tmp_path / "w.safetensors")
    for wide, half in zip(full.weights, model.weights, strict=True):
        assert str(wide.dtype) == "float32"
        np.testing.assert_array_equal(
            wide.numpy(), keras.ops.cast(half, "float32").numpy()
        )


SHORT = {"depths": (1, 1, 1, 1), "input_shape": (32, 32, 3)}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("name", "overrides", "reason"),
    [
        ("resnet50", {}, "conv1_conv has a bias"),
        ("resnet50v2", {}, "conv1_conv has a bias"),
        ("plain18", {}, "conv2_block1 has no shortcut"),
        ("resnet18", {"epsilon": 1e-3}, "the epsilon of conv1_bn is 0.001"),
        ("resnet50v1_5", {"stride_placement": "1x1"}, "the stride of conv3_block1_"),
        ("resnet18", {"survival_probability": 0.5}, "scales its branch at inference"),
        ("resnet18", {"activation": "elu"}, "conv1_relu is another activation"),
        ("resnet18", {"activation": "prelu"}, "conv1_relu is a PReLU"),
        ("resnet18", {"stem_pool": None}, "its stem does not pool"),
        ("resnet18", {"stem": "cifar"}, "its stem is not that of an ImageNet"),
        ("resnet18", {"padding": "same"}, "pads as TensorFlow does"),
        ("resnet18", {"strides": (1, 1, 2, 2)}, "stride of conv3_block1_1_conv is 1"),
        ("resnet18", {"strided_block": "last", "depths": (2, 2, 2, 2)}, "the stride"),
        ("resnet18", {"output_stride": 8}, "the stride of|is dilated"),
        ("resnet18", {"shortcut": "A"}, "is a ZeroPaddedIdentity"),
        ("resnet18", {"shortcut": "C"}, "conv2_block2_0_conv projects"),
        ("resnet18", {"projection_batch_norm": False}, "has no batch normalization"),
        ("seresnet18", {"squeeze_excite_ratio": 0.25}, "the ratio of conv2_block1_se"),
        ("resnet18", {"shortcut_function": "constant_scaling"}, "function|no layer"),
        ("resnet18", {"ordering": "batch_norm_after_addition"}, "another ordering"),
        ("resnet18", {"ordering": "activation_before_addition"}, "another ordering"),
        ("resnet18", {"ordering": "activation_only_preactivation"}, "another order"),
    ],
    ids=str,
)
def test_networks_that_timm_has_not(tmp_path, name, overrides, reason, nested):
    depths = {"depths": (2, 1, 1, 1)} if "shortcut" in overrides else {}
    arguments = {**SHORT, **depths, **overrides, "nested": nested}
    model = keras_resnet.create_model(name, **arguments)
    message = f"timm has no network .*({reason}).*Received: naming='timm'"
    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


def test_stochastic_depth_by_sample_is_timms(tmp_path):
    sample = {"survival_probability": 0.5, "stochastic_depth_mode": "sample"}
    save(keras_resnet.create_model("resnet18", **SHORT, **sample), tmp_path / "w.npz")


def test_normalization_inside_is_said(tmp_path):
    model = keras_resnet.create_model("resnet18", **SHORT, include_preprocessing=True)
    with pytest.warns(AdaptedWeightsWarning, match=r"less \[123.675, .*\[58.395, "):
        save(model, tmp_path / "w.safetensors")


def test_a_head_of_ones_own(tmp_path):
    import keras

    bare = keras_resnet.create_model("resnet18", **SHORT, include_top=False)
    for name, saved in (("mine", False), ("predictions", True)):
        x = keras.layers.GlobalAveragePooling2D()(bare.output)
        model = keras.Model(bare.input, keras.layers.Dense(5, name=name)(x))
        if saved:
            save(model, tmp_path / "w.safetensors")
            continue
        with pytest.raises(ValueError, match="'mine/.*layer is named 'predictions'"):
            save(model, tmp_path / "w.safetensors")


def test_activations_with_weights_have_no_name_elsewhere(tmp_path):
    model = keras_resnet.create_model("resnet20", activation="prelu")
    with pytest.raises(ValueError, match="no name for 'conv1_relu/alpha'"):
        save(model, tmp_path / "w.safetensors", naming="pytorch")
    save(model, tmp_path / "w.npz", naming="keras_resnet")
    load(model, tmp_path / "w.npz")


def test_bad_arguments(tmp_path):
    model = keras_resnet.ResNet20()
    with pytest.raises(ValueError, match=r"'.safetensors' or '.npz'.*path='.*w.h5'"):
        save(model, tmp_path / "w.h5")
    with pytest.raises(ValueError, match="Received: naming='torch'"):
        save(model, tmp_path / "w.npz", naming="torch")
    with pytest.raises(TypeError, match="`model` must be a Keras model"):
        save("model", tmp_path / "w.npz")
