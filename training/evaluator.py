"""Evaluation over several replicas in which every example counts once."""

import dataclasses
from typing import TYPE_CHECKING

from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.distribution import check_batch_size

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Score:
    """How a classifier did on a split.

    Attributes:
        loss: Mean cross entropy, in nats, without label smoothing.
        accuracy: Share of the examples whose most probable class is right.
        count: How many examples were counted.
    """

    loss: float
    accuracy: float
    count: int


def pad_batch(images: "tf.Tensor", labels: "tf.Tensor", batch_size: int):
    """Fill an incomplete batch with black images that count for nothing.

    Replicas share a batch evenly, and one without any image would fail.

    Args:
        images: `(batch, height, width, channels)`, at most `batch_size`.
        labels: `(batch,)`.
        batch_size: Images to return.

    Returns:
        `(images, labels, weights)`, where the weight is 1 for an image that
        was there and 0 for one that was not.
    """
    import tensorflow as tf

    present = tf.shape(labels)[0]
    missing = batch_size - present
    weights = tf.concat([tf.ones((present,)), tf.zeros((missing,))], axis=0)
    padded = [
        tf.ensure_shape(
            tf.pad(values, [[0, missing]] + [[0, 0]] * (len(values.shape) - 1)),
            (batch_size, *values.shape[1:]),
        )
        for values in (images, labels)
    ]
    return (*padded, tf.ensure_shape(weights, (batch_size,)))


class Evaluator:
    """Scores a model that returns logits, on the replicas that it trains on.

    Args:
        model: A model built under `strategy`.
        strategy: A `tf.distribute.Strategy`.
        split: The examples.
        image_shape: `(height, width, channels)` that the model takes.
        batch_size: Images a step, a multiple of the replicas.

    Raises:
        ValueError: If an argument does not fit.
    """

    def __init__(
        self,
        model: "keras.Model",
        strategy: "tf.distribute.Strategy",
        split: Split,
        image_shape,
        batch_size: int,
    ):
        import tensorflow as tf

        check_batch_size(batch_size, strategy.num_replicas_in_sync)
        self._strategy = strategy
        batches = evaluation_batches(split, image_shape, batch_size).map(
            lambda images, labels: pad_batch(images, labels, batch_size)
        )
        self._batches = strategy.experimental_distribute_dataset(batches)

        def sums(images, labels, weights):
            logits = tf.cast(model(images, training=False), tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            right = tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), labels)
            return (
                tf.reduce_sum(losses * weights),
                tf.reduce_sum(tf.cast(right, tf.float32) * weights),
                tf.reduce_sum(weights),
            )

        def step(*batch):
            return tuple(
                strategy.reduce("SUM", value, axis=None)
                for value in strategy.run(sums, args=batch)
            )

        self._step = tf.function(step)

    def __call__(self) -> Score:
        """Score the model as it is now."""
        loss = right = count = 0.0
        for batch in self._batches:
            # Summed up in double precision: a float32 sum over a large split
            # would lose digits.
            sums = [float(value) for value in self._step(*batch)]
            loss, right, count = loss + sums[0], right + sums[1], count + sums[2]
        return Score(loss=loss / count, accuracy=right / count, count=int(count))
