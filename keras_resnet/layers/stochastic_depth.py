"""Stochastic depth: residual branches that are dropped at random in training."""

import keras
from keras import ops

from keras_resnet.arguments import check_choice, check_interval
from keras_resnet.layers.conditional import run_if
from keras_resnet.layers.registration import serializable

MODES = ("batch", "sample")


def linear_survival_probabilities(count: int, last: float) -> tuple[float, ...]:
    """Survival probabilities that fall linearly with depth.

    `p_l = 1 - l / L * (1 - p_L)` for l = 1 .. L (Huang et al. 2016,
    equation 4).

    Args:
        count: Number of residual blocks, L.
        last: Survival probability of the last block, p_L, in (0, 1].

    Returns:
        The probabilities of block 1 to block L.

    Raises:
        ValueError: If `last` is outside (0, 1].
    """
    check_interval("last", last, 0.0, 1.0, include_low=False)
    return tuple(1.0 - (1.0 - last) * block / count for block in range(1, count + 1))


@serializable
class StochasticDepth(keras.layers.Layer):
    """Drops a residual branch at random in training (Huang et al. 2016).

    As a node of a graph (`layer(residual)`) it scales a branch that has been
    computed. A block that is one node calls `run` instead, which leaves a
    dropped branch uncomputed: that saving of time is the point of the method.

    | mode | training | inference |
    |---|---|---|
    | `"batch"` (the paper) | one draw b ~ Bernoulli(p) for the batch, b F(x) | p F(x) |
    | `"sample"` (often called drop path) | a draw for every sample, b F(x) / p | F(x) |

    Args:
        survival_probability: p, in (0, 1]. Defaults to `0.5`.
        mode: `"batch"` or `"sample"`. Defaults to `"batch"`.
        seed: Integer seed. Defaults to `None` (a random one).
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, ...). Output shape: the same.

    Raises:
        ValueError: If `survival_probability` is outside (0, 1] or `mode` is
            unknown.
    """

    def __init__(self, survival_probability=0.5, mode="batch", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.survival_probability = check_interval(
            "survival_probability", survival_probability, 0.0, 1.0, include_low=False
        )
        self.mode = check_choice("mode", mode, MODES)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def survives(self, shape=()):
        """Draw from Bernoulli(p): a boolean tensor of `shape`."""
        uniform = keras.random.uniform(shape, seed=self.seed_generator)
        return uniform < self.survival_probability

    def call(self, inputs, training=None):
        """Scale `inputs`, the result of a residual branch."""
        if self.survival_probability == 1.0:
            return inputs
        if self.mode == "batch":
            if not training:
                return inputs * self.survival_probability
            return inputs * ops.cast(self.survives(), inputs.dtype)
        if not training:
            return inputs
        shape = (ops.shape(inputs)[0], *(1,) * (len(inputs.shape) - 1))
        scale = ops.cast(self.survives(shape), inputs.dtype)
        return inputs * scale / self.survival_probability

    def run(self, inputs, branch, join, variables, training=None):
        """Join a residual branch, computing it only where it survives.

        Args:
            inputs: Tensor that `branch` takes.
            branch: Function of `inputs`: the residual branch, F(x).
            join: Function of F(x), or of `None` for a dropped branch, that
                returns the block's output.
            variables: Variables that `branch` uses.
            training: Whether this is a training step.
        """
        if self.mode == "batch" and training and self.survival_probability < 1.0:
            return run_if(
                self.survives(),
                lambda: join(branch(inputs)),
                lambda: join(None),
                variables,
            )
        return join(self(branch(inputs), training=training))

    def compute_output_shape(self, input_shape):
        """Return `input_shape`."""
        return input_shape

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            "survival_probability": self.survival_probability,
            "mode": self.mode,
            "seed": self.seed,
        }
