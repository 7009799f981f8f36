"""Accuracy where the labels of mixed images are shares of classes."""

import keras
from keras import ops

from keras_resnet.training.losses import are_shares

PACKAGE = "keras_resnet"


@keras.saving.register_keras_serializable(PACKAGE)
def right(labels, scores):
    """Tell for each example whether the highest score is on its class.

    Args:
        labels: Integers, `(batch,)` or `(batch, 1)`, or shares of the classes,
            `(batch, classes)`, of which the largest counts.
        scores: `(batch, classes)`.

    Returns:
        Ones and zeros, `(batch,)`.
    """
    if are_shares(labels, scores.shape[-1]):
        labels = ops.argmax(labels, axis=-1)
    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    chosen = ops.cast(ops.argmax(scores, axis=-1), "int32")
    return ops.cast(labels == chosen, "float32")


@keras.saving.register_keras_serializable(PACKAGE)
class LabelAccuracy(keras.metrics.MeanMetricWrapper):
    """How often the highest score is on the class with the largest share.

    With integer labels it is `keras.metrics.SparseCategoricalAccuracy`.

    Args:
        name: Name of the metric. Defaults to `"accuracy"`.
        dtype: Of its sums. Defaults to float32.
    """

    def __init__(self, name: str = "accuracy", dtype=None):
        super().__init__(right, name=name, dtype=dtype)

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {"name": self.name, "dtype": self.dtype}
