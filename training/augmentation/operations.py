"""The changes that RandAugment and TrivialAugment choose from, as tables.

An operation takes an image and a strength, 1 for the most that it was made
for, negative where the direction is drawn at random.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_resnet.training.augmentation import color, geometry

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Operation:
    """One change to an image.

    Attributes:
        name: What it is called.
        apply: Takes float32 `(height, width, channels)` in 0..255, a strength
            and the fill for what comes from outside of the image.
        signed: Whether it goes in either of two directions.
    """

    name: str
    apply: Callable
    signed: bool = False


def _whole(value) -> "tf.Tensor":
    """Cut the part after the point off, as Python's `int` does."""
    import tensorflow as tf

    return tf.cast(tf.cast(value, "int32"), "float32")


def _rotate(degrees: float) -> Operation:
    def apply(image, strength, fill):
        return geometry.rotate(image, strength * math.radians(degrees), fill)

    return Operation("rotate", apply, signed=True)


def _shear(most: float) -> tuple[Operation, Operation]:
    # Towards the right and down is positive in torchvision.
    def along_x(image, strength, fill):
        return geometry.shear_x(image, strength * most, fill)

    def along_y(image, strength, fill):
        return geometry.shear_y(image, strength * most, fill)

    return (
        Operation("shear_x", along_x, signed=True),
        Operation("shear_y", along_y, signed=True),
    )


def _translate(pixels: Callable) -> tuple[Operation, Operation]:
    # `pixels` takes a strength and the length of a side.
    def along_x(image, strength, fill):
        return geometry.shift(image, 0.0, pixels(strength, image.shape[1]), fill)

    def along_y(image, strength, fill):
        return geometry.shift(image, pixels(strength, image.shape[0]), 0.0, fill)

    return (
        Operation("translate_x", along_x, signed=True),
        Operation("translate_y", along_y, signed=True),
    )


def _enhancements(most: float, least: float = 0.0) -> tuple[Operation, ...]:
    def operation(name):
        change = getattr(color, name)

        def apply(image, strength, fill):
            import tensorflow as tf

            return change(image, tf.maximum(1.0 + strength * most, least))

        return Operation(name, apply, signed=True)

    return tuple(map(operation, ("brightness", "saturation", "contrast", "sharpness")))


def _posterize(bits: Callable) -> Operation:
    return Operation(
        "posterize",
        lambda image, strength, fill: color.posterize(image, bits(strength)),
    )


def _solarize(threshold: Callable) -> Operation:
    return Operation(
        "solarize",
        lambda image, strength, fill: color.solarize(image, threshold(strength)),
    )


def _rounded_bits(lost: float) -> Callable:
    def bits(strength):
        import tensorflow as tf

        return 8.0 - tf.round(strength * lost)

    return bits


IDENTITY = Operation("identity", lambda image, strength, fill: image)
AUTOCONTRAST = Operation(
    "autocontrast", lambda image, strength, fill: color.autocontrast(image)
)
EQUALIZE = Operation("equalize", lambda image, strength, fill: color.equalize(image))
INVERT = Operation("invert", lambda image, strength, fill: color.invert(image))
SOLARIZE_ADD = Operation(
    "solarize_add",
    lambda image, strength, fill: color.solarize_add(image, _whole(strength * 110)),
)

# Cubuk et al. (2020), section 3 and appendix, with torchvision's ranges.
ORIGINAL = (
    IDENTITY,
    *_shear(0.3),
    *_translate(lambda strength, side: _whole(strength * (150 / 331 * side))),
    _rotate(30),
    *_enhancements(0.9),
    _posterize(_rounded_bits(4)),
    _solarize(lambda strength: 255.0 * (1.0 - strength)),
    AUTOCONTRAST,
    EQUALIZE,
)
# timm's, in which every change grows with the strength.
INCREASING = (
    AUTOCONTRAST,
    EQUALIZE,
    INVERT,
    _rotate(30),
    _posterize(lambda strength: 4.0 - _whole(strength * 4)),
    _solarize(lambda strength: 256.0 - _whole(strength * 256)),
    SOLARIZE_ADD,
    *_enhancements(0.9, least=0.1),
    *_shear(0.3),
    *_translate(lambda strength, side: strength * 0.45 * side),
)
# Mueller and Hutter (2021), table 1: the wide search space.
WIDE = (
    IDENTITY,
    *_shear(0.99),
    *_translate(lambda strength, side: _whole(strength * 32)),
    _rotate(135),
    *_enhancements(0.99),
    _posterize(_rounded_bits(6)),
    _solarize(lambda strength: 255.0 * (1.0 - strength)),
    AUTOCONTRAST,
    EQUALIZE,
)
