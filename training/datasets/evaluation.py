"""Images prepared for evaluation: no augmentation, a fixed order."""

from typing import TYPE_CHECKING

import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.training.datasets.dataset import Split
from keras_resnet.wording import counted

if TYPE_CHECKING:
    import tensorflow as tf

# The share of the shorter side that the central crop keeps: 224 of 256, as in
# He et al. (2015) and nearly every evaluation on ImageNet since.
CROP_SHARE = 0.875


def check_image_shape(image_shape, split: Split) -> tuple[int, int, int]:
    """Accept the shape to deliver the images of `split` in.

    Raises:
        ValueError: If it is not `(height, width, channels)` of positive
            integers, or its channels are not those of the split.
    """
    shape = tuple(image_shape)
    if len(shape) != 3:
        raise ValueError(
            "`image_shape` must be (height, width, channels). "
            f"Received: image_shape={image_shape!r}"
        )
    for value in shape:
        check_positive_integer("image_shape", value)
    channels = split.image_shape[2]
    if shape[2] != channels:
        raise ValueError(
            f"The images have {counted(channels, 'channel')}, so "
            f"the last of `image_shape` must be {channels}. "
            f"Received: image_shape={shape!r}"
        )
    return tuple(int(value) for value in shape)


def resize(image: "tf.Tensor", height, width) -> "tf.Tensor":
    """Resize an image, bilinear and antialiased.

    Args:
        image: `(height, width, channels)` in 0..255.
        height: Rows to return.
        width: Columns to return.

    Returns:
        float32 tensor `(height, width, channels)` in 0..255.
    """
    import tensorflow as tf

    resized = tf.image.resize(image, (height, width), "bilinear", antialias=True)
    # The weights of a pixel's sources add up to 1 only within rounding, which
    # lets white come out a little above 255.
    return tf.clip_by_value(resized, 0.0, 255.0)


def fit_image(image: "tf.Tensor", height: int, width: int) -> "tf.Tensor":
    """Resize and centre-crop one image to `height` x `width`.

    An image of that size already is returned as it is. One that is larger on
    both sides is resized (bilinear, antialiased) until `CROP_SHARE` of it
    covers the target; a smaller one until all of it does. The centre is then
    cut out.

    Args:
        image: uint8 `(height, width, channels)` in 0..255.
        height: Rows to return.
        width: Columns to return.

    Returns:
        float32 tensor `(height, width, channels)` in 0..255.
    """
    import tensorflow as tf

    rows, columns = tf.unstack(tf.shape(image)[:2])
    pixels = tf.cast(image, "float32")

    def resized():
        cover = tf.maximum(height / rows, width / columns)
        scale = tf.where(cover < 1, cover / CROP_SHARE, cover)

        # Rounded up and never below the target, so that the crop fits; never
        # above the image where it only shrinks.
        def scaled(side, target):
            return tf.maximum(tf.cast(tf.round(scale * side), "int32"), target)

        rows64, columns64 = tf.cast(rows, "float64"), tf.cast(columns, "float64")
        size = scaled(rows64, height), scaled(columns64, width)
        larger = resize(pixels, *size)
        top, left = (size[0] - height) // 2, (size[1] - width) // 2
        return larger[top : top + height, left : left + width]

    same = tf.logical_and(tf.equal(rows, height), tf.equal(columns, width))
    fitted = tf.cond(same, lambda: pixels, resized)
    return tf.ensure_shape(fitted, (height, width, image.shape[-1]))


def spread(size: int, count: int) -> np.ndarray:
    """Choose indices evenly over a range: one of each of `count` equal parts.

    Where in its part each one lies is random, so that a period in the order,
    such as classes that take turns, does not show through; but the choice is
    always the same.

    Args:
        size: Length of the range.
        count: Indices to choose, at most `size`.

    Returns:
        Integer array `(count,)`, ascending.
    """
    bounds = np.arange(count + 1) * size // count
    return np.random.default_rng(0).integers(bounds[:-1], bounds[1:])


def evaluation_batches(
    split: Split, image_shape, batch_size: int, limit: int | None = None
) -> "tf.data.Dataset":
    """Return the examples of `split` in batches, in their fixed order.

    A `limit` draws its examples evenly from the whole split: one from each of
    so many equal parts, the same ones every time.

    Args:
        split: The split to read.
        image_shape: `(height, width, channels)` to deliver. Images of another
            size are resized and centre-cropped (`fit_image`).
        batch_size: Images a batch. The last batch holds what is left.
        limit: Read only so many examples, spread evenly. Defaults to all.

    Returns:
        A `tf.data.Dataset` of `(images, labels)`: raw pixels as float32
        `(batch, height, width, channels)` in 0..255, and int32 `(batch,)`.

    Raises:
        TypeError: If a number is not an integer.
        ValueError: If a number is not positive, or the channels of
            `image_shape` are not those of the images.
    """
    import tensorflow as tf

    height, width, _ = check_image_shape(image_shape, split)
    check_positive_integer("batch_size", batch_size)
    if limit is not None and check_positive_integer("limit", limit) < split.size:
        split = split.subset(spread(split.size, limit))

    def prepare(*record):
        image, label = split.decode(*record)
        return fit_image(image, height, width), label

    return (
        split.records()
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )
