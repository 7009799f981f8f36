"""LAMB: Adam with a learning rate for every layer."""

import keras
from keras import ops

from keras_resnet.arguments import check_interval
from keras_resnet.training.optimizers.trust_ratio import euclidean_norm, ratio_or_one

PACKAGE = "keras_resnet"


@keras.saving.register_keras_serializable(PACKAGE)
class Lamb(keras.optimizers.Optimizer):
    """Layer-wise adaptive moments (You et al., 2020, algorithm 2).

    For a variable w with gradient g, at step t and learning rate lr:

        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
        u = r + decay w
        w <- w - lr |w| / |u| u

    The ratio is 1 where a norm is zero. Unlike `keras.optimizers.Lamb`, whose
    decay stays outside of the ratio, w's decay is part of the update u that
    the ratio measures. Variables that `exclude_from_weight_decay` names get
    neither decay nor a ratio: the plain Adam step.

    Args:
        learning_rate: A float or a schedule. Defaults to 0.001.
        beta_1: Decay of the first moment, in 0..1. Defaults to 0.9.
        beta_2: Decay of the second moment, in 0..1. Defaults to 0.999.
        epsilon: Added to the denominator. Defaults to 1e-6.
        decay: Weight decay, the paper's lambda. Defaults to 0.
        name: Name of the optimizer.
        **kwargs: Of `keras.optimizers.Optimizer`, without `weight_decay`.

    Raises:
        ValueError: If a number is out of range, or `weight_decay` is given.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        decay: float = 0.0,
        name: str = "lamb",
        **kwargs,
    ):
        if kwargs.get("weight_decay") is not None:
            raise ValueError(
                "`weight_decay` is decoupled in Keras, and that of LAMB is `decay`. "
                f"Received: weight_decay={kwargs['weight_decay']!r}"
            )
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = check_interval("beta_1", beta_1, 0.0, 1.0)
        self.beta_2 = check_interval("beta_2", beta_2, 0.0, 1.0)
        self.epsilon = check_interval("epsilon", epsilon, 0.0, float("inf"))
        self.decay = check_interval("decay", decay, 0.0, float("inf"))

    def build(self, variables):
        """Make both moments for every variable."""
        if self.built:
            return
        super().build(variables)
        self._firsts, self._seconds = self.add_optimizer_variables(
            variables, ["first_moment", "second_moment"]
        )

    def update_step(self, gradient, variable, learning_rate):
        """Move `variable` by one step."""
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        rate = ops.cast(learning_rate, "float32")
        index = self._get_variable_index(variable)
        first, second = self._firsts[index], self._seconds[index]
        self.assign(first, first + (gradient - first) * (1.0 - self.beta_1))
        self.assign(
            second, second + (ops.square(gradient) - second) * (1.0 - self.beta_2)
        )
        step = ops.cast(self.iterations + 1, "float32")
        first_share = ops.cast(1.0 - ops.power(self.beta_1, step), dtype)
        second_share = ops.cast(1.0 - ops.power(self.beta_2, step), dtype)
        update = (first / first_share) / (
            ops.sqrt(second / second_share) + self.epsilon
        )
        if self._use_weight_decay(variable):
            update = update + variable * self.decay
            weight_norm, update_norm = euclidean_norm(variable), euclidean_norm(update)
            rate = rate * ratio_or_one(
                weight_norm, update_norm, weight_norm, update_norm
            )
        self.assign_sub(variable, update * ops.cast(rate, dtype))

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "decay": self.decay,
        }
