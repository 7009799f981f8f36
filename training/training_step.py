"""One step of the optimizer on a batch that all replicas share."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import keras

from keras_resnet.training.gradients import (
    all_finite,
    clip_global_norm,
    sum_over_replicas,
    summed_already,
)
from keras_resnet.training.loss_scale import LossScale
from keras_resnet.training.moving_average import MovingAverage
from keras_resnet.training.partial_batches import cut, divisible
from keras_resnet.training.recent_gradients import RecentGradients

if TYPE_CHECKING:
    import tensorflow as tf


class Share(NamedTuple):
    """A replica's share of a batch, and what it must not forget meanwhile.

    Attributes:
        images: `(batch, height, width, channels)`.
        labels: `(batch,)` or `(batch, classes)`.
        weights: `(batch,)`, float32.
        examples: Examples of all replicas whose weight is not 0, float32.
        empty: Whether this replica got no example at all.
        state: The network's floating-point state before the step.
        observed: What the metrics had seen before the step; nothing without
            loss scaling.
    """

    images: "tf.Tensor"
    labels: "tf.Tensor"
    weights: "tf.Tensor"
    examples: "tf.Tensor"
    empty: "tf.Tensor"
    state: list
    observed: list


# Compared by identity: TensorFlow hashes what it traces.
@dataclasses.dataclass(frozen=True, eq=False)
class TrainingStep:
    """Forward, backward, sum over replicas, clip, apply: in this order.

    The loss of a step is the weighted sum of all examples' losses over their
    number, on whichever replica and in whichever part they were computed, and
    an example of weight 0 is as one that is not there. The gradient of that
    mean is what is clipped and applied, once, after the last part.

    Attributes:
        network: Returns logits.
        optimizer: Built for the network.
        example_losses: Function of labels and logits: losses `(batch,)`.
        loss_mean: `keras.metrics.Mean` of the loss.
        metrics: Metrics of labels and logits.
        strategy: The strategy that all of these were built under.
        recent: Is told the norm of every step's gradient, or None.
        parts: In how many parts, one after another, a replica computes its
            share.
        clip_norm: Largest norm of the gradient; None for any.
        loss_scale: Loss scaling, or None.
        average: The moving average of the network, or None.
        jit_compile: Whether XLA compiles the forward and backward pass.
    """

    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    example_losses: Callable
    loss_mean: keras.metrics.Mean
    metrics: Sequence[keras.metrics.Metric]
    strategy: "tf.distribute.Strategy"
    recent: RecentGradients | None = None
    parts: int = 1
    clip_norm: float | None = None
    loss_scale: LossScale | None = None
    average: MovingAverage | None = None
    jit_compile: bool = False

    def train(self, batch) -> None:
        """Train on `batch`; in the cross-replica context of a graph."""
        run = self.strategy.run
        if self.parts == 1:
            gradients, finite, norm = run(self._all_at_once, args=(batch,))
        else:
            gradients, finite, norm = self._part_by_part(
                run(self._share, args=(batch,))
            )
        if self.recent is not None:
            self._tell_norm(norm, finite)
        if self.loss_scale is None:
            self._apply(gradients)
        else:
            self._apply_if(finite, gradients)

    def test(self, batch) -> None:
        """Update the metrics by `batch`; in the cross-replica context."""
        self.strategy.run(self._test, args=(batch,))

    def _tell_norm(self, norm, finite) -> None:
        import tensorflow as tf

        # Equal on all replicas, as the gradients are.
        norm, finite = (
            self.strategy.experimental_local_results(value)[0]
            for value in (norm, finite)
        )
        self.recent.update(norm, tf.logical_not(finite))

    def _all_at_once(self, batch):
        share = self._share(batch)
        gradients = self._gradients(share.images, share.labels, share.weights, share)
        return self._summed(share, gradients)

    def _part_by_part(self, share):
        import tensorflow as tf

        def zeros():
            return [tf.zeros_like(v.value) for v in self.network.trainable_variables]

        def add_part(share, index, sums):
            images, labels, weights = (
                cut(values, self.parts, index)
                for values in (share.images, share.labels, share.weights)
            )
            gradients = self._gradients(images, labels, weights, share)
            return [one + two for one, two in zip(sums, gradients, strict=True)]

        # A loop, so that the activations of one part are gone before the next.
        _, sums = tf.while_loop(
            lambda index, sums: index < self.parts,
            lambda index, sums: (
                index + 1,
                self.strategy.run(add_part, args=(share, index, sums)),
            ),
            (tf.constant(0), self.strategy.run(zeros)),
            parallel_iterations=1,
        )
        return self.strategy.run(self._summed, args=(share, sums))

    def _share(self, batch) -> Share:
        import tensorflow as tf

        images, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
        known = images.shape[0]
        if weights is None:
            weights = tf.ones(tf.shape(images)[:1])
            if known:
                # The shares of full batches are equal.
                replicas = self.strategy.num_replicas_in_sync
                examples = tf.constant(float(known * replicas))
            else:
                examples = sum_over_replicas([tf.reduce_sum(weights)])[0]
        else:
            weights = tf.reshape(tf.cast(weights, tf.float32), (-1,))
            present = tf.cast(tf.not_equal(weights, 0.0), tf.float32)
            examples = sum_over_replicas([tf.reduce_sum(present)])[0]
        empty = tf.equal(tf.shape(images)[0], 0)
        state = [tf.identity(v.value) for v in self._floating_state()]
        observed = [tf.identity(v.value) for v in self._observing()]
        filled = divisible(images, labels, weights, self.parts)
        return Share(*filled, examples, empty, state, observed)

    def _gradients(self, images, labels, weights, share: Share):
        import tensorflow as tf

        forward_backward = self._forward_backward
        if self.jit_compile:
            forward_backward = tf.function(
                forward_backward, jit_compile=True, autograph=False
            )
        loss, penalty, logits, gradients = forward_backward(
            images, labels, weights, share.examples
        )
        self._observe(labels, weights, logits, loss, penalty)
        return gradients

    def _forward_backward(self, images, labels, weights, examples):
        import tensorflow as tf

        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.network(images, training=True)
            loss = tf.reduce_sum(self.example_losses(labels, logits) * weights)
            penalty = self._penalty()
            # Every replica and every part adds its share of the penalty.
            shares = self.strategy.num_replicas_in_sync * self.parts
            objective = tf.math.divide_no_nan(loss, examples) + penalty / shares
            if self.loss_scale is not None:
                objective *= self.loss_scale.factor.value
        gradients = tape.gradient(objective, [v.value for v in variables])
        for variable, gradient in zip(variables, gradients, strict=True):
            if gradient is None:
                raise ValueError(
                    f"The loss does not depend on the variable '{variable.path}'. "
                    "Make it not trainable, or take it out of the network."
                )
        return loss, penalty, logits, [tf.convert_to_tensor(g) for g in gradients]

    def _penalty(self):
        import tensorflow as tf

        penalties = [
            tf.reduce_sum(tf.cast(value, tf.float32)) for value in self.network.losses
        ]
        return tf.add_n(penalties) if penalties else tf.constant(0.0)

    def _observe(self, labels, weights, logits, loss, penalty) -> None:
        import tensorflow as tf

        present = tf.cast(tf.not_equal(weights, 0.0), tf.float32)
        count = tf.reduce_sum(present)
        self.loss_mean.update_state(
            tf.math.divide_no_nan(loss, count) + penalty, sample_weight=count
        )
        logits = tf.cast(logits, tf.float32)
        for metric in self.metrics:
            metric.update_state(labels, logits, sample_weight=present)

    def _summed(self, share: Share, gradients):
        import tensorflow as tf

        gradients = sum_over_replicas(gradients)
        finite = tf.constant(True)
        if self.loss_scale is not None:
            finite = all_finite(gradients)
            factor = tf.convert_to_tensor(self.loss_scale.factor.value)
            gradients = [gradient / factor for gradient in gradients]
        norm = tf.linalg.global_norm(gradients)
        if self.clip_norm is not None:
            gradients = clip_global_norm(gradients, self.clip_norm, norm)
        self._keep_state_unless(finite, share)
        self._forget_what_overflowed(share)
        return gradients, finite, norm

    def _keep_state_unless(self, finite, share: Share) -> None:
        import tensorflow as tf

        # An overflow in the forward pass, or an empty share, must not enter
        # the moving statistics, from which it would never go away.
        always_full = bool(share.images.shape[0])
        if self.loss_scale is None and always_full:
            return
        good = tf.logical_and(finite, tf.logical_not(share.empty))
        for variable, before in zip(self._floating_state(), share.state, strict=True):
            now = tf.convert_to_tensor(variable.value)
            variable.assign(tf.where(good, now, before))

    def _forget_what_overflowed(self, share: Share) -> None:
        """Take a loss that is no number out of the means: its step is skipped."""
        import tensorflow as tf

        variables = self._observing()
        if not variables:
            return
        now = [tf.convert_to_tensor(variable.value) for variable in variables]
        good = tf.reduce_all([tf.reduce_all(tf.math.is_finite(v)) for v in now])
        for variable, new, old in zip(variables, now, share.observed, strict=True):
            variable.assign(tf.where(good, new, old))

    def _observing(self) -> list[keras.Variable]:
        if self.loss_scale is None:
            return []
        metrics = (self.loss_mean, *self.metrics)
        return [variable for metric in metrics for variable in metric.variables]

    def _floating_state(self) -> list[keras.Variable]:
        return [
            variable
            for variable in self.network.non_trainable_variables
            if keras.backend.is_float_dtype(variable.dtype)
        ]

    def _apply(self, gradients) -> None:
        def apply(gradients):
            self.optimizer.apply(gradients, self.network.trainable_variables)

        with summed_already(self.optimizer):
            self.strategy.run(apply, args=(gradients,))
        if self.average is not None:
            self.average.update()

    def _apply_if(self, finite, gradients) -> None:
        import tensorflow as tf

        def apply():
            self._apply(gradients)
            return tf.constant(True)

        # Equal on all replicas: it looks at gradients that were summed.
        finite = self.strategy.experimental_local_results(finite)[0]
        tf.cond(finite, apply, lambda: tf.constant(False))
        self.loss_scale.update(finite)

    def _test(self, batch) -> None:
        import tensorflow as tf

        images, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
        if weights is None:
            weights = tf.ones(tf.shape(images)[:1])
        weights = tf.reshape(tf.cast(weights, tf.float32), (-1,))
        images, labels, weights = divisible(images, labels, weights, 1)
        logits = self.network(images, training=False)
        loss = tf.reduce_sum(self.example_losses(labels, logits) * weights)
        self._observe(labels, weights, logits, loss, self._penalty())
