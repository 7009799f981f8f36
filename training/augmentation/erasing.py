"""Random erasing: a rectangle of the image is covered."""

import dataclasses
import math
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_interval
from keras_resnet.training.augmentation.fill import Fill, as_color, check_fill

if TYPE_CHECKING:
    import tensorflow as tf

NOISE = "noise"
ATTEMPTS = 10


@dataclasses.dataclass(frozen=True)
class RandomErasing:
    """Covers a random rectangle of the image (Zhong et al., 2020).

    Attributes:
        probability: Share of the images that it is done to.
        area: Smallest and largest share of the image's area.
        aspect: Smallest and largest ratio of height to width; its logarithm
            is uniform.
        fill: A grey level, one level a channel, or `"noise"` for a random
            level in every pixel and channel, as in the paper. Code that
            erases to 0 after normalization fills with the mean colour.

    Raises:
        TypeError: If a number is not one.
        ValueError: If a number is out of range.
    """

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 1 / 3)
    aspect: tuple[float, float] = (0.3, 1 / 0.3)
    fill: str | Fill = NOISE

    def __post_init__(self):
        """Refuse what is no rectangle."""
        check_interval("probability", self.probability, 0, 1)
        for field, high in (("area", 1), ("aspect", math.inf)):
            bounds = getattr(self, field)
            if not (isinstance(bounds, tuple) and len(bounds) == 2):
                raise TypeError(
                    f"`{field}` must be a tuple of two numbers. "
                    f"Received: {field}={bounds!r}"
                )
            check_interval(field, bounds[0], 0, high, include_low=False)
            check_interval(field, bounds[1], bounds[0], high)
        if self.fill != NOISE:
            check_fill("fill", self.fill)

    def apply(self, image: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
        """Return the image with or without a covered rectangle.

        Args:
            image: float32 `(height, width, channels)` in 0..255.
            seed: Two integers.
        """
        import tensorflow as tf

        height, width, channels = image.shape
        seeds = tf.unstack(tf.random.split(seed, 5))

        def uniform(stream, shape, low, high):
            return tf.random.stateless_uniform(shape, seeds[stream], low, high)

        # Of several rectangles at once the first that fits counts.
        area = uniform(0, (ATTEMPTS,), *self.area) * height * width
        aspect = tf.exp(uniform(1, (ATTEMPTS,), *map(math.log, self.aspect)))
        rows = tf.cast(tf.round(tf.sqrt(area * aspect)), "int32")
        columns = tf.cast(tf.round(tf.sqrt(area / aspect)), "int32")
        fits = tf.logical_and(rows < height, columns < width)
        chosen = tf.argmax(fits)
        rows, columns = rows[chosen], columns[chosen]
        place = uniform(2, (2,), 0.0, 1.0)
        top = tf.cast(place[0] * tf.cast(height - rows + 1, "float32"), "int32")
        left = tf.cast(place[1] * tf.cast(width - columns + 1, "float32"), "int32")
        y, x = tf.range(height)[:, None], tf.range(width)[None, :]
        covered = (y >= top) & (y < top + rows) & (x >= left) & (x < left + columns)
        done = uniform(3, (), 0.0, 1.0) < self.probability
        covered = covered & done & tf.reduce_any(fits)
        if self.fill == NOISE:
            cover = uniform(4, (height, width, channels), 0.0, 255.0)
        else:
            cover = as_color(self.fill, channels)
        return tf.where(covered[..., tf.newaxis], cover, image)
