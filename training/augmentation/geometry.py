"""Moving the pixels of an image: flips, rotations, shifts and shears."""

import math
from typing import TYPE_CHECKING

from keras_resnet.training.augmentation.fill import Fill, as_color

if TYPE_CHECKING:
    import tensorflow as tf


def random_flip(image: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Mirror the image left to right with probability one half.

    Args:
        image: `(height, width, channels)`.
        seed: Two integers.
    """
    import tensorflow as tf

    return flip_where(tf.random.stateless_uniform((), seed) < 0.5, image)


def is_mirrored(seed: "tf.Tensor", turn: "tf.Tensor") -> "tf.Tensor":
    """Return whether it is the turn of an image's mirror image.

    Which of the two comes first is drawn; then they take turns (Jordan, "94%
    on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.6).

    Args:
        seed: Two integers, the same ones each time that the image is seen.
        turn: How often it was seen before, an integer.
    """
    import tensorflow as tf

    begins_mirrored = tf.random.stateless_uniform((), seed) < 0.5
    return tf.math.logical_xor(begins_mirrored, turn % 2 == 1)


def flip_where(mirrored: "tf.Tensor", image: "tf.Tensor") -> "tf.Tensor":
    """Mirror the image left to right where it is to be mirrored.

    Args:
        mirrored: Whether it is, a scalar.
        image: `(height, width, channels)`.
    """
    import tensorflow as tf

    return tf.cond(mirrored, lambda: tf.reverse(image, axis=(1,)), lambda: image)


def affine(image: "tf.Tensor", matrix, offset, fill: Fill | None = None) -> "tf.Tensor":
    """Move every pixel by an affine map; bilinear.

    Args:
        image: float32 `(height, width, channels)`.
        matrix: Two rows of two numbers that take the place (x, y) of a pixel
            of the result, counted from the image's centre, to the place that
            it comes from.
        offset: Two numbers (x, y) that are added to that.
        fill: What stands outside of the image. Defaults to none: the edge is
            repeated outwards.

    Returns:
        An image of the same shape.
    """
    import tensorflow as tf

    height, width, channels = image.shape
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    (xx, xy), (yx, yy) = matrix
    zero = tf.zeros(())
    transform = tf.stack(
        [
            zero + xx,
            zero + xy,
            middle_x + offset[0] - xx * middle_x - xy * middle_y + zero,
            zero + yx,
            zero + yy,
            middle_y + offset[1] - yx * middle_x - yy * middle_y + zero,
            zero,
            zero,
        ]
    )
    # The kernel fills with one number: seen from the colour, that is 0.
    color = 0.0 if fill is None else as_color(fill, channels)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=(image - color)[tf.newaxis],
        transforms=transform[tf.newaxis],
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST" if fill is None else "CONSTANT",
    )
    return tf.ensure_shape(moved[0] + color, image.shape)


def rotate(image: "tf.Tensor", angle, fill: Fill | None = None) -> "tf.Tensor":
    """Rotate about the centre.

    Args:
        image: float32 `(height, width, channels)`.
        angle: Radians, counter-clockwise as seen.
        fill: As of `affine`.
    """
    import tensorflow as tf

    cosine, sine = tf.cos(angle), tf.sin(angle)
    return affine(image, ((cosine, -sine), (sine, cosine)), (0.0, 0.0), fill)


def shift(image: "tf.Tensor", down, right, fill: Fill | None = None) -> "tf.Tensor":
    """Shift by so many pixels, which need not be whole.

    Args:
        image: float32 `(height, width, channels)`.
        down: Pixels to shift down.
        right: Pixels to shift right.
        fill: As of `affine`.
    """
    return affine(image, ((1.0, 0.0), (0.0, 1.0)), (-right, -down), fill)


def shear_x(image: "tf.Tensor", amount, fill: Fill | None = None) -> "tf.Tensor":
    """Shift every row to the left, `amount` pixels more than the one above.

    The upper edge of the image stays where it is.

    Args:
        image: float32 `(height, width, channels)`.
        amount: Pixels a row.
        fill: As of `affine`.
    """
    offset = amount * (image.shape[0] / 2)
    return affine(image, ((1.0, amount), (0.0, 1.0)), (offset, 0.0), fill)


def shear_y(image: "tf.Tensor", amount, fill: Fill | None = None) -> "tf.Tensor":
    """Shift every column up, `amount` pixels more than the one to its left.

    The left edge of the image stays where it is.

    Args:
        image: float32 `(height, width, channels)`.
        amount: Pixels a column.
        fill: As of `affine`.
    """
    offset = amount * (image.shape[1] / 2)
    return affine(image, ((1.0, 0.0), (amount, 1.0)), (0.0, offset), fill)


def rotate_and_shift(
    image: "tf.Tensor",
    angle: "tf.Tensor | float",
    down: "tf.Tensor | float",
    right: "tf.Tensor | float",
) -> "tf.Tensor":
    """Rotate about the centre, then shift; bilinear, edges repeated outwards.

    Args:
        image: float32 `(height, width, channels)`.
        angle: Radians, counter-clockwise as seen.
        down: Pixels to shift down.
        right: Pixels to shift right.

    Returns:
        An image of the same shape.
    """
    import tensorflow as tf

    cosine, sine = tf.cos(angle), tf.sin(angle)
    # The map takes a pixel of the result back: shifted first, then turned.
    offset = (-cosine * right + sine * down, -sine * right - cosine * down)
    return affine(image, ((cosine, -sine), (sine, cosine)), offset)


def random_rotate_and_shift(
    image: "tf.Tensor", seed: "tf.Tensor", rotation: float, shift: float
) -> "tf.Tensor":
    """Rotate and shift by uniformly random amounts.

    Args:
        image: float32 `(height, width, channels)`.
        seed: Two integers.
        rotation: Largest angle either way, in degrees.
        shift: Largest shift either way, as a share of each side.
    """
    import tensorflow as tf

    turn, down, right = tf.unstack(tf.random.stateless_uniform((3,), seed, -1.0, 1.0))
    height, width, _ = image.shape
    return rotate_and_shift(
        image,
        turn * math.radians(rotation),
        down * shift * height,
        right * shift * width,
    )
