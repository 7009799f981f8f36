"""Cutting a random part out of an image."""

import math
from typing import TYPE_CHECKING

from keras_resnet.training.augmentation.fill import Fill, as_color
from keras_resnet.training.augmentation.resizing import resize
from keras_resnet.training.datasets.decoding import decode_window

if TYPE_CHECKING:
    import tensorflow as tf

# Of Szegedy et al. (2015), section 6: shares of the area, and aspect ratios.
CROP_AREA = (0.08, 1.0)
CROP_ASPECT = (3 / 4, 4 / 3)
ATTEMPTS = 10
PADDING_MODES = ("constant", "reflect")


def pad_and_crop(
    image: "tf.Tensor",
    seed: "tf.Tensor",
    padding: int,
    mode: str = "constant",
    value: Fill = 0.0,
) -> "tf.Tensor":
    """Pad every side and cut the old size out at a random place.

    He et al. (2015), section 4.2. Where a paper pads after it has subtracted
    the mean, its zeros are the mean colour in raw pixels.

    Args:
        image: `(height, width, channels)`.
        seed: Two integers.
        padding: Pixels on every side.
        mode: `"constant"`, or `"reflect"` for the image mirrored at its edge,
            whose own pixels are not repeated. Defaults to `"constant"`.
        value: Level or colour of `"constant"`. Defaults to black.
    """
    import tensorflow as tf

    sides = ((padding, padding), (padding, padding), (0, 0))
    height, width, channels = image.shape
    if mode == "reflect":
        padded = tf.pad(image, sides, "REFLECT")
    else:
        color = tf.cast(as_color(value, channels), image.dtype)
        padded = tf.pad(image - color, sides) + color
    top, left = tf.unstack(
        tf.random.stateless_uniform((2,), seed, 0, 2 * padding + 1, dtype="int32")
    )
    cropped = padded[top : top + height, left : left + width]
    return tf.ensure_shape(cropped, image.shape)


def random_window(shape: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Choose a random part of an image.

    Its share of the area is uniform in 8 to 100 %, the logarithm of its aspect
    ratio in that of 3:4 to 4:3 (Szegedy et al., 2015, section 6, as torchvision
    and timm draw it). Of ten parts the first that fits into the image counts.
    Where none does, it is the largest in the middle with such an aspect ratio.

    Args:
        shape: Height, width and channels of the image, int32 `(3,)`.
        seed: Two integers.

    Returns:
        First row, first column, height and width, int32 `(4,)`.
    """
    import tensorflow as tf

    drawn = tf.random.stateless_uniform((2 * ATTEMPTS + 2,), seed)
    height, width = shape[0], shape[1]
    sides = tf.cast(shape[:2], "float32")
    low, high = CROP_AREA
    area = (low + (high - low) * drawn[:ATTEMPTS]) * sides[0] * sides[1]
    low, high = map(math.log, CROP_ASPECT)
    aspect = tf.exp(low + (high - low) * drawn[ATTEMPTS : 2 * ATTEMPTS])
    rows = tf.cast(tf.round(tf.sqrt(area / aspect)), "int32")
    columns = tf.cast(tf.round(tf.sqrt(area * aspect)), "int32")
    # Of a tiny image a part may have no row.
    fits = (rows >= 1) & (rows <= height) & (columns >= 1) & (columns <= width)

    def first_that_fits():
        chosen = tf.argmax(fits)
        size = tf.stack([rows[chosen], columns[chosen]])
        places = tf.cast(shape[:2] - size + 1, "float32")
        return tf.concat([tf.cast(drawn[-2:] * places, "int32"), size], axis=0)

    def in_the_middle():
        narrow, wide = CROP_ASPECT
        most = tf.stack([sides[1] / narrow, sides[0] * wide])
        size = tf.minimum(shape[:2], tf.cast(tf.round(most), "int32"))
        size = tf.maximum(size, 1)
        return tf.concat([(shape[:2] - size) // 2, size], axis=0)

    return tf.cond(tf.reduce_any(fits), first_that_fits, in_the_middle)


def random_resized_crop(
    image: "tf.Tensor", seed: "tf.Tensor", height: int, width: int
) -> "tf.Tensor":
    """Cut a random part out (`random_window`) and resize it.

    Args:
        image: `(height, width, channels)`, of any size.
        seed: Two integers.
        height: Rows to return.
        width: Columns to return.

    Returns:
        float32 image `(height, width, channels)`.
    """
    import tensorflow as tf

    top, left, rows, columns = tf.unstack(random_window(tf.shape(image), seed))
    part = image[top : top + rows, left : left + columns]
    return resize(part, height, width)


def decode_random_resized_crop(
    contents: "tf.Tensor", seed: "tf.Tensor", height: int, width: int, channels: int
) -> "tf.Tensor":
    """Decode only what `random_resized_crop` would cut out, and resize it.

    The result is that of decoding the whole, to the last bit.

    Args:
        contents: Bytes of an image file, a scalar string.
        seed: Two integers.
        height: Rows to return.
        width: Columns to return.
        channels: Channels to return.

    Returns:
        float32 image `(height, width, channels)`.
    """
    part = decode_window(contents, lambda shape: random_window(shape, seed), channels)
    return resize(part, height, width)
