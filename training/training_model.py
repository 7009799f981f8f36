"""`TrainingModel`: a network that Keras's `fit` trains right on any devices."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras

from keras_resnet.arguments import check_interval, check_positive_integer
from keras_resnet.training.distribution import (
    check_strategy,
    merge_replicas,
    share_by_batch,
)
from keras_resnet.training.example_losses import as_example_losses
from keras_resnet.training.loss_scale import LossScale, computes_in_float16
from keras_resnet.training.moving_average import MovingAverage
from keras_resnet.training.recent_gradients import RecentGradients
from keras_resnet.training.replica_seeds import seed_replicas
from keras_resnet.training.step_function import StepsInCall, make_step_function
from keras_resnet.training.trained_network import TrainedNetwork
from keras_resnet.training.training_arguments import (
    check_metrics,
    check_network,
    check_optimizer,
)
from keras_resnet.training.training_step import TrainingStep
from keras_resnet.training.watching.input_wait import InputWait

if TYPE_CHECKING:
    import tensorflow as tf


class TrainingModel(TrainedNetwork, keras.Model):
    """A network with a training step that is the same on one and many replicas.

    It is compiled, fitted and evaluated as any Keras model, with Keras's
    callbacks and progress bar. What differs is the step (`TrainingStep`):

    - The gradients are those of the mean over the whole batch. They are summed
      over the replicas first and clipped then.
    - An example with a sample weight of 0 is as one that is not there, in the
      loss and in metrics; a partial last batch is divided by its own size.
    - Layers that compute in float16 are trained with loss scaling. A step that
      overflows on any replica is skipped on all; the scale is halved, and
      the optimizer does not count the step.
    - Random layers draw other numbers on each replica, the same ones in each
      run with the same seed and number of replicas. Only stochastic depth in
      the mode `"batch"` draws alike on all (`draws_alike` says why).

    Args:
        network: A built model with one input and one output, the logits, made
            within `strategy.scope()`.
        strategy: A `tf.distribute.Strategy`, as of `make_strategy`.
        accumulation_steps: In how many parts, one after another, a replica
            computes its share of a batch, which takes less memory. The batch
            and the optimizer's steps stay the same, but batch normalization
            sees the parts. Defaults to 1.
        clip_norm: Largest norm of the gradient over all variables together.
            Defaults to none.
        ema_decay: Decay of a moving average of the network's variables, batch
            statistics included. Defaults to none.
        steps_per_call: Steps that TensorFlow does in one call. Callbacks see
            the batches in such groups, as with Keras's `steps_per_execution`;
            an epoch never has a step too many. Defaults to 1.
        jit_compile: Whether XLA compiles the forward and backward pass of a
            replica; on a CPU that is slower. Defaults to False.
        seed: Seed of all random layers of the network. Defaults to 0.
        initial_loss_scale: Where loss scaling begins. Defaults to 2^15.
        loss_scale_growth_steps: Finite steps after which the scale doubles.
            Defaults to 2000.

    Attributes:
        network: The network.
        average: Its moving average, or None.
        loss_scale: Its loss scaling, or None.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument is out of range, the network has several
            inputs or outputs or was made outside of the strategy, or the
            strategy cannot train a Keras 3 model.
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        strategy: "tf.distribute.Strategy",
        accumulation_steps: int = 1,
        clip_norm: float | None = None,
        ema_decay: float | None = None,
        steps_per_call: int = 1,
        jit_compile: bool = False,
        seed: int = 0,
        initial_loss_scale: float = 2.0**15,
        loss_scale_growth_steps: int = 2000,
    ):
        check_strategy(strategy)
        check_network(network, strategy, jit_compile)
        check_positive_integer("steps_per_call", steps_per_call)
        self._parts = check_positive_integer("accumulation_steps", accumulation_steps)
        if clip_norm is not None:
            check_interval("clip_norm", clip_norm, 0.0, float("inf"), include_low=False)
        with strategy.scope():
            super().__init__(name=f"{network.name}_training")
            self.network = network
            self.built = True
        self._clip_norm = clip_norm
        self._compiles_by_xla = jit_compile
        self._counter = StepsInCall(steps_per_call)
        self.input_wait = InputWait()
        self._step = None
        seed_replicas(network, seed)
        self.average = self.loss_scale = None
        if ema_decay is not None:
            self.average = MovingAverage(network, ema_decay, strategy)
        if computes_in_float16(network):
            self.loss_scale = LossScale(
                strategy, initial_loss_scale, loss_scale_growth_steps
            )
        self.recent = RecentGradients(strategy)
        self.steps_per_call = steps_per_call
        self.training_metrics = []

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        loss: str | keras.losses.Loss | Callable,
        metrics: Sequence[keras.metrics.Metric] = (),
    ) -> None:
        """Choose what to train with, all made within `strategy.scope()`.

        Args:
            optimizer: An optimizer of Keras or of this package. It may clip
                gradients itself, and does so after they were summed.
            loss: A loss that averages, the name of one, or a function of
                labels and logits that returns a loss for each example.
            metrics: Metrics of labels and logits.

        Raises:
            TypeError: If an argument is of the wrong type.
            ValueError: If an argument was made outside of the strategy, or
                the optimizer does what is done here.
        """
        strategy = self.distribute_strategy
        check_optimizer(optimizer, strategy)
        check_metrics(metrics, strategy)
        example_losses = as_example_losses(loss)
        with strategy.scope():
            super().compile(
                optimizer=optimizer,
                loss=loss,
                steps_per_execution=self.steps_per_call,
                jit_compile=False,
                auto_scale_loss=False,
            )
            optimizer.build(self.network.trainable_variables)
        self.training_metrics = list(metrics)
        self._step = TrainingStep(
            network=self.network,
            optimizer=optimizer,
            example_losses=example_losses,
            loss_mean=self._loss_tracker,
            metrics=tuple(metrics),
            strategy=strategy,
            recent=self.recent,
            parts=self._parts,
            clip_norm=self._clip_norm,
            loss_scale=self.loss_scale,
            average=self.average,
            jit_compile=self._compiles_by_xla,
        )

    def fit(self, x=None, y=None, *, callbacks=None, **arguments):
        """Train as `keras.Model.fit` does, with its arguments by name."""
        return super().fit(
            share_by_batch(x), y, callbacks=self._with_counter(callbacks), **arguments
        )

    def evaluate(self, x=None, y=None, *, steps=None, callbacks=None, **arguments):
        """Measure as `keras.Model.evaluate` does, with its arguments by name.

        Replicas are given the same moving statistics first, which Keras leaves to
        drift apart: what is measured is the one network that would be saved.
        """
        self.merge_replicas()
        self._counter.test_total = steps
        return super().evaluate(
            share_by_batch(x),
            y,
            steps=steps,
            callbacks=self._with_counter(callbacks),
            **arguments,
        )

    def make_train_function(self, force=False):
        """Make what `fit` calls with an iterator; Keras calls this."""
        if self.train_function is None or force:
            steps = make_step_function(
                self._step.train,
                self.get_metrics_result,
                self.steps_per_call,
                self.input_wait,
            )
            self.train_function = lambda iterator: steps(
                iterator, self._counter.training
            )

    def make_test_function(self, force=False):
        """Make what `evaluate` calls with an iterator; Keras calls this."""
        if self.test_function is None or force:
            steps = make_step_function(
                self._step.test, self.get_metrics_result, self.steps_per_call
            )
            self.test_function = lambda iterator: steps(iterator, self._counter.testing)

    def train_on_batch(self, *arguments, **named):
        """Refuse: a batch must come from a dataset to be shared.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("Use `fit`, with `steps_per_epoch=1` for one batch.")

    def test_on_batch(self, *arguments, **named):
        """Refuse: a batch must come from a dataset to be shared.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("Use `evaluate`, with `steps=1` for one batch.")

    def merge_replicas(self) -> None:
        """Give every replica the mean of the replicas' moving statistics.

        Those of the moving average are merged too. Call it on every worker,
        before a model is evaluated or saved.
        """
        merge_replicas(self, self.distribute_strategy)

    def _with_counter(self, callbacks):
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self._counter not in callbacks.callbacks:
                callbacks.append(self._counter)
            return callbacks
        if callbacks is None:
            callbacks = []
        elif isinstance(callbacks, keras.callbacks.Callback):
            callbacks = [callbacks]
        return [self._counter, *callbacks]

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # All is built; Keras's own fails with several workers.
        pass
