"""ResNet-50 against keras.applications, the network it stands in for."""

import inspect

import keras
import numpy as np
import pytest

import keras_resnet

EQUAL_OUTPUTS = """
import keras, numpy as np
import keras_resnet
generator = np.random.default_rng(0)
theirs = keras.applications.ResNet50(weights=None)
for variable in theirs.weights:
    if variable.name in ("gamma", "moving_variance"):
        value = generator.uniform(0.5, 1.5, variable.shape)
    elif variable.name == "kernel":
        fan_in = np.prod(variable.shape[:-1])
        value = generator.normal(0, fan_in**-0.5, variable.shape)
        if "predictions" in variable.path:
            value *= 0.02  # Sixteen additions have made the features large.
    else:
        value = generator.normal(0, 0.1, variable.shape)
    variable.assign(value.astype("float32"))
ours = keras_resnet.ResNet50(weights=None)
ours.set_weights(theirs.get_weights())
x = generator.normal(0, 60, (2, 224, 224, 3)).astype("float32")
a, b = (m.predict(x, verbose=0) for m in (ours, theirs))
# The outputs are no constant: classes and images differ.
assert b.max() > 5 * b.min() and np.abs(b[0] - b[1]).max() > 1e-4, (b.max(), b.min())
print(np.abs(a - b).max())
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_equal_outputs(run_python, backend):
    assert float(run_python(EQUAL_OUTPUTS, backend=backend)) <= 1e-5


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"include_top": False, "pooling": "avg"},
        {"include_top": False, "pooling": "max"},
    ],
    ids=str,
)
def test_same_layers_and_weights(arguments):
    shape = (64, 64, 3)
    ours, theirs = (
        constructor(weights=None, input_shape=shape, **arguments)
        for constructor in (keras_resnet.ResNet50, keras.applications.ResNet50)
    )
    ours_layers, theirs_layers = ours.layers[1:], theirs.layers[1:]
    assert [v.name for v in ours_layers] == [v.name for v in theirs_layers]
    for mine, other in zip(ours_layers, theirs_layers, strict=True):
        assert isinstance(mine, type(other)), mine.name
        assert mine.output.shape == other.output.shape
        assert [(w.name, w.shape) for w in mine.weights] == [
            (w.name, w.shape) for w in other.weights
        ]
        if isinstance(mine, keras.layers.BatchNormalization):
            assert (mine.epsilon, mine.momentum) == (other.epsilon, other.momentum)
    assert ours.count_params() == theirs.count_params()


def test_signature_is_theirs_and_more():
    ours, theirs = (
        inspect.signature(constructor).parameters
        for constructor in (keras_resnet.ResNet50, keras.applications.ResNet50)
    )
    assert list(ours)[: len(theirs)] == list(theirs)
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default
        assert ours[name].kind == parameter.kind


def test_preprocessing_inside_equals_theirs_outside(rng):
    pixels = rng.uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    raw = keras_resnet.ResNet50(
        weights=None, input_shape=(64, 64, 3), include_preprocessing=True
    )
    plain = keras_resnet.ResNet50(weights=None, input_shape=(64, 64, 3))
    keras_resnet.weights.transfer(raw, plain)
    prepared = keras.applications.resnet.preprocess_input(pixels.copy())
    np.testing.assert_allclose(raw(pixels), plain(prepared), atol=1e-5)


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


@pytest.mark.parametrize("arguments", REFUSED, ids=str)
def test_refuses_what_they_refuse(arguments):
    with pytest.raises(ValueError, match="."):
        keras.applications.ResNet50(**arguments)
    with pytest.raises(ValueError, match="Received: "):
        keras_resnet.ResNet50(**arguments)
