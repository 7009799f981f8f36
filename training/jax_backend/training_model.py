"""`JaxTrainingModel`: a network that Keras's `fit` trains on the JAX backend."""

from collections.abc import Callable, Sequence

import keras
from keras import ops

from keras_resnet.arguments import check_interval, check_positive_integer
from keras_resnet.training.example_losses import as_example_losses
from keras_resnet.training.jax_backend.devices import JaxDevices
from keras_resnet.training.jax_backend.moving_average import JaxMovingAverage
from keras_resnet.training.jax_backend.training_step import JaxTrainingStep, Values
from keras_resnet.training.loss_scale import LossScale, computes_in_float16
from keras_resnet.training.recent_gradients import RecentGradients
from keras_resnet.training.replica_seeds import seed_replicas
from keras_resnet.training.trained_network import GradientsSoFar, TrainedNetwork
from keras_resnet.training.training_arguments import (
    check_metrics,
    check_network,
    check_optimizer,
)
from keras_resnet.training.watching.input_wait import InputWait, TimedIterator


class JaxTrainingModel(TrainedNetwork, keras.Model):
    """What `TrainingModel` is on the TensorFlow backend, on that of JAX.

    It is compiled, fitted and evaluated as any Keras model, with Keras's
    callbacks and progress bar; only the step is its own (`JaxTrainingStep`).
    Batch normalization sees the whole batch on however many devices, and every
    example has its own random numbers, the same ones on any number of devices.

    Args:
        network: A built model with one input and one output, the logits, made
            within `strategy.scope()`.
        strategy: The devices, as of `make_devices`.
        accumulation_steps: In how many parts, one after another, a batch is
            computed, which takes less memory. The batch and the optimizer's
            steps stay the same, but batch normalization sees the parts.
            Defaults to 1.
        clip_norm: Largest norm of the gradient over all variables together.
            Defaults to none.
        ema_decay: Decay of a moving average of the network's variables, batch
            statistics included. Defaults to none.
        seed: Seed of all random layers of the network. Defaults to 0.
        initial_loss_scale: Where loss scaling begins. Defaults to 2^15.
        loss_scale_growth_steps: Finite steps after which the scale doubles.
            Defaults to 2000.

    Attributes:
        network: The network.
        average: Its moving average, or None.
        loss_scale: Its loss scaling, or None.
        input_wait: What the steps have waited for their batches.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument is out of range, or the network has several
            inputs or outputs or was made on other devices.
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        strategy: JaxDevices,
        accumulation_steps: int = 1,
        clip_norm: float | None = None,
        ema_decay: float | None = None,
        seed: int = 0,
        initial_loss_scale: float = 2.0**15,
        loss_scale_growth_steps: int = 2000,
    ):
        check_network(network, strategy, jit_compile=False)
        self._parts = check_positive_integer("accumulation_steps", accumulation_steps)
        if clip_norm is not None:
            check_interval("clip_norm", clip_norm, 0.0, float("inf"), include_low=False)
        super().__init__(name=f"{network.name}_training")
        self.network = network
        self.built = True
        self._devices = strategy
        self._clip_norm = clip_norm
        self._step = None
        seed_replicas(network, seed)
        self.average = self.loss_scale = None
        self._kept = []
        if ema_decay is not None:
            self.average = JaxMovingAverage(network, ema_decay, strategy)
            self._kept += self.average.variables
        if computes_in_float16(network):
            self.loss_scale = LossScale(
                strategy, initial_loss_scale, loss_scale_growth_steps
            )
            self._kept += self.loss_scale.updated
        self.recent = RecentGradients(strategy)
        self._kept += self.recent.variables
        self.training_metrics = []
        self.input_wait = InputWait()

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        loss: str | keras.losses.Loss | Callable,
        metrics: Sequence[keras.metrics.Metric] = (),
    ) -> None:
        """Choose what to train with, all made within `strategy.scope()`.

        Args:
            optimizer: An optimizer of Keras or of this package.
            loss: A loss that averages, the name of one, or a function of
                labels and logits that returns a loss for each example.
            metrics: Metrics of labels and logits.

        Raises:
            TypeError: If an argument is of the wrong type.
            ValueError: If an argument was made on other devices, or the
                optimizer does what is done here.
        """
        check_optimizer(optimizer, self._devices)
        check_metrics(metrics, self._devices)
        example_losses = as_example_losses(loss)
        with self._devices.scope():
            super().compile(
                optimizer=optimizer, loss=loss, jit_compile=True, auto_scale_loss=False
            )
            optimizer.build(self.network.trainable_variables)
        self.training_metrics = list(metrics)
        self._step = JaxTrainingStep(
            network=self.network,
            optimizer=optimizer,
            example_losses=example_losses,
            loss_mean=self._loss_tracker,
            metrics=tuple(metrics),
            recent=self.recent,
            parts=self._parts,
            clip_norm=self._clip_norm,
            loss_scale=self.loss_scale,
            average=self.average,
        )

    def train_step(self, state, data):
        """Return the logs and the state after a step; Keras calls this.

        Args:
            state: Arrays of the trained and other variables, of the optimizer
                and of the metrics.
            data: Images, labels and perhaps weights of the examples.
        """
        return self._stepped(
            self._step.train,
            (
                self.trainable_variables,
                self.non_trainable_variables,
                self.optimizer.variables,
                self.metrics_variables,
            ),
            state,
            data,
        )

    def test_step(self, state, data):
        """Return the logs and the state after a batch; Keras calls this.

        Args:
            state: Arrays of the trained and other variables and of the metrics.
            data: Images, labels and perhaps weights of the examples.
        """
        return self._stepped(
            self._step.test,
            (
                self.trainable_variables,
                self.non_trainable_variables,
                self.metrics_variables,
            ),
            state,
            data,
        )

    def _stepped(self, step, groups, state, data):
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weights is None:
            weights = ops.ones(images.shape[:1])
        weights = ops.reshape(ops.cast(weights, "float32"), (-1,))
        values = Values(
            (variable for group in groups for variable in group),
            (array for arrays in state for array in arrays),
        )
        step(values, images, labels, weights)
        with values.scope(self.metrics_variables):
            logs = self.get_metrics_result()
        return logs, tuple(values.read(group) for group in groups)

    def make_train_function(self, force=False):
        """Make what `fit` calls with an iterator; Keras calls this."""
        if self.train_function is not None and not force:
            return
        with self._devices.scope():
            super().make_train_function(force=True)
        step = self.train_function
        newest = []

        def is_busy():
            # A step returns before the devices have done it.
            return not all(value.is_ready() for value in newest)

        def timed(state, iterator):
            batches = TimedIterator(iterator, self.input_wait, is_busy)
            logs, state = step(state, batches)
            newest[:] = logs.values()
            return logs, state

        self.train_function = timed

    def fit(self, *arguments, **named):
        """Train as `keras.Model.fit` does."""
        with self._devices.scope():
            return super().fit(*arguments, **named)

    def evaluate(self, *arguments, **named):
        """Measure as `keras.Model.evaluate` does."""
        with self._devices.scope():
            return super().evaluate(*arguments, **named)

    def merge_replicas(self) -> None:
        """Do nothing: all devices have the same moving statistics."""

    def state(self) -> dict[str, keras.Variable]:
        """Return all variables that decide how the training goes on.

        Within an epoch Keras takes the arrays out of the variables; this puts
        them back.

        Returns:
            Variables by name, as of `TrainingModel`.

        Raises:
            ValueError: If the model was not compiled.
        """
        self.jax_state_sync()
        return super().state()

    def gradients_so_far(self) -> GradientsSoFar:
        """Return what the newest steps' gradients were like."""
        self.jax_state_sync()
        return super().gradients_so_far()

    def steps_taken(self) -> int:
        """Return how many steps the optimizer has taken."""
        self.jax_state_sync()
        return super().steps_taken()

    def _symbolic_build(self, iterator=None, data_batch=None):
        # All is built, and the first batch need not be prepared twice.
        pass
