"""What the second paper compares with the identity shortcut.

He et al. 2016, section 3 and figure 2: with h the function of the shortcut,
every unit computes `h(x) + F(x)`, and anything but the identity does worse.
"""

import keras

from keras_resnet.layers.chain import apply_layers

# Published with the networks of section 3.1.
SCALE = 0.5
DROPOUT_RATE = 0.5
# Where the paper's search over the gate's initial bias ends up.
GATE_BIAS = -6.0


class Identity:
    """`h(x) = x`; figure 2 (a).

    Args:
        block: The block that the function belongs to.
    """

    def __init__(self, block):
        self.layers = self.make_layers(block)

    def make_layers(self, block) -> list[keras.layers.Layer]:
        """Make the layers that the function needs."""
        del block
        return []

    def __call__(self, inputs, shortcut, training=None):
        """Apply the function.

        Args:
            inputs: What comes into the block.
            shortcut: The shortcut, of the shape of the block's output.
            training: Whether this is a training step.

        Returns:
            The changed shortcut, and what to multiply F with, or `None`.
        """
        del inputs, training
        return shortcut, None


class ConstantScaling(Identity):
    """`h(x) = 0.5 x`, and `0.5 F(x)`; figure 2 (b)."""

    def __call__(self, inputs, shortcut, training=None):
        """Scale both by a half."""
        return shortcut * SCALE, SCALE


class ShortcutOnlyGating(Identity):
    """`h(x) = (1 - g(x)) x`, `g(x) = sigmoid(W x + b)`; figure 2 (d)."""

    def make_layers(self, block):
        """Make the gate, a 1x1 convolution with a sigmoid."""
        return [
            keras.layers.Conv2D(
                block.output_channels,
                1,
                strides=block.stride,
                activation="sigmoid",
                kernel_initializer="he_normal",
                bias_initializer=keras.initializers.Constant(GATE_BIAS),
                data_format=block.data_format,
                name=f"{block.name}_gate_conv",
                dtype=block.dtype_policy,
            )
        ]

    def __call__(self, inputs, shortcut, training=None):
        """Gate the shortcut."""
        (gate,) = self.layers
        return shortcut * (1.0 - gate(inputs)), None


class ExclusiveGating(ShortcutOnlyGating):
    """`h(x) = (1 - g(x)) x`, and `g(x) F(x)`; figure 2 (c)."""

    def __call__(self, inputs, shortcut, training=None):
        """Gate the shortcut and, the other way round, F."""
        (layer,) = self.layers
        gate = layer(inputs)
        return shortcut * (1.0 - gate), gate


class DropoutShortcut(Identity):
    """`h(x)` drops half of x in training; figure 2 (f)."""

    def make_layers(self, block):
        """Make the dropout."""
        return [
            keras.layers.Dropout(
                DROPOUT_RATE,
                seed=block.seed,
                name=f"{block.name}_shortcut_dropout",
                dtype=block.dtype_policy,
            )
        ]

    def __call__(self, inputs, shortcut, training=None):
        """Drop from the shortcut."""
        return apply_layers(self.layers, shortcut, training), None


# The 1x1 convolution of figure 2 (e) is a projection in every block: `shortcut="C"`.
SHORTCUT_FUNCTIONS = {
    "identity": Identity,
    "constant_scaling": ConstantScaling,
    "exclusive_gating": ExclusiveGating,
    "shortcut_only_gating": ShortcutOnlyGating,
    "convolution": Identity,
    "dropout": DropoutShortcut,
}
