"""The networks of keras.applications against the ones that stand in for them."""

import inspect

import keras
import numpy as np
import pytest

import keras_resnet

NAMES = (
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "ResNet50V2",
    "ResNet101V2",
    "ResNet152V2",
)
EVERY = pytest.mark.parametrize("name", NAMES)

EQUAL_OUTPUTS = """
import sys
import keras, numpy as np
import keras_resnet
generator = np.random.default_rng(0)
arguments = dict(weights=None, input_shape=(96, 96, 3), classifier_activation=None)
theirs = getattr(keras.applications, sys.argv[1])(**arguments)
for variable in theirs.weights:
    if variable.name in ("gamma", "moving_variance"):
        value = generator.uniform(0.5, 1.5, variable.shape)
    elif variable.name == "kernel":
        fan_in = np.prod(variable.shape[:-1])
        value = generator.normal(0, fan_in**-0.5, variable.shape)
        if "_3_conv" in variable.path:
            value *= 0.3  # So that the sums of up to 50 blocks stay small.
    else:
        value = generator.normal(0, 0.1, variable.shape)
    variable.assign(value.astype("float32"))
ours = getattr(keras_resnet, sys.argv[1])(**arguments)
mine = keras_resnet.weights.named_variables(ours)
for name, variable in keras_resnet.weights.named_variables(theirs).items():
    mine.pop(name).assign(keras.ops.convert_to_numpy(variable))
assert not mine
x = generator.normal(0, 1, (4, 96, 96, 3)).astype("float32")
a, b = (m.predict(x, verbose=0) for m in (ours, theirs))
# A classifier of such a scale that the probabilities are neither equal nor 0 and 1.
scale = 0.5 * b.std()
a, b = (keras.ops.softmax(logits / scale) for logits in (a, b))
a, b = (keras.ops.convert_to_numpy(probabilities) for probabilities in (a, b))
assert 0.01 < b.max() < 0.9, b.max()
# Images differ, so that what is compared is not the biases alone.
assert np.abs(b[0] - b[1]).max() > 1e-3, np.abs(b[0] - b[1]).max()
print(np.abs(a - b).max())
"""


@pytest.mark.parametrize(
    ("name", "backend"),
    [*((name, "tensorflow") for name in NAMES), ("ResNet50", "jax")],
)
def test_equal_outputs(run_python, name, backend):
    assert float(run_python(EQUAL_OUTPUTS, name, backend=backend)) <= 1e-5


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, {}) for name in NAMES),
        ("ResNet50", {"include_top": False, "pooling": "avg"}),
        ("ResNet50V2", {"include_top": False, "pooling": "max"}),
    ],
    ids=str,
)
def test_same_layers_and_weights(name, arguments):
    shape = (64, 64, 3)
    ours, theirs = (
        getattr(module, name)(weights=None, input_shape=shape, **arguments)
        for module in (keras_resnet, keras.applications)
    )
    assert [(w.path.split("/")[-2:], w.shape) for w in ours.weights] == [
        (w.path.split("/")[-2:], w.shape) for w in theirs.weights
    ]
    assert ours.count_params() == theirs.count_params()
    mine_by_name = {layer.name: layer for layer in ours.layers[1:]}
    # Their subsampling pools have no name of their own.
    named = [v for v in theirs.layers[1:] if not v.name.startswith("max_pooling2d")]
    assert [v for v in mine_by_name if not v.endswith("_0_pool")] == [
        v.name for v in named
    ]
    for other in named:
        mine = mine_by_name[other.name]
        assert isinstance(mine, type(other)), mine.name
        assert mine.output.shape == other.output.shape
        if isinstance(mine, keras.layers.BatchNormalization):
            assert (mine.epsilon, mine.momentum) == (other.epsilon, other.momentum)


@EVERY
def test_signature_is_theirs_and_more(name):
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters
        for module in (keras_resnet, keras.applications)
    )
    assert list(ours)[: len(theirs)] == list(theirs)
    for argument, parameter in theirs.items():
        assert ours[argument].default == parameter.default
        assert ours[argument].kind == parameter.kind


@pytest.mark.parametrize(
    ("name", "module"), [("ResNet50", "resnet"), ("ResNet50V2", "resnet_v2")]
)
def test_preprocessing_inside_equals_theirs_outside(rng, name, module):
    pixels = rng.uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    constructor = getattr(keras_resnet, name)
    shape = (64, 64, 3)
    raw = constructor(weights=None, input_shape=shape, include_preprocessing=True)
    plain = constructor(weights=None, input_shape=shape)
    keras_resnet.weights.transfer(raw, plain)
    theirs = getattr(keras.applications, module).preprocess_input
    np.testing.assert_allclose(raw(pixels), plain(theirs(pixels.copy())), atol=1e-5)


def test_input_of_any_size_by_an_input_tensor():
    # The way that keras.applications leaves open.
    for module in (keras_resnet, keras.applications):
        model = module.ResNet50(weights=None, input_tensor=keras.Input((None, None, 3)))
        assert model.output_shape == (None, 1000)


def test_features_by_layer_name():
    model = keras_resnet.ResNet50(weights=None)
    assert model.get_layer("conv4_block6_out").output.shape == (None, 14, 14, 1024)


REFUSED = [
    {"weights": "imagenette"},
    {"weights": "imagenet", "classes": 10},
    {"weights": "imagenet", "input_shape": (128, 128, 3)},
    {"weights": "imagenet", "include_top": False, "input_shape": (64, 64, 1)},
    {"weights": None, "input_shape": (64, 64)},
    {"weights": None, "input_shape": (31, 64, 3)},
    {"weights": None, "input_shape": (None, None, 3)},
    {"weights": "imagenet", "classifier_activation": "relu"},
]


@EVERY
@pytest.mark.parametrize("arguments", REFUSED, ids=str)
def test_refuses_what_they_refuse(name, arguments):
    with pytest.raises(ValueError, match="."):
        getattr(keras.applications, name)(**arguments)
    with pytest.raises(ValueError, match="Received: "):
        getattr(keras_resnet, name)(**arguments)
