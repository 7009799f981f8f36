"""Squeeze-and-excitation (Hu et al. 2018)."""

import keras
from keras import ops

from keras_resnet.arguments import check_interval, check_positive_integer
from keras_resnet.layers.data_format import channel_axis
from keras_resnet.layers.registration import serializable

DIVISOR = 8


def squeezed_channels(channels: int, ratio: float, divisor: int = DIVISOR) -> int:
    """Width of the squeeze: `channels * ratio`, rounded to a multiple.

    Rounded to the nearest multiple of `divisor`, at least `divisor`, and never
    more than a tenth below what was asked, as the weights in common use have it.
    """
    wanted = channels * ratio
    rounded = max(divisor, int(wanted + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * wanted else rounded


@serializable
class SqueezeExcite(keras.layers.Layer):
    """Scales every channel by a gate that sees all of them (Hu et al. 2018).

    Global average, 1x1 convolution to `squeezed_channels`, ReLU, 1x1
    convolution back, sigmoid, product; both convolutions have biases.

    Args:
        ratio: Width of the squeeze as a share of the channels, in (0, 1].
            Defaults to `1 / 16`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first.
    Output shape: the same.

    Raises:
        ValueError: If `ratio` is outside (0, 1].
    """

    def __init__(self, ratio=1 / 16, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.ratio = check_interval("ratio", ratio, 0.0, 1.0, include_low=False)
        self.data_format = data_format or keras.config.image_data_format()
        self.channel_axis = channel_axis(self.data_format)

    def build(self, input_shape):
        """Make the two convolutions."""
        channels = check_positive_integer("channels", input_shape[self.channel_axis])
        narrow = squeezed_channels(channels, self.ratio)
        self.squeeze = self._convolution(narrow, "squeeze", "relu")
        self.excite = self._convolution(channels, "excite", "sigmoid")
        shape = [input_shape[0], 1, 1, 1]
        for layer, width in ((self.squeeze, channels), (self.excite, narrow)):
            shape[self.channel_axis] = width
            layer.build(tuple(shape))

    def _convolution(self, filters, name, activation):
        return keras.layers.Conv2D(
            filters,
            1,
            activation=activation,
            kernel_initializer="he_normal",
            data_format=self.data_format,
            name=f"{self.name}_{name}",
            dtype=self.dtype_policy,
        )

    def call(self, inputs):
        """Scale the channels."""
        if not self.built:
            self.build(inputs.shape)
        spatial = (1, 2) if self.channel_axis == 3 else (2, 3)
        gate = ops.mean(inputs, axis=spatial, keepdims=True)
        return inputs * self.excite(self.squeeze(gate))

    def compute_output_shape(self, input_shape):
        """Return `input_shape`."""
        return input_shape

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            "ratio": self.ratio,
            "data_format": self.data_format,
        }
