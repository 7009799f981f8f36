"""LARS: momentum SGD with a learning rate for every layer."""

import keras
from keras import ops

from keras_resnet.arguments import check_interval
from keras_resnet.training.optimizers.trust_ratio import euclidean_norm, ratio_or_one

PACKAGE = "keras_resnet"


@keras.saving.register_keras_serializable(PACKAGE)
class Lars(keras.optimizers.Optimizer):
    """Layer-wise adaptive rate scaling (You, Gitman and Ginsburg, 2017).

    For a variable w with gradient g, at learning rate lr (algorithm 1):

        ratio = trust_coefficient |w| / (|g| + l2 |w| + epsilon)
        v <- momentum v + lr ratio (g + l2 w)
        w <- w - v

    The rate is inside of the momentum, as in the paper and in MLPerf's
    reference for ResNet-50; `timm.optim.Lars` has it outside, which is the
    same while the rate is constant. With `nesterov`, w moves by
    `momentum v + lr ratio (g + l2 w)`. The ratio is 1 where a norm is zero.

    Variables that `exclude_from_weight_decay` names get neither decay nor a
    ratio: the plain momentum step. MLPerf's reference excludes batch
    normalization and biases so.

    Args:
        learning_rate: A float or a schedule. Defaults to 1.0.
        momentum: In 0..1. Defaults to 0.9.
        nesterov: Whether the momentum is Nesterov's. Defaults to False.
        l2: Weight decay, added to each gradient times the variable, and to
            the denominator of the ratio. Defaults to 0.
        trust_coefficient: The paper's eta. Defaults to 0.001.
        epsilon: Added to the denominator. Defaults to 0.
        name: Name of the optimizer.
        **kwargs: Of `keras.optimizers.Optimizer`, without `weight_decay`.

    Raises:
        ValueError: If a number is out of range, or `weight_decay` is given.
    """

    def __init__(
        self,
        learning_rate=1.0,
        momentum: float = 0.9,
        nesterov: bool = False,
        l2: float = 0.0,
        trust_coefficient: float = 0.001,
        epsilon: float = 0.0,
        name: str = "lars",
        **kwargs,
    ):
        if kwargs.get("weight_decay") is not None:
            raise ValueError(
                "`weight_decay` is decoupled in Keras, and that of LARS is `l2`. "
                f"Received: weight_decay={kwargs['weight_decay']!r}"
            )
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = check_interval("momentum", momentum, 0.0, 1.0)
        self.nesterov = nesterov
        self.l2 = check_interval("l2", l2, 0.0, float("inf"))
        self.trust_coefficient = check_interval(
            "trust_coefficient", trust_coefficient, 0.0, float("inf"), include_low=False
        )
        self.epsilon = check_interval("epsilon", epsilon, 0.0, float("inf"))

    def build(self, variables):
        """Make a momentum for every variable."""
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        """Move `variable` by one step."""
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, "float32")
        if self._use_weight_decay(variable):
            weight_norm = euclidean_norm(variable)
            gradient_norm = euclidean_norm(gradient)
            rate = rate * ratio_or_one(
                self.trust_coefficient * weight_norm,
                gradient_norm + self.l2 * weight_norm + self.epsilon,
                weight_norm,
                gradient_norm,
            )
            gradient = ops.add(gradient, ops.multiply(variable, self.l2))
        step = ops.multiply(gradient, ops.cast(rate, variable.dtype))
        momentum = self._momentums[self._get_variable_index(variable)]
        moved = ops.add(ops.multiply(momentum, self.momentum), step)
        self.assign(momentum, moved)
        if self.nesterov:
            moved = ops.add(ops.multiply(moved, self.momentum), step)
        self.assign_sub(variable, moved)

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "l2": self.l2,
            "trust_coefficient": self.trust_coefficient,
            "epsilon": self.epsilon,
        }
