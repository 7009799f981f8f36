"""One step of the optimizer as a pure function, for JAX to compile."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import keras
from keras import ops

from keras_resnet.training.loss_scale import LossScale
from keras_resnet.training.moving_average import MovingAverage
from keras_resnet.training.recent_gradients import RecentGradients

if TYPE_CHECKING:
    import jax


class Values:
    """The arrays of variables in the middle of a computation.

    Args:
        variables: Keras variables.
        arrays: An array for each of them.
    """

    def __init__(self, variables: Iterable[keras.Variable], arrays: Iterable):
        self._arrays = {}
        self.write(variables, arrays)

    def read(self, variables: Iterable[keras.Variable]) -> "list[jax.Array]":
        """Return the arrays of `variables`."""
        return [self._arrays[id(variable)] for variable in variables]

    def write(self, variables: Iterable[keras.Variable], arrays: Iterable) -> None:
        """Set the arrays of `variables`."""
        for variable, array in zip(variables, arrays, strict=True):
            self._arrays[id(variable)] = array

    def scope(self, variables: Sequence[keras.Variable]) -> keras.StatelessScope:
        """Make a scope within which Keras reads `variables` here."""
        return keras.StatelessScope(zip(variables, self.read(variables), strict=True))

    def take(
        self, variables: Sequence[keras.Variable], scope: keras.StatelessScope
    ) -> None:
        """Take over what Keras assigned within a scope."""
        self.write(variables, map(scope.get_current_value, variables))


@dataclasses.dataclass(frozen=True, eq=False)
class JaxTrainingStep:
    """Forward, backward, clip, apply: the `TrainingStep` of one device.

    It is written for the whole batch. Where devices share it, JAX's compiler
    adds what they have to tell each other, and the result is that of one.
    Batch normalization is therefore always that of the whole batch.

    Attributes:
        network: Returns logits.
        optimizer: Built for the network.
        example_losses: Function of labels and logits: losses `(batch,)`.
        loss_mean: `keras.metrics.Mean` of the loss.
        metrics: Metrics of labels and logits.
        recent: Is told the norm of every step's gradient, or None.
        parts: In how many parts, one after another, a batch is computed.
        clip_norm: Largest norm of the gradient; None for any.
        loss_scale: Loss scaling, or None.
        average: The moving average of the network, or None.
    """

    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    example_losses: Callable
    loss_mean: keras.metrics.Mean
    metrics: Sequence[keras.metrics.Metric]
    recent: RecentGradients | None = None
    parts: int = 1
    clip_norm: float | None = None
    loss_scale: LossScale | None = None
    average: MovingAverage | None = None

    def train(self, values: Values, images, labels, weights) -> None:
        """Move `values` by one step.

        Args:
            values: Of all variables of the training.
            images: `(batch, height, width, channels)`.
            labels: `(batch,)` or `(batch, classes)`.
            weights: `(batch,)`; an example of weight 0 counts for nothing.
        """
        network = self.network
        before = values.read(self._undone_by_overflow)
        seen = values.read(self._metric_variables)
        gradients = self._gradients(values, images, labels, weights)
        finite = True
        if self.loss_scale is not None:
            finite = ops.all(
                ops.stack([ops.all(ops.isfinite(array)) for array in gradients])
            )
            (factor,) = values.read([self.loss_scale.factor])
            gradients = [array / factor for array in gradients]
        norm = global_norm(gradients)
        if self.recent is not None:
            self._within(
                values,
                self.recent.variables,
                lambda: self.recent.update(norm, ops.logical_not(finite)),
            )
        if self.clip_norm is not None:
            gradients = clip_global_norm(gradients, self.clip_norm, norm)
        trained, state = self.optimizer.stateless_apply(
            values.read(self.optimizer.variables),
            gradients,
            values.read(network.trainable_variables),
        )
        values.write(network.trainable_variables, trained)
        values.write(self.optimizer.variables, state)
        if self.average is not None:
            self._within(values, self._averaged, self.average.update)
        if self.loss_scale is not None:
            self._undo_unless(finite, values, self._undone_by_overflow, before)
            # A loss that is no number would stay in the means.
            observed = values.read(self._metric_variables)
            is_number = ops.all(ops.stack([ops.all(ops.isfinite(a)) for a in observed]))
            self._undo_unless(is_number, values, self._metric_variables, seen)
            self._within(
                values,
                self.loss_scale.updated,
                lambda: self.loss_scale.update(finite),
            )

    def test(self, values: Values, images, labels, weights) -> None:
        """Update the metrics in `values` by a batch."""
        logits, _, penalties = self.network.stateless_call(
            values.read(self.network.trainable_variables),
            values.read(self.network.non_trainable_variables),
            images,
            training=False,
            return_losses=True,
        )
        logits = ops.cast(logits, "float32")
        loss = ops.sum(self.example_losses(labels, logits) * weights)
        self._observe(values, labels, weights, logits, loss, _total(penalties))

    def _gradients(self, values: Values, *batch) -> list:
        """Return the gradients of the batch's mean loss, times the loss scale."""
        import jax

        trained = values.read(self.network.trainable_variables)
        gradient_of = jax.grad(self._objective(values, batch[-1]), has_aux=True)
        changing = self.network.non_trainable_variables + self._metric_variables

        def add_part(carried, part):
            sums, arrays = carried
            values.write(changing, arrays)
            gradients, (state, loss, penalty, logits) = gradient_of(
                trained, values.read(self.network.non_trainable_variables), *part
            )
            values.write(self.network.non_trainable_variables, state)
            _, labels, weights = part
            self._observe(values, labels, weights, logits, loss, penalty)
            sums = [one + two for one, two in zip(sums, gradients, strict=True)]
            return (sums, values.read(changing)), None

        carried = [ops.zeros_like(array) for array in trained], values.read(changing)
        if self.parts == 1:
            carried, _ = add_part(carried, batch)
        else:
            # A loop, so that the activations of one part are gone before the next.
            carried, _ = jax.lax.scan(
                add_part, carried, [cut(array, self.parts) for array in batch]
            )
        gradients, arrays = carried
        values.write(changing, arrays)
        return gradients

    def _objective(self, values: Values, weights) -> Callable:
        examples = ops.sum(_present(weights))
        scale = None
        if self.loss_scale is not None:
            (scale,) = values.read([self.loss_scale.factor])

        def objective(trained, state, images, labels, weights):
            logits, state, penalties = self.network.stateless_call(
                trained, state, images, training=True, return_losses=True
            )
            logits = ops.cast(logits, "float32")
            loss = ops.sum(self.example_losses(labels, logits) * weights)
            penalty = _total(penalties)
            # Every part adds its share of the penalty.
            mean = ops.divide_no_nan(loss, examples) + penalty / self.parts
            if scale is not None:
                mean = mean * scale
            return mean, (state, loss, penalty, logits)

        return objective

    def _observe(self, values, labels, weights, logits, loss, penalty) -> None:
        present = _present(weights)
        count = ops.sum(present)

        def observe():
            self.loss_mean.update_state(
                ops.divide_no_nan(loss, count) + penalty, sample_weight=count
            )
            for metric in self.metrics:
                metric.update_state(labels, logits, sample_weight=present)

        self._within(values, self._metric_variables, observe)

    @staticmethod
    def _undo_unless(good, values: Values, variables: list, before: list) -> None:
        after = values.read(variables)
        pairs = zip(after, before, strict=True)
        values.write(variables, [ops.where(good, new, old) for new, old in pairs])

    @staticmethod
    def _within(values: Values, variables: list, function: Callable) -> None:
        with values.scope(variables) as scope:
            function()
        values.take(variables, scope)

    @property
    def _metric_variables(self) -> list[keras.Variable]:
        return [v for m in (self.loss_mean, *self.metrics) for v in m.variables]

    @property
    def _averaged(self) -> list[keras.Variable]:
        return [*self.average.followed, *self.average.variables]

    @property
    def _undone_by_overflow(self) -> list[keras.Variable]:
        """What a step whose gradients overflow leaves as it was.

        The states of random layers are not among it: the next step is to draw
        other numbers.
        """
        if self.loss_scale is None:
            return []
        moving = [
            variable
            for variable in self.network.variables
            if keras.backend.is_float_dtype(variable.dtype)
        ]
        averages = self.average.variables if self.average is not None else []
        return [*moving, *averages, *self.optimizer.variables]


def _present(weights):
    return ops.cast(ops.not_equal(weights, 0.0), "float32")


def _total(penalties):
    total = ops.zeros(())
    for penalty in penalties:
        total = total + ops.sum(ops.cast(penalty, "float32"))
    return total


def cut(array, parts: int):
    """Cut a batch into equal parts: example i goes to part i modulo `parts`.

    So every device that holds a piece of the batch has as many examples of
    each part, and which these are does not depend on how many devices there
    are.

    Args:
        array: `(batch, ...)`.
        parts: How many parts; a divisor of the batch.

    Returns:
        `(parts, batch / parts, ...)`.

    Raises:
        ValueError: If the batch cannot be cut so.
    """
    if array.shape[0] % parts:
        raise ValueError(
            "On the JAX backend a batch must be a multiple of the accumulation "
            f"steps. Received: batch of {array.shape[0]}, accumulation_steps={parts}"
        )
    rows = ops.reshape(array, (array.shape[0] // parts, parts, *array.shape[1:]))
    return ops.swapaxes(rows, 0, 1)


def global_norm(arrays: list):
    """Return the common norm of all arrays."""
    squares = [ops.sum(ops.square(ops.cast(array, "float32"))) for array in arrays]
    return ops.sqrt(ops.sum(ops.stack(squares)))


def clip_global_norm(arrays: list, limit: float, norm) -> list:
    """Scale all arrays so that their common norm is at most `limit`.

    Pascanu et al. (2013), algorithm 1.

    Args:
        arrays: The arrays.
        limit: Largest norm.
        norm: Their norm.
    """
    # A norm that overflows must not pass for a step of nothing.
    factor = ops.where(
        ops.isfinite(norm), limit / ops.maximum(norm, limit), float("nan")
    )
    return [array * ops.cast(factor, array.dtype) for array in arrays]
