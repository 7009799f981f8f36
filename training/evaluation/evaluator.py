"""Evaluation over several replicas in which every example counts once."""

from typing import TYPE_CHECKING

import numpy as np

from keras_resnet.training.datasets.broken_files import IN_TRAINING, naming_unreadable
from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.evaluation.crops import ONE
from keras_resnet.training.evaluation.outcomes import Outcomes, Score
from keras_resnet.training.evaluation.predictions import log_probabilities, outcome
from keras_resnet.training.evaluation.view_batches import view_batches
from keras_resnet.training.input import share_out
from keras_resnet.training.jax_backend.devices import JaxDevices
from keras_resnet.training.jax_backend.inference import make_inference
from keras_resnet.training.traced_function import traced

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    import tensorflow as tf


class Evaluator:
    """Scores a model on the replicas that it trains on.

    Batches that the replicas cannot share evenly, and the last one, are filled
    up with images that count for nothing. Every worker must call it: each
    scores its share, and all get the score of the whole.

    Args:
        model: A model built under `strategy`, for example a `TrainingModel`.
            Within its `averaged_weights` those are scored.
        strategy: A `tf.distribute.Strategy`, or devices of JAX.
        split: The examples.
        image_shape: `(height, width, channels)` that the model takes.
        batch_size: Images a step, over all replicas; fewer where an image has
            several crops.
        framing: How images are resized and cropped. Defaults to the central
            0.875 of a larger image, and all of a smaller one.
        crops: `"1"`, the centre; `"10"`, the corners and the centre, also
            mirrored; or `"multi_scale"`, the whole image at five sizes, for a
            model that takes images of any size. Defaults to `"1"`.
        gives_logits: Whether the model returns logits, not probabilities.
            Defaults to True.
        advice: What to say besides if an image file can no longer be read.
            Defaults to what a training does.

    Raises:
        TypeError: If `batch_size` is not an integer.
        ValueError: If an argument does not fit.
    """

    def __init__(
        self,
        model: "keras.Model",
        strategy: "tf.distribute.Strategy | JaxDevices",
        split: Split,
        image_shape,
        batch_size: int,
        framing: Framing | None = None,
        crops: str = ONE,
        gives_logits: bool = True,
        advice: str = IN_TRAINING,
    ):
        import tensorflow as tf

        def batches_of(share):
            return view_batches(
                split,
                image_shape,
                batch_size,
                crops,
                framing or Framing(),
                strategy.num_replicas_in_sync,
                share,
            )

        self._split, self._advice = split, advice
        batches = share_out(strategy, batches_of)
        on_jax = isinstance(strategy, JaxDevices)
        infer = (
            make_inference(model, strategy)
            if on_jax
            else lambda images: model(images, training=False)
        )

        def examine(views, labels, weights):
            logs = log_probabilities(infer, views, gives_logits)
            return labels, *outcome(logs, labels), weights

        if on_jax:
            self._batches, self._step = batches, examine
            return
        if isinstance(batches, tf.data.Dataset):
            batches = strategy.experimental_distribute_dataset(batches)
        self._batches = batches

        def step(*batch):
            return tuple(
                strategy.gather(value, axis=0)
                for value in strategy.run(examine, args=batch)
            )

        self._step = traced(step)

    def outcomes(self, on_batch: "Callable[[int], None] | None" = None) -> Outcomes:
        """Return what the model, as it is now, makes of each example.

        Args:
            on_batch: Called after each batch with the number of its examples.
                Defaults to nothing.
        """
        parts = []
        with naming_unreadable(self._split, self._advice):
            for batch in self._batches:
                *values, weights = (value.numpy() for value in self._step(*batch))
                is_example = weights > 0
                parts.append([value[is_example] for value in values])
                if on_batch is not None:
                    on_batch(int(np.count_nonzero(is_example)))
        return Outcomes(*map(np.concatenate, zip(*parts, strict=True)))

    def __call__(self, on_batch: "Callable[[int], None] | None" = None) -> Score:
        """Score the model as it is now; takes what `outcomes` does."""
        return self.outcomes(on_batch).score()
