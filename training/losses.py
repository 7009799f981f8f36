"""Losses of logits, with label smoothing, on integer or mixed labels.

Labels are integers, `(batch,)` or `(batch, 1)`, or the shares that the classes
have in mixed images, `(batch, classes)`.
"""

from typing import TYPE_CHECKING

import keras
from keras import ops

from keras_resnet.arguments import check_interval

if TYPE_CHECKING:
    from keras_resnet.training.recipes import Recipe

PACKAGE = "keras_resnet"


def are_shares(labels, classes: int) -> bool:
    """Tell labels that are shares of classes from integer ones.

    By the shape alone: Keras casts labels to floats before a loss sees them.

    Args:
        labels: Tensor of labels.
        classes: Number of classes.
    """
    return len(labels.shape) == 2 and labels.shape[-1] == classes > 1


class _SmoothedLoss(keras.losses.Loss):
    """A loss with label smoothing."""

    def __init__(self, smoothing: float, name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        self.smoothing = check_interval("smoothing", smoothing, 0.0, 1.0)

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "smoothing": self.smoothing}


def _as_integers(labels):
    return ops.cast(ops.reshape(labels, (-1,)), "int32")


@keras.saving.register_keras_serializable(PACKAGE)
class SmoothedCrossEntropy(_SmoothedLoss):
    """Cross entropy of a softmax (Szegedy et al., 2016, section 7).

    The target of an example is `1 - smoothing` of its label plus `smoothing`
    spread evenly over all classes. Keras's sparse loss takes no smoothing.

    Args:
        smoothing: Share spread over all classes, in 0..1. Defaults to 0,
            plain cross entropy.
        name: Name of the loss.
        **kwargs: Of `keras.losses.Loss`.
    """

    def __init__(
        self, smoothing: float = 0.0, name: str = "smoothed_cross_entropy", **kwargs
    ):
        super().__init__(smoothing, name, **kwargs)

    def call(self, y_true, y_pred):
        """Return the loss of each example.

        Args:
            y_true: Integer labels, `(batch,)`, or shares, `(batch, classes)`.
            y_pred: Logits, `(batch, classes)`.
        """
        if are_shares(y_true, y_pred.shape[-1]):
            plain = ops.categorical_crossentropy(y_true, y_pred, from_logits=True)
        else:
            plain = keras.losses.sparse_categorical_crossentropy(
                _as_integers(y_true), y_pred, from_logits=True
            )
        if not self.smoothing:
            return plain
        # Cross entropy is linear in the target.
        uniform = -ops.mean(ops.log_softmax(y_pred, axis=-1), axis=-1)
        return (1.0 - self.smoothing) * plain + self.smoothing * uniform


@keras.saving.register_keras_serializable(PACKAGE)
class SigmoidCrossEntropy(_SmoothedLoss):
    """Binary cross entropy of every class, averaged over the classes.

    Wightman et al. (2021), section 3.1: each class is present or not, for
    itself. In a mixed image, a class counts as present, with a target of 1,
    where its share is above `threshold`. Smoothing comes after that: the
    target is `1 - smoothing` of it plus `smoothing / classes`.

    The mean over the classes, not their sum, is timm's; the rate of LAMB does
    not depend on which of them it is.

    Args:
        smoothing: Share spread over all classes, in 0..1. Defaults to 0.
        threshold: Share above which a class is present, in 0..1. Defaults to
            none: the target is the share itself.
        name: Name of the loss.
        **kwargs: Of `keras.losses.Loss`.
    """

    def __init__(
        self,
        smoothing: float = 0.0,
        threshold: float | None = None,
        name: str = "sigmoid_cross_entropy",
        **kwargs,
    ):
        super().__init__(smoothing, name, **kwargs)
        if threshold is not None:
            check_interval("threshold", threshold, 0.0, 1.0)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        """Return the loss of each example.

        Args:
            y_true: Integer labels, `(batch,)`, or shares, `(batch, classes)`.
            y_pred: Logits, `(batch, classes)`.
        """
        classes = y_pred.shape[-1]
        if are_shares(y_true, classes):
            target = ops.cast(y_true, y_pred.dtype)
        else:
            target = ops.one_hot(_as_integers(y_true), classes, dtype=y_pred.dtype)
        if self.threshold is not None:
            target = ops.cast(target > self.threshold, y_pred.dtype)
        target = (1.0 - self.smoothing) * target + self.smoothing / classes
        return ops.mean(
            ops.binary_crossentropy(target, y_pred, from_logits=True), axis=-1
        )

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "threshold": self.threshold}


def make_loss(recipe: "Recipe") -> keras.losses.Loss:
    """Return the loss that a recipe trains with."""
    if recipe.loss == "sigmoid":
        return SigmoidCrossEntropy(recipe.label_smoothing, recipe.binary_threshold)
    return SmoothedCrossEntropy(recipe.label_smoothing)
