"""RandAugment and TrivialAugment: a few changes drawn from a table."""

import dataclasses
import math
from typing import TYPE_CHECKING

from keras_resnet.arguments import (
    check_choice,
    check_interval,
    check_positive_integer,
)
from keras_resnet.training.augmentation.fill import Fill, check_fill
from keras_resnet.training.augmentation.operations import (
    INCREASING,
    ORIGINAL,
    WIDE,
    Operation,
)

if TYPE_CHECKING:
    import tensorflow as tf

# The magnitude at which an operation does the most that it was made for.
FULL_MAGNITUDE = 10
OPERATIONS = {"original": ORIGINAL, "increasing": INCREASING}
# Steps of TrivialAugment's strength, 0 and 1 included.
STRENGTHS = 31


@dataclasses.dataclass(frozen=True)
class RandAugment:
    """A number of random changes in a row (Cubuk et al., 2020).

    Attributes:
        layers: Changes in a row; the same one may be drawn again.
        magnitude: Strength of them all. At 10 each does the most that it was
            made for, as in timm and the authors' code; torchvision's bin m of
            31 is m / 3 here.
        magnitude_deviation: Standard deviation of the strength, drawn anew
            for each change and kept within 0..10. Without it, `magnitude` may
            be above 10.
        probability: Probability that a drawn change is made.
        operations: `"original"` for the paper's 14 changes, or `"increasing"`
            for timm's 15, where every one grows with the magnitude.
        fill: Level or colour of what comes from outside of the image.

    Raises:
        TypeError: If a number is not one.
        ValueError: If a value is out of range.
    """

    layers: int = 2
    magnitude: float = 9
    magnitude_deviation: float = 0.0
    probability: float = 1.0
    operations: str = "original"
    fill: Fill = 0.0

    def __post_init__(self):
        """Refuse what is out of range."""
        check_positive_integer("layers", self.layers)
        check_interval("magnitude", self.magnitude, 0, 3 * FULL_MAGNITUDE)
        check_interval("magnitude_deviation", self.magnitude_deviation, 0, math.inf)
        check_interval("probability", self.probability, 0, 1)
        check_choice("operations", self.operations, OPERATIONS)
        check_fill("fill", self.fill)

    def apply(self, image: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
        """Return the image after the changes.

        Args:
            image: float32 `(height, width, channels)` in 0..255.
            seed: Two integers.
        """
        import tensorflow as tf

        for layer_seed in tf.unstack(tf.random.split(seed, self.layers)):
            seeds = tf.unstack(tf.random.split(layer_seed, 3))
            magnitude = tf.constant(float(self.magnitude))
            if self.magnitude_deviation:
                noise = tf.random.stateless_normal((), seeds[0])
                magnitude = tf.clip_by_value(
                    magnitude + self.magnitude_deviation * noise,
                    0.0,
                    float(FULL_MAGNITUDE),
                )
            changed = apply_random(
                image,
                seeds[1],
                OPERATIONS[self.operations],
                magnitude / FULL_MAGNITUDE,
                self.fill,
            )
            done = tf.random.stateless_uniform((), seeds[2]) < self.probability
            image = tf.where(done, changed, image)
        return image


@dataclasses.dataclass(frozen=True)
class TrivialAugment:
    """One random change of a random strength (Mueller and Hutter, 2021).

    The table of changes is the paper's wide one.

    Attributes:
        fill: Level or colour of what comes from outside of the image.

    Raises:
        TypeError: If `fill` is not made of numbers.
        ValueError: If a number is out of range.
    """

    fill: Fill = 0.0

    def __post_init__(self):
        """Refuse what is no colour."""
        check_fill("fill", self.fill)

    def apply(self, image: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
        """Return the image after the change.

        Args:
            image: float32 `(height, width, channels)` in 0..255.
            seed: Two integers.
        """
        import tensorflow as tf

        strength_seed, change_seed = tf.unstack(tf.random.split(seed, 2))
        step = tf.random.stateless_uniform(
            (), strength_seed, 0, STRENGTHS, dtype="int32"
        )
        strength = tf.cast(step, "float32") / (STRENGTHS - 1)
        return apply_random(image, change_seed, WIDE, strength, self.fill)


def apply_random(
    image: "tf.Tensor",
    seed: "tf.Tensor",
    operations: tuple[Operation, ...],
    strength: "tf.Tensor",
    fill: Fill,
) -> "tf.Tensor":
    """Apply one operation, each as likely as another.

    Args:
        image: float32 `(height, width, channels)` in 0..255.
        seed: Two integers.
        operations: What to choose from.
        strength: Of the operation, at least 0; its sign is drawn for those
            that have one.
        fill: Level or colour of what comes from outside of the image.
    """
    import tensorflow as tf

    index_seed, sign_seed = tf.unstack(tf.random.split(seed, 2))
    index = tf.random.stateless_uniform(
        (), index_seed, 0, len(operations), dtype="int32"
    )
    negative = tf.random.stateless_uniform((), sign_seed) < 0.5
    directed = tf.where(negative, -strength, strength)
    changed = tf.switch_case(
        index,
        [
            lambda operation=operation: operation.apply(
                image, directed if operation.signed else strength, fill
            )
            for operation in operations
        ],
    )
    return tf.ensure_shape(changed, image.shape)
