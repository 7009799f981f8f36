"""The normalization of raw images, as a layer of the model."""

import keras
from keras import ops

from keras_resnet.layers.data_format import channel_axis
from keras_resnet.layers.registration import serializable


@serializable
class ImageNormalization(keras.layers.Layer):
    """Turns raw pixels, 0 to 255, into what a network was trained on.

    `(pixels - mean) / standard_deviation`, channel by channel, after the
    channels have been put in the order that the network wants.

    Args:
        mean: One number, or one a channel, in the units of a pixel, in the
            order of the output channels. Defaults to `0.0`.
        standard_deviation: Likewise. Defaults to `1.0`.
        reverse_channels: Whether RGB becomes BGR. Defaults to `False`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first; RGB where
    there are three. Output shape: the same.
    """

    def __init__(
        self,
        mean=0.0,
        standard_deviation=1.0,
        reverse_channels=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.mean = _as_list(mean)
        self.standard_deviation = _as_list(standard_deviation)
        self.reverse_channels = reverse_channels
        self.data_format = data_format or keras.config.image_data_format()
        self.channel_axis = channel_axis(self.data_format)
        self.built = True

    def call(self, inputs):
        """Normalize raw pixels."""
        # Keras leaves integers as they are, and in them a scale would be 0.
        x = ops.cast(inputs, self.compute_dtype)
        if self.reverse_channels:
            x = ops.flip(x, axis=self.channel_axis)
        # The layer is one multiplication and one addition: what a converter
        # folds, and what half-precision rounds least.
        scale = [1.0 / deviation for deviation in self.standard_deviation]
        x = x * self._by_channel(scale, x)
        if any(self.mean):
            shift = [-m / d for m, d in zip(*self._aligned(), strict=True)]
            x = x + self._by_channel(shift, x)
        return x

    def _aligned(self):
        length = max(len(self.mean), len(self.standard_deviation))
        return [
            values * length if len(values) == 1 else values
            for values in (self.mean, self.standard_deviation)
        ]

    def _by_channel(self, values, like):
        shape = [1] * 4
        shape[self.channel_axis] = len(values)
        return ops.reshape(ops.convert_to_tensor(values, dtype=like.dtype), shape)

    def compute_output_shape(self, input_shape):
        """Return `input_shape`."""
        return input_shape

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            "mean": self.mean,
            "standard_deviation": self.standard_deviation,
            "reverse_channels": self.reverse_channels,
            "data_format": self.data_format,
        }


def _as_list(value) -> list[float]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [float(item) for item in values]
