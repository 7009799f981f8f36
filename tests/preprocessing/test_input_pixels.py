"""Raw pixels to a network's input, against keras.applications and the models."""

import dataclasses
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.layers import ImageNormalization
from keras_resnet.models import registry
from keras_resnet.models.assembly import normalized
from keras_resnet.normalization import CAFFE, TORCH, UNIT, Normalization
from keras_resnet.preprocessing import preprocess_input

MODES = {"caffe": CAFFE, "tf": UNIT, "torch": TORCH}
DTYPES = ("uint8", "int32", "int64", "float16", "float32", "float64")
SHAPES = ((5, 4, 3), (2, 5, 4, 3))


def reference(x, mode, data_format="channels_last"):
    # It writes into a float argument.
    return keras.applications.imagenet_utils.preprocess_input(
        x.copy(), data_format=data_format, mode=mode
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", MODES)
def test_equals_keras_applications(rng, make_card, mode, dtype, shape):
    x = rng.integers(0, 256, shape).astype(dtype)
    before = x.copy()
    found = preprocess_input(x, make_card(MODES[mode]))
    expected = reference(x, mode)
    assert isinstance(found, np.ndarray)
    assert found.dtype == expected.dtype
    atol = {"float16": 0.1, "float64": 1e-6}.get(dtype, 3e-5)
    np.testing.assert_allclose(found, expected, atol=atol)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", MODES)
def test_channels_first(rng, make_card, mode, shape):
    x = np.moveaxis(rng.uniform(0, 255, shape).astype("float32"), -1, -3)
    found = preprocess_input(x, make_card(MODES[mode]), data_format="channels_first")
    expected = reference(x, mode, "channels_first")
    np.testing.assert_allclose(found, expected, atol=3e-5)


@pytest.mark.parametrize(
    ("weights", "module"),
    [("resnet50.imagenet", "resnet"), ("resnet50v2.imagenet", "resnet_v2")],
)
def test_names_of_weights(rng, weights, module):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    expected = getattr(keras.applications, module).preprocess_input(x.copy())
    np.testing.assert_allclose(preprocess_input(x, weights), expected, atol=3e-5)


def test_default_is_that_of_keras_applications_resnet(rng):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    expected = keras.applications.resnet.preprocess_input(x.copy())
    np.testing.assert_allclose(preprocess_input(x), expected, atol=3e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors(rng, make_card, mode, dtype):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype(dtype)
    card = make_card(MODES[mode])
    expected = preprocess_input(x, card)
    found = preprocess_input(tf.constant(x), card)
    assert isinstance(found, tf.Tensor)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_bfloat16_tensors_keep_their_dtype(rng, make_card):
    x = rng.integers(0, 256, (5, 4, 3)).astype("float32")
    found = preprocess_input(tf.cast(x, "bfloat16"), make_card(TORCH))
    assert found.dtype == tf.bfloat16
    expected = preprocess_input(x, make_card(TORCH))
    np.testing.assert_allclose(tf.cast(found, "float32"), expected, atol=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_symbolic_tensors(rng, make_card, mode):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype("uint8")
    card = make_card(MODES[mode])
    inputs = keras.Input((None, None, 3), dtype="uint8")
    outputs = preprocess_input(inputs, card)
    assert outputs.dtype == "float32"
    assert outputs.shape == (None, None, None, 3)
    found = keras.Model(inputs, outputs)(x)
    np.testing.assert_allclose(found, preprocess_input(x, card), atol=3e-5)


@pytest.mark.parametrize("mode", MODES)
def test_in_a_pipeline(rng, make_card, mode):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype("uint8")
    card = make_card(MODES[mode])
    images = tf.data.Dataset.from_tensor_slices(x)
    found = (
        images.map(lambda image: preprocess_input(image, card))
        .batch(2)
        .get_single_element()
    )
    np.testing.assert_allclose(found, preprocess_input(x, card), atol=3e-5)


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_nested_lists(rng, make_card, dtype):
    x = rng.integers(0, 256, (5, 4, 3)).astype(dtype)
    found = preprocess_input(x.tolist(), make_card(TORCH))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, reference(x, "torch"), atol=3e-5)


@pytest.mark.parametrize("normalization", [CAFFE, UNIT, TORCH])
def test_equals_the_layer(rng, make_card, normalization):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    layer = ImageNormalization(
        normalization.mean,
        normalization.standard_deviation,
        normalization.reverse_channels,
    )
    found = preprocess_input(x, make_card(normalization))
    np.testing.assert_allclose(found, layer(x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("normalization", [CAFFE, UNIT, TORCH, Normalization()])
def test_other_channels_as_in_the_models(rng, make_card, normalization, channels):
    row = dataclasses.replace(
        registry.specification("resnet18"), normalization=normalization
    )
    x = rng.uniform(0, 255, (2, 5, 4, channels)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, normalized(inputs, row))
    found = preprocess_input(x, make_card(normalization))
    np.testing.assert_allclose(found, model(x), rtol=1e-6, atol=1e-6)


BACKEND = """
import sys
import keras, numpy as np, tensorflow as tf
from keras_resnet.preprocessing import preprocess_input
data = np.load(sys.argv[1])
x, expected = data["x"], data["expected"]
found = preprocess_input(keras.ops.convert_to_tensor(x))
assert keras.ops.is_tensor(found), type(found)
np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=3e-5)
inputs = keras.Input((5, 4, 3), dtype="uint8")
model = keras.Model(inputs, preprocess_input(inputs))
found = keras.ops.convert_to_numpy(model(x))
np.testing.assert_allclose(found, expected, atol=3e-5)
images = tf.data.Dataset.from_tensors(x).map(preprocess_input)
np.testing.assert_allclose(images.get_single_element(), expected, atol=3e-5)
np.testing.assert_allclose(preprocess_input(x), expected, atol=3e-5)
print("equal")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(rng, run_python, tmp_path, backend):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype("uint8")
    np.savez(tmp_path / "data.npz", x=x, expected=reference(x, "caffe"))
    assert "equal" in run_python(BACKEND, tmp_path / "data.npz", backend=backend)


@pytest.mark.parametrize("scale", [("torch", None), ("tf", None), (None, 255.0)])
def test_warns_of_pixels_that_look_normalized(rng, scale):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype("float32")
    mode, divisor = scale
    once = reference(x, mode) if mode else x / divisor
    with pytest.warns(UserWarning, match="raw pixels") as caught:
        preprocess_input(once)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("value", [0.0, 1.0, 200.5])
def test_does_not_warn_of_raw_pixels(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        preprocess_input(np.full((5, 4, 3), value, "float32"))
        preprocess_input(np.zeros((0, 5, 4, 3), "float32"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((4, 3)),), ValueError, r"Received: x.shape=\(4, 3\)"),
        ((np.zeros((1, 2, 5, 4, 3)),), ValueError, "Received: x.shape="),
        ((np.zeros((5, 4, 3), bool),), TypeError, "Received: dtype=bool"),
        ((np.zeros((5, 4, 3), "complex64"),), TypeError, "Received: dtype=complex64"),
        (
            ([np.zeros((5, 4, 3)), np.zeros((5, 6, 3))],),
            ValueError,
            "one size.* Received: list of 2",
        ),
        (([[["a"]]],), TypeError, "Received: dtype=<U1"),
        ((np.zeros((5, 4, 3)), "resnet50.imagenett"), ValueError, "Received: "),
        ((np.zeros((5, 4, 3)), 50), TypeError, "Received: "),
        (
            (np.zeros((5, 4, 3)), "resnet50.imagenet", "last"),
            ValueError,
            "Received: data_format='last'",
        ),
        ((keras.KerasTensor((4, 3)),), ValueError, r"Received: x.shape=\(4, 3\)"),
    ],
)
def test_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        preprocess_input(*arguments)


@pytest.mark.parametrize(
    ("shape", "message"), [(None, "number of axes"), ((None, None, None), "channels")]
)
def test_refuses_images_of_unknown_axes(shape, message):
    images = tf.data.Dataset.from_generator(
        lambda: iter(()), output_signature=tf.TensorSpec(shape, "uint8")
    )
    with pytest.raises(ValueError, match=message):
        images.map(preprocess_input)
