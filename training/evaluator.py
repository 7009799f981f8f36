"""Evaluation over several replicas in which every example counts once."""

import dataclasses
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_positive_integer
from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.distribution import share_by_batch
from keras_resnet.training.partial_batches import pad_batch

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


class Evaluator:
    """Scores a model that returns logits, on the replicas that it trains on.

    Batches that the replicas cannot share evenly, and the last one, are filled
    up with images that count for nothing. Every worker must call it: each
    scores its share, and all get the score of the whole.

    Args:
        model: A model built under `strategy`, for example a `TrainingModel`.
            Within its `averaged_weights` those are scored.
        strategy: A `tf.distribute.Strategy`.
        split: The examples.
        image_shape: `(height, width, channels)` that the model takes.
        batch_size: Images a step, over all replicas.

    Raises:
        TypeError: If `batch_size` is not an integer.
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

        check_positive_integer("batch_size", batch_size)
        replicas = strategy.num_replicas_in_sync
        padded = -(-batch_size // replicas) * replicas
        batches = evaluation_batches(split, image_shape, batch_size).map(
            lambda images, labels: pad_batch(images, labels, padded)
        )
        self._batches = strategy.experimental_distribute_dataset(
            share_by_batch(batches)
        )

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

        self._step = tf.function(step, autograph=False)

    def __call__(self) -> Score:
        """Score the model as it is now."""
        loss = right = count = 0.0
        for batch in self._batches:
            # Summed up in double precision: a float32 sum over a large split
            # would lose digits.
            sums = [float(value) for value in self._step(*batch)]
            loss, right, count = loss + sums[0], right + sums[1], count + sums[2]
        return Score(loss=loss / count, accuracy=right / count, count=int(count))
