"""Raw pixels to a network's input."""

import sys
import warnings

import keras
import numpy as np
from keras import ops

from keras_resnet.arguments import check_choice
from keras_resnet.normalization import Normalization
from keras_resnet.weights.card import Card
from keras_resnet.weights.catalogue import get_card

DATA_FORMATS = ("channels_last", "channels_first")
# Pixels that PyTorch's networks are given lie between -2.2 and 2.7, others'
# between -1 and 1 or 0 and 1; a photograph of 0..255 goes beyond 3 somewhere.
NORMALIZED_AT_MOST = 3.0


def preprocess_input(x, weights: str | Card = "resnet50.imagenet", data_format=None):
    """Turn raw RGB pixels into the input of a network with these weights.

    `x` itself is never changed.

    Args:
        x: (height, width, channels) or (batch, height, width, channels), or
            channels first: raw pixels, 0 to 255, of any integer or float
            dtype. A NumPy array, a nested list, a tensor of the backend, a
            symbolic tensor, or a `tf.Tensor` in a `tf.data` pipeline of any
            backend. Channels other than three are normalized by the average
            of the numbers for red, green and blue.
        weights: Name of a set of weights, `"resnet50.a1_in1k"` for example,
            or its card. Defaults to `"resnet50.imagenet"`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.

    Returns:
        The same shape: a NumPy array for an array or a list, else a tensor.
        Floats keep their dtype; integers and lists become
        `keras.config.floatx()`.

    Raises:
        TypeError: If `x` does not hold numbers.
        ValueError: If `x` is not one image or a batch of images of one size, or
            `data_format` or the name of the weights is unknown.
    """
    data_format = check_choice(
        "data_format", data_format or keras.config.image_data_format(), DATA_FORMATS
    )
    normalization = get_card(weights).normalization
    if isinstance(x, (list, tuple)):
        x = _as_array(x)
    elif not _is_tensor(x):
        x = np.asarray(x)
    _check_images(x)
    if isinstance(x, np.ndarray):
        _warn_of_normalized(x)
    return normalize_pixels(
        x, normalization, -1 if data_format == "channels_last" else -3
    )


def normalize_pixels(x, normalization: Normalization, channel_axis: int):
    """Normalize pixels, by the arithmetic of `layers.ImageNormalization`.

    Args:
        x: Array or tensor of pixels.
        normalization: What the network was trained on.
        channel_axis: Axis of the channels, counted from the end.

    Returns:
        Array or tensor of the same shape: of the same dtype where that is a
        float, else of `keras.config.floatx()`.

    Raises:
        ValueError: If the number of channels is not known.
    """
    channels = x.shape[channel_axis]
    if channels is None:
        raise ValueError(
            "The number of channels must be known, for example from "
            "`tf.io.decode_image(..., channels=3)` or `tf.ensure_shape`. "
            f"Received: x={x}"
        )
    cast, flip = _operations(x)
    given = keras.backend.standardize_dtype(x.dtype)
    dtype = given if keras.backend.is_float_dtype(given) else keras.config.floatx()
    # 16 bits would round pixels before the mean is taken off them.
    computed = "float64" if given == "float64" else "float32"

    normalization = normalization.for_channels(channels)
    deviation = np.asarray(normalization.standard_deviation, "float64")
    shift = -np.asarray(normalization.mean, "float64") / deviation

    def by_channel(values):
        values = values.reshape((-1,) + (1,) * (-1 - channel_axis))
        return cast(values, computed)

    y = cast(x, computed)
    if normalization.reverse_channels:
        y = flip(y, channel_axis)
    return cast(y * by_channel(1.0 / deviation) + by_channel(shift), dtype)


def _as_array(x: list | tuple) -> np.ndarray:
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            "`x` must be images of one size to be a batch; other ones are prepared "
            f"one by one. Received: {type(x).__name__} of {len(x)}"
        ) from error
    # Python's floats are not a choice of 64 bits.
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _is_tensorflow(x) -> bool:
    tf = sys.modules.get("tensorflow")
    return tf is not None and isinstance(x, (tf.Tensor, tf.Variable))


def _is_tensor(x) -> bool:
    return ops.is_tensor(x) or keras.backend.is_keras_tensor(x) or _is_tensorflow(x)


def _operations(x):
    if isinstance(x, np.ndarray):
        return np.ndarray.astype, np.flip
    if _is_tensorflow(x):
        # The pipelines of tf.data hold TensorFlow's tensors under any backend.
        import tensorflow as tf

        def reverse(y, axis):
            return tf.reverse(y, [axis])

        return tf.cast, reverse
    return ops.cast, ops.flip


def _check_images(x) -> None:
    dtype = x.dtype if isinstance(x, np.ndarray) else None
    if dtype is not None and dtype.kind in "bOSUcMm":
        raise TypeError(f"`x` must hold pixels as numbers. Received: dtype={dtype}")
    rank = x.shape.rank if _is_tensorflow(x) else len(x.shape)
    if rank is None:
        raise ValueError(
            "`x` must have a known number of axes; `tf.ensure_shape` tells it. "
            f"Received: x={x}"
        )
    if rank not in (3, 4):
        raise ValueError(
            "`x` must be one image or a batch of images, (height, width, channels) "
            "or (batch, height, width, channels), or channels first. "
            f"Received: x.shape={tuple(x.shape)}"
        )


def _warn_of_normalized(x: np.ndarray) -> None:
    # A warning and no error: an image that is nearly black is an image too.
    # Whole numbers are let pass, because zeros and ones in floats are black.
    if x.dtype.kind != "f" or not x.size or np.abs(x).max() > NORMALIZED_AT_MOST:
        return
    if (x != np.rint(x)).any():
        warnings.warn(
            "`preprocess_input` takes raw pixels, 0 to 255, and these look as if "
            "they had been scaled or normalized before: all lie between "
            f"{x.min():.4g} and {x.max():.4g}.",
            stacklevel=3,
        )
