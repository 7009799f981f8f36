"""The normalization of raw pixels against keras.applications."""

import keras
import numpy as np

from keras_resnet.layers import ImageNormalization


def test_equals_caffe_preprocessing(rng):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    layer = ImageNormalization((103.939, 116.779, 123.68), reverse_channels=True)
    expected = keras.applications.resnet.preprocess_input(x.copy())
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


def test_equals_torch_preprocessing(rng):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    layer = ImageNormalization(
        (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), data_format="channels_last"
    )
    expected = keras.applications.imagenet_utils.preprocess_input(
        x.copy(), mode="torch"
    )
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_channels_first(rng):
    x = rng.uniform(0, 255, (2, 5, 4, 3)).astype("float32")
    arguments = {"mean": (1, 2, 3), "standard_deviation": 7, "reverse_channels": True}
    last = ImageNormalization(**arguments, data_format="channels_last")(x)
    first = ImageNormalization(**arguments, data_format="channels_first")(
        x.transpose(0, 3, 1, 2)
    )
    np.testing.assert_array_equal(np.transpose(first, (0, 2, 3, 1)), last)


def test_reloads():
    layer = ImageNormalization((1.0, 2.0), (3.0, 4.0), True, name="n")
    again = ImageNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_integers_are_pixels_too(rng):
    x = rng.integers(0, 256, (2, 5, 4, 3)).astype("uint8")
    layer = ImageNormalization((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
    np.testing.assert_allclose(layer(x), layer(x.astype("float32")), atol=1e-6)
    inputs = keras.Input((5, 4, 3), dtype="uint8")
    model = keras.Model(inputs, layer(inputs))
    assert model.output.dtype == "float32"
    np.testing.assert_allclose(model(x), layer(x.astype("float32")), atol=1e-6)
