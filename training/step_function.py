"""Several steps in one call of TensorFlow, as Keras's `fit` wants them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import keras

from keras_resnet.training.traced_function import traced
from keras_resnet.training.watching.input_wait import InputWait, next_batch

if TYPE_CHECKING:
    import tensorflow as tf


class StepsInCall(keras.callbacks.Callback):
    """Tells how many steps the next call has: the last one may have fewer.

    Args:
        steps_per_call: Steps of a call.

    Attributes:
        training: Steps of the next call of the training function; None where
            the number of batches is not known.
        testing: The same of the test function.
        test_total: Steps of an evaluation, where it was given as a number.
    """

    def __init__(self, steps_per_call: int):
        super().__init__()
        self._steps_per_call = steps_per_call
        self.test_total = self.training = self.testing = None

    def on_train_batch_begin(self, batch, logs=None):
        """Count the steps of the call that begins with `batch`."""
        self.training = self._steps(batch, self.params["steps"])

    def on_test_batch_begin(self, batch, logs=None):
        """Count the steps of the call that begins with `batch`."""
        # Within `fit` the parameters of a callback are those of the training.
        self.testing = self._steps(batch, self.test_total)

    def _steps(self, batch: int, total: int | None) -> int | None:
        return None if total is None else min(self._steps_per_call, total - batch)


def make_step_function(
    step: "Callable[[object], None]",
    results: Callable[[], dict],
    most: int,
    wait: InputWait | None = None,
) -> "Callable[[tf.data.Iterator, int | None], dict]":
    """Return a function that takes so many steps from an iterator.

    Args:
        step: Takes one batch, in the cross-replica context.
        results: Returns what to log, in the cross-replica context.
        most: Largest number of steps in a call.
        wait: Is told how long the steps wait for their batches. Defaults to
            nobody.

    Returns:
        A function of an iterator over (distributed) batches and of a number
        of steps, or None for as many as there are up to `most`. It raises
        `StopIteration` where there is no batch at all.
    """
    import tensorflow as tf

    def step_if_any(iterator):
        # What does not depend on the batch, such as the count of the steps,
        # would run although the batches have run out.
        batch, is_there, waited = next_batch(iterator)

        def take():
            step(batch.get_value())
            return tf.constant(True)

        return tf.cond(is_there, take, lambda: tf.constant(False)), waited

    @traced
    def steps(iterator, count):
        if most == 1:
            any_taken, waited = step_if_any(iterator)
            return results(), any_taken, waited

        def again(taken, more, waited):
            return tf.logical_and(taken < count, more)

        def take(taken, more, waited):
            more, longer = step_if_any(iterator)
            return taken + tf.cast(more, tf.int32), more, waited + longer

        taken, _, waited = tf.while_loop(
            again,
            take,
            (tf.constant(0), tf.constant(True), tf.constant(0.0, tf.float64)),
            parallel_iterations=1,
        )
        return results(), taken > 0, waited

    def take_steps(iterator, count):
        count = tf.constant(most if count is None else count)
        logs, any_taken, waited = steps(iterator, count)
        if wait is not None:
            wait.add(float(waited))
        if not any_taken:
            raise StopIteration
        return logs

    return take_steps
