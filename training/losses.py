"""Cross entropy on integer labels, with label smoothing."""

import keras
from keras import ops

from keras_resnet.arguments import check_interval

PACKAGE = "keras_resnet"


@keras.saving.register_keras_serializable(PACKAGE)
class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross entropy of logits with integer labels (Szegedy et al., 2016).

    The target of an example is `1 - smoothing` on its class plus `smoothing`
    spread evenly over all classes. Keras's sparse loss takes no smoothing,
    and its dense one needs one-hot labels.

    Args:
        smoothing: Share spread over all classes, in 0..1. Defaults to 0,
            plain cross entropy.
        name: Name of the loss.
        **kwargs: Of `keras.losses.Loss`.
    """

    def __init__(
        self, smoothing: float = 0.0, name: str = "smoothed_cross_entropy", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.smoothing = check_interval("smoothing", smoothing, 0.0, 1.0)

    def call(self, y_true, y_pred):
        """Return the loss of each example.

        Args:
            y_true: Integer labels, `(batch,)`.
            y_pred: Logits, `(batch, classes)`.
        """
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        plain = keras.losses.sparse_categorical_crossentropy(
            labels, y_pred, from_logits=True
        )
        if not self.smoothing:
            return plain
        # Cross entropy is linear in the target.
        uniform = -ops.mean(ops.log_softmax(y_pred, axis=-1), axis=-1)
        return (1.0 - self.smoothing) * plain + self.smoothing * uniform

    def get_config(self) -> dict:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "smoothing": self.smoothing}
