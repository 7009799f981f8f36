"""Random changes to training images, each a function of a seed.

Nothing here keeps a state: the same image and seed give the same result, so
that a training can be interrupted and continued with the very same data.
Images are raw pixels in 0..255.
"""

import dataclasses
import math
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_interval
from keras_resnet.training.datasets.evaluation import fit_image, resize

if TYPE_CHECKING:
    import tensorflow as tf

# Of Szegedy et al. (2015), section 6: shares of the area, and aspect ratios.
CROP_AREA = (0.08, 1.0)
CROP_ASPECT = (3 / 4, 4 / 3)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What is done at random to a training image, in this order.

    Attributes:
        resized_crop: Cut out 8 to 100 % of the area at an aspect ratio of 3:4
            to 4:3 and resize it to the image's size.
        padding: Pad every side by so many black pixels and cut the image's
            size out again.
        shift: Shift by up to this share of each side.
        rotation: Rotate by up to so many degrees.
        flip: Mirror left to right, every other time.
    """

    resized_crop: bool = False
    padding: int = 0
    shift: float = 0.0
    rotation: float = 0.0
    flip: bool = False

    def __post_init__(self):
        check_interval("padding", self.padding, 0, 1024)
        check_interval("shift", self.shift, 0, 1)
        check_interval("rotation", self.rotation, 0, 180)


def pad_and_crop(image: "tf.Tensor", seed: "tf.Tensor", padding: int) -> "tf.Tensor":
    """Pad by black pixels and cut the old size out at a random place.

    He et al. (2015), section 4.2.

    Args:
        image: `(height, width, channels)`.
        seed: Two integers.
        padding: Pixels on every side.
    """
    import tensorflow as tf

    padded = tf.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    top, left = tf.unstack(
        tf.random.stateless_uniform((2,), seed, 0, 2 * padding + 1, dtype="int32")
    )
    height, width, _ = image.shape
    cropped = padded[top : top + height, left : left + width]
    return tf.ensure_shape(cropped, image.shape)


def random_flip(image: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Mirror the image left to right with probability one half.

    Args:
        image: `(height, width, channels)`.
        seed: Two integers.
    """
    import tensorflow as tf

    mirrored = tf.random.stateless_uniform((), seed) < 0.5
    return tf.where(mirrored, tf.reverse(image, axis=(1,)), image)


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

    height, width, _ = image.shape
    cosine, sine = tf.cos(angle), tf.sin(angle)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    # The transform maps a pixel of the result to the one it comes from.
    x, y = middle_x + right, middle_y + down
    transform = tf.stack(
        [
            cosine,
            -sine,
            middle_x - cosine * x + sine * y,
            sine,
            cosine,
            middle_y - sine * x - cosine * y,
            tf.zeros_like(cosine),
            tf.zeros_like(cosine),
        ]
    )
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=image[tf.newaxis],
        transforms=tf.cast(transform, "float32")[tf.newaxis],
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.ensure_shape(moved[0], image.shape)


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


def random_resized_crop(
    image: "tf.Tensor", seed: "tf.Tensor", height: int, width: int
) -> "tf.Tensor":
    """Cut a random part out and resize it, bilinear and antialiased.

    The part has 8 to 100 % of the area and an aspect ratio of 3:4 to 4:3
    (Szegedy et al., 2015, section 6). An image too long or too high for any
    such part is used whole.

    Args:
        image: `(height, width, channels)`, of any size.
        seed: Two integers.
        height: Rows to return.
        width: Columns to return.

    Returns:
        float32 image `(height, width, channels)`.
    """
    import tensorflow as tf

    begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.shape(image),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        seed,
        min_object_covered=0.0,
        aspect_ratio_range=CROP_ASPECT,
        area_range=CROP_AREA,
        max_attempts=10,
        use_image_if_no_bounding_boxes=True,
    )
    part = tf.slice(image, begin, size)
    part.set_shape((None, None, image.shape[-1]))
    resized = resize(part, height, width)
    return tf.ensure_shape(resized, (height, width, image.shape[-1]))


def augment(
    image: "tf.Tensor",
    seed: "tf.Tensor",
    augmentation: Augmentation,
    height: int,
    width: int,
) -> "tf.Tensor":
    """Bring a training image to its size and change it at random.

    Args:
        image: uint8 `(height, width, channels)` in 0..255, of any size.
        seed: Two integers, which decide everything that is random.
        augmentation: What to do.
        height: Rows to return.
        width: Columns to return.

    Returns:
        float32 image `(height, width, channels)` in 0..255.
    """
    import tensorflow as tf

    # Each change has a seed of its own: draws from one seed would be related.
    seeds = tf.unstack(tf.random.split(seed, 4))
    if augmentation.resized_crop:
        pixels = random_resized_crop(image, seeds[0], height, width)
    else:
        pixels = fit_image(image, height, width)
    if augmentation.padding:
        pixels = pad_and_crop(pixels, seeds[1], augmentation.padding)
    if augmentation.shift or augmentation.rotation:
        pixels = random_rotate_and_shift(
            pixels, seeds[2], augmentation.rotation, augmentation.shift
        )
    if augmentation.flip:
        pixels = random_flip(pixels, seeds[3])
    return pixels
