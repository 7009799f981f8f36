"""What is done at random to a training image, as data, and doing it."""

import dataclasses
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_choice, check_interval
from keras_resnet.training.augmentation.color import color_jitter, lighting
from keras_resnet.training.augmentation.crops import (
    PADDING_MODES,
    decode_random_resized_crop,
    pad_and_crop,
    random_resized_crop,
)
from keras_resnet.training.augmentation.erasing import RandomErasing
from keras_resnet.training.augmentation.fill import Fill, check_fill
from keras_resnet.training.augmentation.geometry import (
    flip_where,
    random_flip,
    random_rotate_and_shift,
)
from keras_resnet.training.augmentation.policies import RandAugment, TrivialAugment
from keras_resnet.training.datasets.decoding import decode_image
from keras_resnet.training.datasets.evaluation import fit_image

if TYPE_CHECKING:
    import tensorflow as tf

POLICIES = {
    "rand_augment": RandAugment,
    "trivial_augment": TrivialAugment,
    "erasing": RandomErasing,
}


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What is done at random to a training image, in this order.

    Attributes:
        resized_crop: Cut out 8 to 100 % of the area at an aspect ratio of 3:4
            to 4:3 and resize it to the image's size.
        padding: Pad every side by so many pixels and cut the image's size out
            again.
        padding_mode: `"constant"`, or `"reflect"` for the image mirrored at
            its edge.
        padding_value: Level or colour, one level a channel, of `"constant"`.
        shift: Shift by up to this share of each side.
        rotation: Rotate by up to so many degrees.
        flip: Mirror left to right, every other time.
        alternating_flip: Mirror left to right in every second epoch, half of
            the images in the first: both sides of each are seen equally often
            (Jordan, 2024, section 3.6).
        color_jitter: Change brightness, contrast and saturation by up to this
            share.
        lighting: Add a random colour of this size along the principal
            components of ImageNet.
        rand_augment: A number of changes from a table, or None.
        trivial_augment: One change from a table, or None.
        erasing: Cover a rectangle, or None.

    Raises:
        TypeError: If a value is of the wrong type.
        ValueError: If a value is out of range or two do not go together.
    """

    resized_crop: bool = False
    padding: int = 0
    shift: float = 0.0
    rotation: float = 0.0
    flip: bool = False
    padding_mode: str = "constant"
    padding_value: Fill = 0.0
    color_jitter: float = 0.0
    lighting: float = 0.0
    rand_augment: RandAugment | None = None
    trivial_augment: TrivialAugment | None = None
    erasing: RandomErasing | None = None
    alternating_flip: bool = False

    def __post_init__(self):
        """Refuse what cannot be done."""
        for field in ("resized_crop", "flip", "alternating_flip"):
            if not isinstance(getattr(self, field), bool):
                raise TypeError(
                    f"`{field}` must be True or False. "
                    f"Received: {field}={getattr(self, field)!r}"
                )
        check_interval("padding", self.padding, 0, 1024)
        if self.padding != int(self.padding):
            raise TypeError(
                f"`padding` must be an integer. Received: padding={self.padding!r}"
            )
        check_choice("padding_mode", self.padding_mode, PADDING_MODES)
        check_fill("padding_value", self.padding_value)
        check_interval("shift", self.shift, 0, 1)
        check_interval("rotation", self.rotation, 0, 180)
        check_interval("color_jitter", self.color_jitter, 0, 1)
        check_interval("lighting", self.lighting, 0, 10)
        for field, kind in POLICIES.items():
            value = getattr(self, field)
            if value is not None and not isinstance(value, kind):
                raise TypeError(
                    f"`{field}` must be a `{kind.__name__}` or None. "
                    f"Received: {field}={value!r}"
                )
        if self.flip and self.alternating_flip:
            raise ValueError(
                "Only one of `flip` and `alternating_flip` can be used. "
                f"Received: flip={self.flip}, alternating_flip={self.alternating_flip}"
            )
        if self.rand_augment and self.trivial_augment:
            raise ValueError(
                "Only one of `rand_augment` and `trivial_augment` can be used. "
                f"Received: rand_augment={self.rand_augment}, "
                f"trivial_augment={self.trivial_augment}"
            )


def augment(
    image: "tf.Tensor",
    seed: "tf.Tensor",
    augmentation: Augmentation,
    height: int,
    width: int,
    mirrored: "tf.Tensor | None" = None,
) -> "tf.Tensor":
    """Bring a training image to its size and change it at random.

    Args:
        image: uint8 `(height, width, channels)` in 0..255, of any size.
        seed: Two integers, which decide everything that is random.
        augmentation: What to do.
        height: Rows to return.
        width: Columns to return.
        mirrored: Whether it is the turn of the mirror image, of an
            `alternating_flip` (`is_mirrored`). Defaults to a draw, as for the
            first epoch.

    Returns:
        float32 image `(height, width, channels)` in 0..255.
    """
    crop, *seeds = _seeds(seed)
    if augmentation.resized_crop:
        pixels = random_resized_crop(image, crop, height, width)
    else:
        pixels = fit_image(image, height, width)
    return _change(pixels, seeds, augmentation, mirrored)


def augment_file(
    contents: "tf.Tensor",
    seed: "tf.Tensor",
    augmentation: Augmentation,
    height: int,
    width: int,
    channels: int,
    mirrored: "tf.Tensor | None" = None,
) -> "tf.Tensor":
    """Decode a training image, bring it to its size and change it at random.

    The result is that of `augment` on the decoded image, to the last bit. Of
    a JPEG, only the part that a resized crop takes is decoded.

    Args:
        contents: Bytes of an image file, a scalar string.
        seed: Two integers, which decide everything that is random.
        augmentation: What to do.
        height: Rows to return.
        width: Columns to return.
        channels: Channels to return.
        mirrored: As of `augment`.

    Returns:
        float32 image `(height, width, channels)` in 0..255.
    """
    if not augmentation.resized_crop:
        image = decode_image(contents, channels)
        return augment(image, seed, augmentation, height, width, mirrored)
    crop, *seeds = _seeds(seed)
    pixels = decode_random_resized_crop(contents, crop, height, width, channels)
    return _change(pixels, seeds, augmentation, mirrored)


def _seeds(seed) -> list:
    import tensorflow as tf

    # Each change has a seed of its own: draws from one seed would be related.
    return tf.unstack(tf.random.split(seed, 9))


def _change(pixels, seeds, augmentation: Augmentation, mirrored):
    """Do what comes after an image has its size."""
    pad, move, mirror, jitter, light, rand, trivial, erase = seeds
    if augmentation.padding:
        pixels = pad_and_crop(
            pixels,
            pad,
            augmentation.padding,
            augmentation.padding_mode,
            augmentation.padding_value,
        )
    if augmentation.shift or augmentation.rotation:
        pixels = random_rotate_and_shift(
            pixels, move, augmentation.rotation, augmentation.shift
        )
    if augmentation.alternating_flip and mirrored is not None:
        pixels = flip_where(mirrored, pixels)
    elif augmentation.flip or augmentation.alternating_flip:
        pixels = random_flip(pixels, mirror)
    if augmentation.color_jitter:
        pixels = color_jitter(pixels, jitter, augmentation.color_jitter)
    if augmentation.lighting:
        pixels = lighting(pixels, light, augmentation.lighting)
    if augmentation.rand_augment:
        pixels = augmentation.rand_augment.apply(pixels, rand)
    if augmentation.trivial_augment:
        pixels = augmentation.trivial_augment.apply(pixels, trivial)
    if augmentation.erasing:
        pixels = augmentation.erasing.apply(pixels, erase)
    return pixels
