"""What every residual block is made of and how it is joined to its shortcut."""

import keras

from keras_resnet.arguments import check_choice, check_interval, check_positive_integer
from keras_resnet.layers.activations import ACTIVATIONS, activation_layer
from keras_resnet.layers.batch_normalization import BatchNormalization
from keras_resnet.layers.shortcuts import SHORTCUTS
from keras_resnet.layers.stochastic_depth import MODES, StochasticDepth

STRIDED_PADDINGS = ("symmetric", "same")


def apply_layers(layers, x):
    """Apply `layers` to `x` one after the other."""
    for layer in layers:
        x = layer(x)
    return x


class Block(keras.layers.Layer):
    """Base of the residual blocks: a residual branch beside a shortcut.

    A subclass lists its layers in `make_layers` and computes with them in
    `call`; that `call` is the only definition of its computation. `block(x)`
    is one node of a graph, which can be skipped, moved or deleted.
    `block.call(x)` with a symbolic `x` draws the same layers one by one into
    the graph, under the same names, as transfer learning and converters need
    them. A dropped block of stochastic depth saves its time as one node only.

    Args:
        filters: Width of the block: the channels of its 3x3 convolutions.
        stride: Stride in height and width. Defaults to `1`.
        shortcut: `"A"`, `"B"` or `"C"` (He et al. 2015, section 3.3): zero
            padding, projection where the shape changes, projection
            everywhere. Defaults to `"B"`.
        projection_batch_norm: Whether a projection is followed by batch
            normalization. Defaults to `True`.
        activation: `"relu"`, `"leaky_relu"`, `"prelu"` or `"elu"`. Defaults
            to `"relu"`.
        use_bias: Whether the convolutions have a bias. Defaults to `False`.
        epsilon: Of batch normalization. Defaults to `1e-5`.
        momentum: Of batch normalization's moving averages, in Keras's sense
            (0.9 is what PyTorch calls 0.1). Defaults to `0.9`.
        zero_last_gamma: Whether the residual branch starts at zero, by the
            scale of its last batch normalization (Goyal et al. 2017, section
            5.1). Defaults to `False`.
        strided_padding: Padding of a 3x3 convolution with stride 2:
            `"symmetric"`, one pixel on every side as in the papers' code and
            in PyTorch, or `"same"`, TensorFlow's rule. Defaults to
            `"symmetric"`.
        kernel_initializer: Of the convolutions. Defaults to `"he_normal"`.
        kernel_regularizer: Of the convolutions. Defaults to `None`.
        survival_probability: Probability that the residual branch survives a
            training step, in (0, 1] (see `StochasticDepth`). Defaults to `1.0`.
        stochastic_depth_mode: `"batch"` or `"sample"` (see `StochasticDepth`).
            Defaults to `"batch"`.
        seed: Integer seed of the block's random draws. Defaults to `None`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first.
    Output shape: (batch, ceil(height / stride), ceil(width / stride),
    filters * expansion), or channels first.

    Raises:
        ValueError: If an argument is not among those allowed.
        TypeError: If `filters` or `stride` is not an integer.
    """

    expansion = 1

    def __init__(
        self,
        filters,
        stride=1,
        *,
        shortcut="B",
        projection_batch_norm=True,
        activation="relu",
        use_bias=False,
        epsilon=1e-5,
        momentum=0.9,
        zero_last_gamma=False,
        strided_padding="symmetric",
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        survival_probability=1.0,
        stochastic_depth_mode="batch",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = check_positive_integer("filters", filters)
        self.stride = check_positive_integer("stride", stride)
        self.shortcut = check_choice("shortcut", shortcut, SHORTCUTS)
        self.projection_batch_norm = projection_batch_norm
        self.activation = check_choice("activation", activation, ACTIVATIONS)
        self.use_bias = use_bias
        self.epsilon = epsilon
        self.momentum = check_interval("momentum", momentum, 0.0, 1.0)
        self.zero_last_gamma = zero_last_gamma
        self.strided_padding = check_choice(
            "strided_padding", strided_padding, STRIDED_PADDINGS
        )
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.survival_probability = check_interval(
            "survival_probability", survival_probability, 0.0, 1.0, include_low=False
        )
        self.stochastic_depth_mode = check_choice(
            "stochastic_depth_mode", stochastic_depth_mode, MODES
        )
        self.seed = seed
        self.data_format = check_choice(
            "data_format",
            data_format or keras.config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.stochastic_depth = None
        if self.survival_probability < 1.0:
            self.stochastic_depth = StochasticDepth(
                self.survival_probability,
                self.stochastic_depth_mode,
                seed=seed,
                name=f"{self.name}_survival",
                dtype=self.dtype_policy,
            )

    # Makers of layers, used by the blocks and their shortcuts.

    @property
    def channel_axis(self) -> int:
        """Axis of the channels in a batch of images."""
        return 3 if self.data_format == "channels_last" else 1

    def convolution(self, suffix: str, filters: int, kernel_size: int, stride: int = 1):
        """Make a convolution, and the padding before it where that is its own.

        Args:
            suffix: What the layer's name says between the block's name and
                `_conv`.
            filters: Output channels.
            kernel_size: Height and width of the kernel.
            stride: Stride in height and width. Defaults to `1`.

        Returns:
            A list of one or two layers.
        """
        layers = []
        pads_itself = kernel_size == 1 or stride == 1 or self.strided_padding == "same"
        if not pads_itself:
            layers.append(
                keras.layers.ZeroPadding2D(
                    kernel_size // 2,
                    data_format=self.data_format,
                    name=f"{self.name}_{suffix}_pad",
                    dtype=self.dtype_policy,
                )
            )
        layers.append(
            keras.layers.Conv2D(
                filters,
                kernel_size,
                strides=stride,
                padding="same" if pads_itself and kernel_size > 1 else "valid",
                use_bias=self.use_bias,
                kernel_initializer=self._fresh_initializer(),
                kernel_regularizer=self.kernel_regularizer,
                data_format=self.data_format,
                name=f"{self.name}_{suffix}_conv",
                dtype=self.dtype_policy,
            )
        )
        return layers

    def batch_normalization(self, suffix: str, *, last: bool = False):
        """Make a batch normalization; `last` says that it ends the branch."""
        return BatchNormalization(
            axis=self.channel_axis,
            epsilon=self.epsilon,
            momentum=self.momentum,
            gamma_initializer="zeros" if last and self.zero_last_gamma else "ones",
            name=f"{self.name}_{suffix}_bn",
            dtype=self.dtype_policy,
        )

    def activation_layer(self, suffix: str):
        """Make the block's activation."""
        return activation_layer(
            self.activation,
            name=f"{self.name}_{suffix}",
            data_format=self.data_format,
            dtype=self.dtype_policy,
        )

    def _fresh_initializer(self):
        # A seedless initializer object that is used twice gives the same
        # values twice, so every convolution gets one of its own.
        initializer = self.kernel_initializer
        return initializer.__class__.from_config(initializer.get_config())

    # What a subclass says and how it is put together.

    def make_layers(self, input_channels: int) -> list[list[keras.layers.Layer]]:
        """Make the block's layers.

        Args:
            input_channels: Channels of the input.

        Returns:
            The chains of layers that start at the block's input, for
            `build`: each a list to be applied one after the other.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must say what its layers are in `make_layers`."
        )

    def build(self, input_shape):
        """Make and build the layers for (batch, height, width, channels)."""
        if len(input_shape) != 4 or input_shape[self.channel_axis] is None:
            raise ValueError(
                f"A {type(self).__name__} takes images of 4 axes with a known number "
                f"of channels. Received: input_shape={tuple(input_shape)}"
            )
        for chain in self.make_layers(input_shape[self.channel_axis]):
            shape = tuple(input_shape)
            for layer in chain:
                if not layer.built:
                    layer.build(shape)
                shape = tuple(layer.compute_output_shape(shape))

    def build_when_drawn(self, inputs) -> None:
        """Build on the way through `call`, which nobody does when it is drawn."""
        if not self.built:
            self.build(inputs.shape)

    def join_branch(self, inputs, branch, join, training):
        """Join the residual branch, under stochastic depth where there is one.

        Args:
            inputs: Tensor that `branch` takes.
            branch: Function of `inputs`: the residual branch, F(x).
            join: Function of F(x), or of `None` for a dropped branch, that
                returns the block's output.
            training: Whether this is a training step.
        """
        if self.stochastic_depth is None:
            return join(branch(inputs))
        if isinstance(inputs, keras.KerasTensor):
            # Drawn into a graph, nothing can be left out of it.
            return join(self.stochastic_depth(branch(inputs)))
        return self.stochastic_depth.run(
            inputs, branch, join, self.variables, training=training
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the block's output."""
        shape = [
            size if size is None or axis == 0 else -(-size // self.stride)
            for axis, size in enumerate(input_shape)
        ]
        shape[self.channel_axis] = self.filters * self.expansion
        return tuple(shape)

    def get_config(self):
        """Return the arguments that make this block again."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "stride": self.stride,
            "shortcut": self.shortcut,
            "projection_batch_norm": self.projection_batch_norm,
            "activation": self.activation,
            "use_bias": self.use_bias,
            "epsilon": self.epsilon,
            "momentum": self.momentum,
            "zero_last_gamma": self.zero_last_gamma,
            "strided_padding": self.strided_padding,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "survival_probability": self.survival_probability,
            "stochastic_depth_mode": self.stochastic_depth_mode,
            "seed": self.seed,
            "data_format": self.data_format,
        }


class BottleneckStride:
    """The choice of where a bottleneck has its stride, for blocks that have it.

    Args:
        *args: Arguments of the block.
        stride_placement: `"1x1"`, on the first convolution (He et al. 2015
            and keras.applications; version 1), or `"3x3"`, on the second
            (version 1.5). Defaults to `"3x3"`.
        **kwargs: Arguments of the block.
    """

    expansion = 4
    PLACEMENTS = ("1x1", "3x3")

    def __init__(self, *args, stride_placement="3x3", **kwargs):
        super().__init__(*args, **kwargs)
        self.stride_placement = check_choice(
            "stride_placement", stride_placement, self.PLACEMENTS
        )

    def stride_of(self, kernel: str) -> int:
        """Return the stride of the `"1x1"` or the `"3x3"` convolution."""
        return self.stride if kernel == self.stride_placement else 1

    def get_config(self):
        """Return the arguments that make this block again."""
        return {**super().get_config(), "stride_placement": self.stride_placement}
