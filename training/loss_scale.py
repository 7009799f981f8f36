"""Loss scaling for float16 (Micikevicius et al., 2018, section 3.2)."""

from typing import TYPE_CHECKING

import keras
from keras import ops

from keras_resnet.arguments import check_interval, check_positive_integer
from keras_resnet.training.shared_variable import shared_variable

if TYPE_CHECKING:
    import tensorflow as tf


def computes_in_float16(network: keras.Model) -> bool:
    """Whether any layer of `network` computes in float16."""
    return any(layer.compute_dtype == "float16" for layer in network._flatten_layers())


class LossScale:
    """A factor of the loss that keeps small gradients above float16's zero.

    A step whose gradients overflow halves it; `growth_steps` in a row that do
    not double it. It never falls below 1.

    Args:
        strategy: The strategy of the training.
        initial: Factor to begin with. Defaults to 2^15.
        growth_steps: Steps after which it doubles. Defaults to 2000.

    Attributes:
        factor: float32 scalar variable.
        finite_steps: Integer scalar variable: steps without an overflow since
            the factor last changed.
        hopeless_steps: Integer scalar variable: steps in a row that overflowed
            although the factor was 1 already. No checkpoint has it.
    """

    def __init__(
        self,
        strategy: "tf.distribute.Strategy",
        initial: float = 2.0**15,
        growth_steps: int = 2000,
    ):
        check_interval("initial", initial, 1.0, 2.0**127)
        self.growth_steps = check_positive_integer("growth_steps", growth_steps)

        with strategy.scope():
            self.factor = shared_variable(initial, "float32", "loss_scale")
            self.finite_steps = shared_variable(0, "int", "finite_steps")
            self.hopeless_steps = shared_variable(0, "int", "hopeless_steps")

    @property
    def variables(self) -> list[keras.Variable]:
        """The factor and the count of finite steps."""
        return [self.factor, self.finite_steps]

    @property
    def updated(self) -> list[keras.Variable]:
        """All that `update` assigns."""
        return [*self.variables, self.hopeless_steps]

    def update(self, finite: "tf.Tensor") -> None:
        """Learn whether a step was finite; in the cross-replica context.

        Args:
            finite: Boolean scalar.
        """
        factor = ops.convert_to_tensor(self.factor)
        hopeless = ops.convert_to_tensor(self.hopeless_steps)
        hopeless = ops.where(factor > 1.0, ops.zeros_like(hopeless), hopeless + 1)
        self.hopeless_steps.assign(
            ops.where(finite, ops.zeros_like(hopeless), hopeless)
        )
        steps = ops.convert_to_tensor(self.finite_steps) + 1
        grow = ops.logical_and(finite, steps >= self.growth_steps)
        # Twice the largest power of two of float32 is infinite.
        grown = ops.minimum(factor * 2.0, 2.0**127)
        halved = ops.maximum(factor / 2.0, 1.0)
        self.factor.assign(
            ops.where(finite, ops.where(grow, grown, factor), halved),
        )
        kept = ops.logical_and(finite, ops.logical_not(grow))
        self.finite_steps.assign(ops.where(kept, steps, ops.zeros_like(steps)))
