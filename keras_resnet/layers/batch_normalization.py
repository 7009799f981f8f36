"""Batch normalization through TensorFlow's fused kernel."""

import keras

from keras_resnet.layers.registration import serializable

FUSED_DTYPES = ("float32", "bfloat16", "float16")


@serializable
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization (Ioffe & Szegedy 2015), fused where TensorFlow can.

    Keras 3 composes batch normalization of elementary operations and widens
    half-precision inputs to float32 first. On the TensorFlow backend this
    layer calls the one kernel made for it, which reads the input once, keeps
    half-precision activations as they are and sums in float32. Arguments,
    variables, their names and the meaning of the moving averages are those of
    `keras.layers.BatchNormalization`; a model saved with either loads into
    the other.

    The fused kernel serves inputs of shape (batch, height, width, channels)
    in float32, bfloat16 and float16. For `synchronized=True`, `renorm=True`,
    a mask, another axis or rank, and on the other backends, the layer computes
    what its base class computes.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalize `inputs`, (batch, height, width, channels)."""
        if not self._serves_fused(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        channels = inputs.shape[-1]
        scale = self.gamma if self.scale else tf.ones((channels,))
        offset = self.beta if self.center else tf.zeros((channels,))
        statistics_of_batch = bool(training) and self.trainable
        # With `is_training` the kernel wants its moving statistics empty.
        mean = [] if statistics_of_batch else self.moving_mean
        variance = [] if statistics_of_batch else self.moving_variance
        normalized = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(scale, tf.float32),
            offset=tf.cast(offset, tf.float32),
            mean=tf.cast(mean, tf.float32),
            variance=tf.cast(variance, tf.float32),
            epsilon=self.epsilon,
            is_training=statistics_of_batch,
        )
        if statistics_of_batch:
            self._update_moving_statistics(
                inputs, normalized.batch_mean, normalized.batch_variance
            )
        return normalized.y

    def _serves_fused(self, inputs, mask) -> bool:
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and mask is None
            and not self.synchronized
            and not self.renorm
            and keras.backend.standardize_dtype(inputs.dtype) in FUSED_DTYPES
        )

    def _update_moving_statistics(self, inputs, mean, variance) -> None:
        import tensorflow as tf

        # The kernel returns the unbiased variance, n / (n - 1) times the
        # biased one that Keras averages (for n = 1 it returns the biased one).
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        biased = variance * (tf.maximum(count - 1.0, 1.0) / count)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, biased)):
            old = tf.cast(moving, tf.float32)
            moving.assign(
                tf.cast(
                    old * self.momentum + value * (1.0 - self.momentum), moving.dtype
                )
            )
