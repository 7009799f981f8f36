"""Residual blocks as in the first paper: the activation follows the addition."""

import keras

from keras_resnet.layers.block import Block, BottleneckStride, apply_layers
from keras_resnet.layers.registration import serializable
from keras_resnet.layers.shortcuts import shortcut_layers


class ResidualBlock(Block):
    """`y = activation(F(x) + s(x))` (He et al. 2015, equations 1 and 2).

    A subclass says what F is; see `Block` for the arguments.
    """

    def make_residual_layers(self) -> list[keras.layers.Layer]:
        """Make the layers of F."""
        raise NotImplementedError(
            f"{type(self).__name__} must say what F is in `make_residual_layers`."
        )

    def make_layers(self, input_channels):
        """Make the layers of the shortcut, of F, and of their junction."""
        self.shortcut_layers = shortcut_layers(
            self.shortcut, self, input_channels, self.filters * self.expansion
        )
        self.residual_layers = self.make_residual_layers()
        self.add = keras.layers.Add(name=f"{self.name}_add", dtype=self.dtype_policy)
        self.out = self.activation_layer("out")
        return [self.shortcut_layers, [*self.residual_layers, self.out]]

    def call(self, inputs, training=None):
        """Compute the block on (batch, height, width, channels)."""
        self.build_when_drawn(inputs)
        shortcut = apply_layers(self.shortcut_layers, inputs)

        def branch(x):
            return apply_layers(self.residual_layers, x)

        def join(residual):
            dropped = residual is None
            return self.out(shortcut if dropped else self.add([shortcut, residual]))

        return self.join_branch(inputs, branch, join, training)


@serializable
class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions beside a shortcut (He et al. 2015, figure 5, left).

    See `Block` for the arguments.
    """

    def make_residual_layers(self):
        """Make conv-BN-activation-conv-BN."""
        return [
            *self.convolution("1", self.filters, 3, self.stride),
            self.batch_normalization("1"),
            self.activation_layer("1_relu"),
            *self.convolution("2", self.filters, 3),
            self.batch_normalization("2", last=True),
        ]


@serializable
class BottleneckBlock(BottleneckStride, ResidualBlock):
    """1x1, 3x3 and 1x1 convolutions, four times as wide at its ends.

    He et al. 2015, figure 5, right. `stride_placement` is `"1x1"` (version 1)
    or `"3x3"` (version 1.5, the default); see `Block` for the other arguments.
    """

    def make_residual_layers(self):
        """Make conv-BN-activation-conv-BN-activation-conv-BN."""
        return [
            *self.convolution("1", self.filters, 1, self.stride_of("1x1")),
            self.batch_normalization("1"),
            self.activation_layer("1_relu"),
            *self.convolution("2", self.filters, 3, self.stride_of("3x3")),
            self.batch_normalization("2"),
            self.activation_layer("2_relu"),
            *self.convolution("3", self.filters * self.expansion, 1),
            self.batch_normalization("3", last=True),
        ]
