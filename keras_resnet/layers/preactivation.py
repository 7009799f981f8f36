"""Pre-activation residual blocks: nothing follows the addition."""

import keras

from keras_resnet.layers.block import Block, BottleneckStride, apply_layers
from keras_resnet.layers.registration import serializable
from keras_resnet.layers.shortcuts import shortcut_layers


class PreactivationBlock(Block):
    """`y = s(x) + F(x)`, F starting with BN and activation (He et al. 2016).

    Figure 4 (e) of the paper. A projection takes the activated input, as in
    the authors' code; an identity takes the input itself. A projection has no
    batch normalization of its own unless `projection_batch_norm` asks for it.
    A network of such blocks ends in one more batch normalization and
    activation. A subclass says what follows the first activation; see `Block`
    for the arguments.
    """

    def __init__(self, *args, projection_batch_norm=False, **kwargs):
        super().__init__(*args, projection_batch_norm=projection_batch_norm, **kwargs)

    def make_residual_layers(self) -> list[keras.layers.Layer]:
        """Make the layers of F that follow its first activation."""
        raise NotImplementedError(
            f"{type(self).__name__} must say what F is in `make_residual_layers`."
        )

    def make_layers(self, input_channels):
        """Make the first activation, the shortcut, the rest of F, the addition."""
        self.preactivation_layers = [
            self.batch_normalization("preact"),
            self.activation_layer("preact_relu"),
        ]
        self.shortcut_layers = shortcut_layers(
            self.shortcut, self, input_channels, self.filters * self.expansion
        )
        self.residual_layers = self.make_residual_layers()
        self.out = keras.layers.Add(name=f"{self.name}_out", dtype=self.dtype_policy)
        return [
            self.shortcut_layers,
            [*self.preactivation_layers, *self.residual_layers],
        ]

    def call(self, inputs, training=None):
        """Compute the block on (batch, height, width, channels)."""
        self.build_when_drawn(inputs)
        projects = bool(self.shortcut_layers) and self.shortcut != "A"
        x, before_residual = inputs, self.preactivation_layers
        if projects:
            x, before_residual = apply_layers(self.preactivation_layers, inputs), []
        shortcut = apply_layers(self.shortcut_layers, x)

        def branch(x):
            return apply_layers([*before_residual, *self.residual_layers], x)

        def join(residual):
            return shortcut if residual is None else self.out([shortcut, residual])

        return self.join_branch(x, branch, join, training)


@serializable
class PreactivationBasicBlock(PreactivationBlock):
    """Two 3x3 convolutions, each after BN and activation (He et al. 2016).

    See `Block` for the arguments.
    """

    def make_residual_layers(self):
        """Make conv-BN-activation-conv."""
        return [
            *self.convolution("1", self.filters, 3, self.stride),
            self.batch_normalization("1"),
            self.activation_layer("1_relu"),
            *self.convolution("2", self.filters, 3),
        ]


@serializable
class PreactivationBottleneckBlock(BottleneckStride, PreactivationBlock):
    """1x1, 3x3 and 1x1 convolutions, each after BN and activation (He et al. 2016).

    `stride_placement` is `"1x1"` or `"3x3"` (the default); see `Block` for the
    other arguments.
    """

    def make_residual_layers(self):
        """Make conv-BN-activation-conv-BN-activation-conv."""
        return [
            *self.convolution("1", self.filters, 1, self.stride_of("1x1")),
            self.batch_normalization("1"),
            self.activation_layer("1_relu"),
            *self.convolution("2", self.filters, 3, self.stride_of("3x3")),
            self.batch_normalization("2"),
            self.activation_layer("2_relu"),
            *self.convolution("3", self.filters * self.expansion, 1),
        ]
