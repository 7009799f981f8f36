"""The gradients of the last few steps, for the sentence that a training ends with."""

from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import ops

from keras_resnet.training.shared_variable import shared_variable

if TYPE_CHECKING:
    import tensorflow as tf

KEPT = 6


class RecentGradients:
    """The norms of the last steps' gradients, and which was the first not finite.

    From that step on nothing is taken up any more. A step that loss scaling
    skips is no such step. None of it decides how a training goes on, and no
    checkpoint has it.

    Args:
        strategy: The strategy of the training.

    Attributes:
        norms: float32 `(6,)`, the newest last; NaN before there were as many.
        steps: Integer scalar: how many were taken up.
        is_finite: Boolean scalar: whether all of them had finite gradients.
    """

    def __init__(self, strategy: "tf.distribute.Strategy"):
        with strategy.scope():
            none = np.full(KEPT, np.nan, "float32")
            self.norms = shared_variable(none, "float32", "gradient_norms")
            self.steps = shared_variable(0, "int", "gradient_steps")
            self.is_finite = shared_variable(True, "bool", "gradients_are_finite")

    @property
    def variables(self) -> list[keras.Variable]:
        """All three."""
        return [self.norms, self.steps, self.is_finite]

    def update(self, norm: "tf.Tensor", is_skipped: "tf.Tensor | bool") -> None:
        """Take up a step; in the cross-replica context.

        Args:
            norm: Norm of its gradient, before clipping.
            is_skipped: Whether loss scaling skips the step.
        """
        norms = ops.convert_to_tensor(self.norms)
        steps = ops.convert_to_tensor(self.steps)
        taken = ops.convert_to_tensor(self.is_finite)
        newest = ops.reshape(ops.cast(norm, "float32"), (1,))
        moved = ops.concatenate([norms[1:], newest])
        self.norms.assign(ops.where(taken, moved, norms))
        self.steps.assign(steps + ops.cast(taken, steps.dtype))
        is_good = ops.logical_or(ops.isfinite(newest[0]), is_skipped)
        self.is_finite.assign(ops.logical_and(taken, is_good))

    def read(self) -> tuple[list[float], int | None]:
        """Return the norms, and which step was the first not finite.

        Returns:
            The norms, oldest first, and the number of that step, counted from
            1 since the training began in this process; None for none.
        """
        steps = int(ops.convert_to_numpy(self.steps))
        norms = ops.convert_to_numpy(self.norms)[-steps:] if steps else []
        bad = None if ops.convert_to_numpy(self.is_finite) else steps
        return [float(norm) for norm in norms], bad
