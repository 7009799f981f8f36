"""Padding that a max-pool does not see."""

import keras
from keras import ops

from keras_resnet.layers.registration import serializable


@serializable
class EdgePadding2D(keras.layers.Layer):
    """Repeats the pixels of the edge, one on every side.

    Before a 3x3 max-pool this is padding with minus infinity: what is added to
    a window is in it already. Unlike minus infinity it can be quantized.

    Args:
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first.
    Output shape: (batch, height + 2, width + 2, channels).
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = data_format or keras.config.image_data_format()
        self.built = True

    @property
    def _spatial(self):
        return (1, 2) if self.data_format == "channels_last" else (2, 3)

    def call(self, inputs):
        """Pad."""
        widths = [(1, 1) if axis in self._spatial else (0, 0) for axis in range(4)]
        return ops.pad(inputs, widths, mode="symmetric")

    def compute_output_shape(self, input_shape):
        """Return the shape, two larger in height and width."""
        return tuple(
            size + 2 if axis in self._spatial and size is not None else size
            for axis, size in enumerate(input_shape)
        )

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {**super().get_config(), "data_format": self.data_format}
