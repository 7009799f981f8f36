"""Batches that another thread fetches, so that waiting for one can be ended."""

import contextlib
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# Batches that are fetched ahead.
AHEAD = 2
# How long the thread may take to end.
CLOSING_SECONDS = 5.0


class Delivery:
    """Fetches batches in a thread, and hands them on in a dataset.

    TensorFlow waits for a tf.data service as long as an hour, and what waits
    in the midst of a training step cannot be called back. Here a thread waits,
    which can be, and says since when. An error of the batches, or that with
    which they are called back, comes out of the dataset in the place of the
    first batch that is missing.

    The tensors are handed on, not copied.

    Args:
        batches: Batches of known shapes.
        total: How many there are.

    Attributes:
        dataset: The same batches, of a length that is not known, to be
            iterated over once.
        failure: What ended them early, or None.
    """

    def __init__(self, batches: "tf.data.Dataset", total: int):
        import tensorflow as tf
        from tensorflow.python.eager import cancellation

        specs = tf.nest.flatten(batches.element_spec)
        self.failure = None
        self._asked = None
        self._cancellation = cancellation.CancellationManager()
        with tf.device("CPU:0"):
            self._nothing = [tf.zeros(spec.shape, spec.dtype) for spec in specs]
            self._queue = tf.queue.FIFOQueue(
                AHEAD,
                [tf.bool, *(spec.dtype for spec in specs)],
                [(), *(spec.shape for spec in specs)],
            )
        # Where Keras knows the length, it counts every call as a full one and
        # ends too early; a dataset that may end anywhere has none.
        self.dataset = (
            tf.data.Dataset.range(total)
            .map(lambda _: self._next_of_queue(batches.element_spec))
            .take_while(lambda *_: True)
        )
        self._thread = threading.Thread(
            target=self._fetch, args=(batches,), name="delivery", daemon=True
        )
        self._thread.start()

    def waiting(self) -> float:
        """Return for how many seconds it has waited for a batch by now."""
        asked = self._asked
        return 0.0 if asked is None else time.monotonic() - asked

    def call_back(self, failure: Exception) -> None:
        """End the waiting for a batch with an error.

        It comes behind the batches that are there: this returns when they are
        taken, or when another thread closes the delivery.
        """
        self.failure = failure
        self._cancellation.start_cancel()
        self._hand_on_nothing()

    def close(self) -> None:
        """End the thread, whatever it waits for."""
        self._cancellation.start_cancel()
        self._queue.close(cancel_pending_enqueues=True)
        # What TensorFlow begins an iterator with cannot be cancelled.
        self._thread.join(CLOSING_SECONDS)

    def _hand_on_nothing(self) -> None:
        import tensorflow as tf

        # Nobody waits at a queue that was closed.
        with contextlib.suppress(tf.errors.CancelledError):
            self._queue.enqueue([False, *self._nothing])

    def _next_of_queue(self, spec):
        import tensorflow as tf

        is_there, *parts = self._queue.dequeue()
        check = tf.debugging.Assert(is_there, ["A batch is missing."])
        with tf.control_dependencies([check]):
            return tf.nest.pack_sequence_as(spec, [tf.identity(p) for p in parts])

    def _fetch(self, batches: "tf.data.Dataset") -> None:
        import tensorflow as tf

        try:
            self._asked = time.monotonic()
            fetch = _cancellable(batches, self._cancellation)
            while True:
                parts = fetch()
                self._asked = None
                self._queue.enqueue([True, *parts])
                self._asked = time.monotonic()
        except tf.errors.OutOfRangeError:
            self._asked = None
            # `close` may have come first.
            with contextlib.suppress(tf.errors.CancelledError):
                self._queue.close()
        except Exception as error:
            # Whatever it is, the training must not wait for a batch for ever.
            self._asked = None
            if not self._cancellation.is_cancelled:
                self.failure = error
                self._hand_on_nothing()


def _cancellable(batches: "tf.data.Dataset", cancellation):
    """Return a function that returns the next batch, or fails when cancelled."""
    import tensorflow as tf
    from tensorflow.python.eager import context, execute

    iterator = iter(batches)
    flat = tf.nest.flatten(batches.element_spec)
    attributes = (
        "output_types",
        [spec.dtype.as_datatype_enum for spec in flat],
        "output_shapes",
        [spec.shape for spec in flat],
    )

    def fetch():
        return execute.execute_with_cancellation(
            "IteratorGetNext",
            num_outputs=len(flat),
            inputs=[iterator._iterator_resource],
            attrs=attributes,
            ctx=context.context(),
            cancellation_manager=cancellation,
        )

    return fetch
