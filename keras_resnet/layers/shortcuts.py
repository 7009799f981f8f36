"""The shortcuts of a residual block (He et al. 2015, section 3.3)."""

import keras
from keras import ops

from keras_resnet.arguments import check_positive_integer
from keras_resnet.layers.convolution import Convolution
from keras_resnet.layers.data_format import channel_axis
from keras_resnet.layers.output_shape import strided_shape
from keras_resnet.layers.registration import serializable

# What s does where the block changes the shape; elsewhere it is the identity,
# but for C, which projects in every block.
SHORTCUTS = {
    "A": "subsampling, and padding with channels of zeros",
    "B": "1x1 projection",
    "C": "1x1 projection in every block",
    "subsampled": "1x1 projection where the channels change, else subsampling",
    "average_pool": "2x2 average pool, then 1x1 projection with stride 1",
    "none": "no shortcut: a plain network",
}


@serializable
class ZeroPaddedIdentity(keras.layers.Layer):
    """Shortcut A: subsample in space and pad with channels of zeros.

    The added channels are split evenly to both sides, as the CIFAR networks
    in common use do it (the paper leaves the place open), so that their
    weights fit.

    Args:
        filters: Number of output channels.
        stride: Subsampling factor in height and width. Defaults to `1`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first.
    Output shape: (batch, ceil(height / stride), ceil(width / stride), filters).

    Raises:
        ValueError: If the input has more channels than `filters`.
    """

    def __init__(self, filters, stride=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.filters = check_positive_integer("filters", filters)
        self.stride = check_positive_integer("stride", stride)
        self.data_format = data_format or keras.config.image_data_format()
        self.channel_axis = channel_axis(self.data_format)

    def build(self, input_shape):
        """Check that there is room for the input's channels."""
        if input_shape[self.channel_axis] > self.filters:
            raise ValueError(
                "Shortcut 'A' pads channels and cannot remove them: `filters` must be "
                f"at least {input_shape[self.channel_axis]}. "
                f"Received: filters={self.filters}"
            )

    def call(self, inputs):
        """Subsample and pad."""
        x = inputs
        if self.stride > 1:
            # A 1x1 pool is subsampling that every edge compiler maps; a
            # strided slice is not.
            x = ops.max_pool(
                x, 1, self.stride, padding="valid", data_format=self.data_format
            )
        missing = self.filters - inputs.shape[self.channel_axis]
        if not missing:
            return x
        paddings = [(0, 0)] * 4
        paddings[self.channel_axis] = (missing // 2, missing - missing // 2)
        return ops.pad(x, paddings)

    def compute_output_shape(self, input_shape):
        """Return the shape after subsampling and padding."""
        return strided_shape(input_shape, self.stride, self.filters, self.channel_axis)

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "stride": self.stride,
            "data_format": self.data_format,
        }


def shortcut_layers(block, input_channels: int) -> list[keras.layers.Layer]:
    """Make the layers of a block's shortcut, none for an identity.

    Args:
        block: The `keras_resnet.layers.Block` that the shortcut belongs to;
            its makers of layers are used.
        input_channels: Channels that come in.

    Returns:
        The layers, to be applied one after the other.
    """
    # The second paper's 1x1 convolution is the first one's option C.
    kind = "C" if block.shortcut_function == "convolution" else block.shortcut
    stride, same_channels = block.stride, input_channels == block.output_channels
    if kind == "none" or (kind != "C" and stride == 1 and same_channels):
        return []
    common = {"data_format": block.data_format, "dtype": block.dtype_policy}
    if kind == "A":
        return [
            ZeroPaddedIdentity(
                block.output_channels, stride, name=f"{block.name}_0_pad", **common
            )
        ]
    if kind == "subsampled" and same_channels:
        return [
            keras.layers.MaxPooling2D(1, stride, name=f"{block.name}_0_pool", **common)
        ]
    layers = []
    if kind == "average_pool" and (stride > 1 or block.dilation > 1):
        layers.append(
            keras.layers.AveragePooling2D(
                2, stride, padding="same", name=f"{block.name}_0_pool", **common
            )
        )
        stride = 1
    normalized = block.projection_batch_norm
    layers += block.convolution_layers(
        "0", Convolution(block.output_channels, 1, stride), normalized=normalized
    )
    if normalized:
        layers.append(block.batch_normalization("0"))
    return layers
