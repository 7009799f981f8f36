"""Mixing the images of a batch, and their labels with them.

Nothing here keeps a state: the same batch and seed give the same result.
"""

import dataclasses
import math
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_interval, check_positive_integer

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Mixing:
    """How the images of a batch are mixed; see `mix_batch`.

    Attributes:
        classes: Number of classes.
        mixup: Parameter of the Beta distribution for `mix_up`; 0 for none.
        cutmix: Parameter of the Beta distribution for `cut_mix`; 0 for none.
    """

    classes: int
    mixup: float = 0.0
    cutmix: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether anything is mixed at all."""
        return bool(self.mixup or self.cutmix)

    def mix(self, images, labels, seed):
        """Mix a batch; see `mix_batch`."""
        return mix_batch(
            images,
            labels,
            seed,
            self.classes,
            mixup=self.mixup,
            cutmix=self.cutmix,
        )


def random_share(seed: "tf.Tensor", alpha: float) -> "tf.Tensor":
    """Draw from the Beta distribution with both parameters `alpha`.

    It is X / (X + Y) of two gamma variates. They are kept as logarithms, as
    for a small `alpha` both may be too small for a float.

    Args:
        seed: Two integers.
        alpha: Above 0.

    Returns:
        float32 scalar in 0..1.
    """
    import tensorflow as tf

    gamma_seed, uniform_seed = tf.unstack(tf.random.split(seed, 2))
    # If G has the parameter alpha + 1 and U is uniform, then G U^(1 / alpha)
    # has the parameter alpha.
    gammas = tf.random.stateless_gamma((2,), gamma_seed, alpha + 1.0, dtype="float64")
    tiny = tf.constant(1e-300, "float64")
    uniforms = tf.random.stateless_uniform((2,), uniform_seed, dtype="float64")
    logarithms = tf.math.log(gammas) + tf.math.log(tf.maximum(uniforms, tiny)) / alpha
    return tf.cast(tf.sigmoid(logarithms[0] - logarithms[1]), "float32")


def mix_up(images, labels, partners, share):
    """Average every image with its partner, and their labels alike.

    Zhang et al. (2018).

    Args:
        images: float32 `(batch, height, width, channels)`.
        labels: Shares of the classes, float32 `(batch, classes)`.
        partners: Place of each image's partner, int32 `(batch,)`.
        share: Share of the image itself, a scalar in 0..1.

    Returns:
        Images and labels of the same shapes.
    """
    import tensorflow as tf

    def mixed(values):
        return share * values + (1.0 - share) * tf.gather(values, partners)

    return mixed(images), mixed(labels)


def cut_mix(images, labels, partners, share, center):
    """Paste a box of its partner into every image; share the labels by area.

    Yun et al. (2019): the box has `1 - share` of the area and the image's
    aspect ratio; the part of it outside of the image is cut off, and the
    labels go by what is left.

    Args:
        images: float32 `(batch, height, width, channels)`.
        labels: Shares of the classes, float32 `(batch, classes)`.
        partners: Place of each image's partner, int32 `(batch,)`.
        share: Share of the image itself before the box is cut off.
        center: Row and column of the box's centre, int32 `(2,)`.

    Returns:
        Images and labels of the same shapes.
    """
    import tensorflow as tf

    sides = tf.shape(images)[1:3]
    half = tf.cast(tf.sqrt(1.0 - share) * tf.cast(sides, "float32") / 2.0, "int32")
    low = tf.maximum(center - half, 0)
    high = tf.minimum(center + half, sides)

    def between(axis):
        places = tf.range(sides[axis])
        return tf.logical_and(places >= low[axis], places < high[axis])

    inside = tf.logical_and(between(0)[:, None], between(1)[None, :])
    pasted = tf.where(inside[None, :, :, None], tf.gather(images, partners), images)
    area = tf.cast(tf.reduce_prod(high - low), "float32")
    kept = 1.0 - area / tf.cast(tf.reduce_prod(sides), "float32")
    return pasted, kept * labels + (1.0 - kept) * tf.gather(labels, partners)


def mix_batch(
    images: "tf.Tensor",
    labels: "tf.Tensor",
    seed: "tf.Tensor",
    classes: int,
    *,
    mixup: float = 0.0,
    cutmix: float = 0.0,
) -> tuple["tf.Tensor", "tf.Tensor"]:
    """Mix the images of a batch by a share that is drawn once a batch.

    An image's partner is the one in its place after a random shuffle. Where
    both ways of mixing are asked for, the batch gets one of them, each half
    of the time.

    Args:
        images: float32 `(batch, height, width, channels)`.
        labels: Integers, `(batch,)`.
        seed: Two integers, which decide everything that is random.
        classes: Number of classes.
        mixup: Parameter of the Beta distribution for `mix_up`; 0 for none.
        cutmix: Parameter of the Beta distribution for `cut_mix`; 0 for none.

    Returns:
        Images as before, and labels as shares of the classes, float32
        `(batch, classes)`; with neither way they are one-hot.

    Raises:
        TypeError: If a number is not one.
        ValueError: If a number is out of range.
    """
    import tensorflow as tf

    check_positive_integer("classes", classes)
    check_interval("mixup", mixup, 0, math.inf)
    check_interval("cutmix", cutmix, 0, math.inf)
    labels = tf.one_hot(labels, classes)
    if not mixup and not cutmix:
        return images, labels
    seeds = tf.unstack(tf.random.split(seed, 5))
    partners = tf.random.experimental.stateless_shuffle(
        tf.range(tf.shape(images)[0]), seeds[0]
    )

    def by_mixup():
        return mix_up(images, labels, partners, random_share(seeds[1], mixup))

    def by_cutmix():
        sides = tf.cast(tf.shape(images)[1:3], "float32")
        center = tf.cast(tf.random.stateless_uniform((2,), seeds[3]) * sides, "int32")
        share = random_share(seeds[2], cutmix)
        return cut_mix(images, labels, partners, share, center)

    if not cutmix:
        mixed, shares = by_mixup()
    elif not mixup:
        mixed, shares = by_cutmix()
    else:
        chosen = tf.random.stateless_uniform((), seeds[4]) < 0.5
        mixed, shares = tf.cond(chosen, by_mixup, by_cutmix)
    return tf.ensure_shape(mixed, images.shape), shares
