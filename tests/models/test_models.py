"""All networks of the list: counts, forms, arguments, bad input."""

import inspect

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.layers import Block

MODELS = keras_resnet.list_models()
SMALL = ("resnet8", "resnet20")
# Trainable parameters; what PyTorch reports for the same networks.
TRAINABLE = {
    "resnet20": 269_722,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet18": 11_689_512,
    "resnet50v1_5": 25_557_032,
}


def constructor(name):
    functions = [
        value
        for value in vars(keras_resnet).values()
        if inspect.isfunction(value)
        and "name" in inspect.signature(value).parameters
        and inspect.signature(value).parameters["name"].default == name
    ]
    assert len(functions) == 1, name
    return functions[0]


@pytest.mark.parametrize("name", TRAINABLE)
def test_parameter_counts(name):
    model = keras_resnet.create_model(name)
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == TRAINABLE[name]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_its_function(name):
    function = constructor(name)
    assert function.__name__ in keras_resnet.__all__
    assert keras_resnet.models.specification(name).title in function.__doc__


@pytest.mark.parametrize("name", MODELS)
def test_nested_and_flat_pass_weights(rng, randomize, name):
    size = keras_resnet.models.specification(name).minimum_size
    shape = (size, size + 3, 3)
    flat = keras_resnet.create_model(name, input_shape=shape)
    nested = keras_resnet.create_model(name, input_shape=shape, nested=True)
    blocks = [layer for layer in nested.layers if isinstance(layer, Block)]
    assert len(blocks) == sum(keras_resnet.models.specification(name).depths)
    assert not any(isinstance(layer, Block) for layer in flat.layers)
    x = rng.normal(size=(2, *shape)).astype("float32")
    keras_resnet.weights.transfer(randomize(flat), nested)
    expected = flat(x)
    np.testing.assert_allclose(nested(x), expected, atol=1e-6)
    randomize(flat, seed=1)
    assert np.abs(flat(x) - expected).max() > 1e-3
    keras_resnet.weights.transfer(nested, flat)
    np.testing.assert_allclose(flat(x), expected, atol=1e-6)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", SMALL)
def test_saves_and_trains(tmp_path, rng, name, nested):
    model = keras_resnet.create_model(name, nested=nested, survival_probability=0.8)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = rng.normal(size=(8, 32, 32, 3)), rng.integers(0, 10, 8)
    before = model.get_weights()
    model.train_on_batch(x, y)
    pairs = zip(before, model.get_weights(), strict=True)
    assert np.mean([not np.array_equal(old, new) for old, new in pairs]) > 0.5
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), again.predict(x, verbose=0)
    )


def test_mixed_precision_has_a_float32_head():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = keras_resnet.ResNet20()
    assert model.get_layer("conv2_block1_1_conv").compute_dtype == "bfloat16"
    assert model.get_layer("conv2_block1_1_conv").variable_dtype == "float32"
    assert model.output.dtype == "float32"
    assert model.get_layer("predictions").compute_dtype == "float32"


def test_input_tensor_keeps_what_comes_before(rng):
    inputs = keras.Input((40, 40, 4))
    cropped = keras.layers.Cropping2D(4)(inputs)
    model = keras_resnet.ResNet20(input_tensor=keras.layers.Conv2D(3, 1)(cropped))
    assert model.input is inputs
    assert model(rng.normal(size=(1, 40, 40, 4))).shape == (1, 10)


@pytest.mark.parametrize("pooling", [None, "avg", "max"])
def test_without_top_takes_any_size(rng, pooling):
    model = keras_resnet.ResNet20(include_top=False, pooling=pooling)
    for sides in ((32, 48), (17, 20)):
        maps = (1, *(-(-side // 4) for side in sides), 64)
        y = model(rng.normal(size=(1, *sides, 3)))
        assert y.shape == (maps if pooling is None else (1, 64))


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_number_of_channels(rng, channels):
    model = keras_resnet.ResNet20(
        input_shape=(32, 32, channels), include_preprocessing=True
    )
    y = model(rng.uniform(0, 255, (2, 32, 32, channels)))
    assert np.isfinite(y).all()


def test_specification_fields_can_be_overridden():
    model = keras_resnet.create_model("resnet20", shortcut="B", activation="prelu")
    assert model.get_layer("conv3_block1_0_conv").strides == (2, 2)
    assert isinstance(model.get_layer("conv1_relu"), keras.layers.PReLU)


def test_linear_rule_reaches_the_last_block():
    model = keras_resnet.ResNet110(survival_probability=0.5)
    first = model.get_layer("conv2_block1_survival").survival_probability
    last = model.get_layer("conv4_block18_survival").survival_probability
    assert (first, last) == (pytest.approx(1 - 0.5 / 54), 0.5)


def test_list_models_by_pattern():
    assert keras_resnet.list_models("*50*") == ["resnet50", "resnet50v1_5"]
    assert keras_resnet.list_models("vgg*") == []


BAD = [
    ({"name": "resnet21"}, "Did you mean 'resnet20'.*Received: name='resnet21'"),
    ({"input_shape": (7, 32, 3)}, r"at least 8x8.*Received: input_shape=\(7, 32, 3\)"),
    ({"input_shape": (32, 32)}, "three integers.*Received"),
    ({"input_shape": (32, 32, 0)}, "channels.*Received"),
    ({"input_shape": (None, 32, 3)}, "height and the width.*Received"),
    ({"classes": -1}, "Received: classes=-1"),
    ({"include_top": False, "pooling": "sum"}, "Received: pooling='sum'"),
    ({"survival_probability": 0.0}, "Received: survival_probability=0.0"),
    ({"stochastic_depth_mode": "row"}, "Received: stochastic_depth_mode='row'"),
    ({"weights": "imagenet"}, "path of an existing file.*Received: weights='imagenet'"),
    ({"block": "dense"}, "Received: block='dense'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=str)
def test_bad_values(arguments, message):
    with pytest.raises(ValueError, match=message):
        keras_resnet.create_model(**{"name": "resnet20", **arguments})


def test_unknown_argument():
    with pytest.raises(TypeError, match="`create_model` takes .*Received: depth"):
        keras_resnet.create_model("resnet20", depth=3)


def test_input_tensor_of_another_kind():
    with pytest.raises(TypeError, match="symbolic tensor.*Received: input_tensor"):
        keras_resnet.ResNet20(input_tensor=np.zeros((1, 32, 32, 3)))
