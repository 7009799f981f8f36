"""Saving weights: what is written, and what is refused."""

import numpy as np
import pytest

import keras_resnet
from keras_resnet.weights import load, named_variables, save
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
    save(model, tmp_path / "w.safetensors")
    with open_arrays(tmp_path / "w.safetensors") as arrays:
        assert arrays["conv1.weight"].dtype.name == "bfloat16"
        assert arrays["conv1.weight"].shape == (16, 3, 3, 3)
        assert arrays.metadata["format"] == "pt"
    with pytest.raises(ValueError, match="cannot hold bfloat16.*path='.*w.npz'"):
        save(model, tmp_path / "w.npz")
    full = keras_resnet.ResNet20(weights=tmp_path / "w.safetensors")
    for wide, half in zip(full.weights, model.weights, strict=True):
        assert str(wide.dtype) == "float32"
        np.testing.assert_array_equal(
            wide.numpy(), keras.ops.cast(half, "float32").numpy()
        )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("resnet50", "conv1_conv has a bias"),
        ("resnet26v1_5", None),
        ("resnet8", "has a bias"),
        ("resnet50v2", "conv1_conv has a bias"),
    ],
)
def test_networks_that_timm_has_not(tmp_path, name, reason):
    model = keras_resnet.create_model(name, input_shape=(32, 32, 3))
    if reason is None:
        save(model, tmp_path / "w.safetensors")
        return
    message = f"timm has no network .*({reason}).*Received: naming='timm'"
    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


def test_stride_on_the_first_convolution_is_refused(tmp_path):
    model = keras_resnet.create_model(
        "resnet26v1_5", stride_placement="1x1", input_shape=(32, 32, 3)
    )
    with pytest.raises(ValueError, match="conv3_block1_1_conv has the stride"):
        save(model, tmp_path / "w.safetensors")


def test_another_epsilon_is_refused(tmp_path):
    model = keras_resnet.create_model("resnet20", epsilon=1e-3)
    with pytest.raises(ValueError, match="the epsilon of conv1_bn is 0.001"):
        save(model, tmp_path / "w.safetensors")


def test_activations_with_weights_have_no_name_elsewhere(tmp_path):
    model = keras_resnet.create_model("resnet20", activation="prelu")
    with pytest.raises(ValueError, match="no name for 'conv1_relu/alpha'"):
        save(model, tmp_path / "w.safetensors")
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
