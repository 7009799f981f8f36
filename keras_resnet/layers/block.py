"""What every residual block is made of and how it is joined to its shortcut."""

import keras

from keras_resnet.arguments import check_choice, check_interval, check_positive_integer
from keras_resnet.layers.activations import ACTIVATIONS
from keras_resnet.layers.chain import apply_layers
from keras_resnet.layers.layer_maker import LayerMaker
from keras_resnet.layers.orderings import NORMALIZE, ORDERINGS
from keras_resnet.layers.output_shape import strided_shape
from keras_resnet.layers.rematerialization import rematerialize
from keras_resnet.layers.shortcut_functions import SHORTCUT_FUNCTIONS
from keras_resnet.layers.shortcuts import SHORTCUTS, shortcut_layers
from keras_resnet.layers.stochastic_depth import MODES, StochasticDepth

PADDINGS = ("symmetric", "same", "explicit")
BIASES = (False, True, "unnormalized")


class Block(LayerMaker, keras.layers.Layer):
    """Base of the residual blocks: a residual branch F beside a shortcut s.

    `y = f(h(s(x)) + F(x))`, where f is what the ordering puts after the
    addition. A subclass says in `convolutions` what F convolves with. `call`
    is the only definition of the computation. `block(x)` is one node of a
    graph, which can be skipped, moved or deleted. `block.call(x)` with a
    symbolic `x` draws the same layers one by one into the graph, under the
    same names, as transfer learning and converters need them. A dropped block
    of stochastic depth saves its time as one node only.

    Args:
        filters: Width of the block.
        stride: Stride in height and width. Defaults to `1`.
        ordering: Key of `ORDERINGS`: where the block normalizes and activates
            (He et al. 2016, figure 4). Defaults to the class's own.
        shortcut: Key of `SHORTCUTS`: how s changes the shape. Defaults to
            `"B"`.
        shortcut_function: Key of `SHORTCUT_FUNCTIONS`: h (He et al. 2016,
            section 3). Defaults to `"identity"`.
        projection_batch_norm: Whether a projection is followed by batch
            normalization. Defaults to `None`: unless the ordering starts with
            one.
        activation: `"relu"`, `"leaky_relu"`, `"prelu"` or `"elu"`. Defaults
            to `"relu"`.
        use_bias: Whether the convolutions have a bias: `True`, `False`, or
            `"unnormalized"`, those that no batch normalization follows.
            Defaults to `False`.
        epsilon: Of batch normalization. Defaults to `1e-5`.
        momentum: Of batch normalization's moving averages, in Keras's sense
            (0.9 is what PyTorch calls 0.1). Defaults to `0.9`.
        zero_last_gamma: Whether F starts at zero, by the scale of the batch
            normalization that ends it (Goyal et al. 2017, section 5.1); for
            orderings that have one there. Defaults to `False`.
        squeeze_excite_ratio: Width of a squeeze-and-excitation of F before the
            addition, as a share of its channels. Defaults to `None`, none.
        dilation: Dilation of the 3x3 convolutions. Defaults to `1`.
        padding: Padding of the 3x3 convolutions: `"symmetric"`, the same
            number of pixels on every side as in the papers' code and in
            PyTorch; `"explicit"`, the same by a layer of its own even where
            the stride is 1; or `"same"`, TensorFlow's rule. Defaults to
            `"symmetric"`.
        kernel_initializer: Of the convolutions. Defaults to `"he_normal"`.
        kernel_regularizer: Of the convolutions. Defaults to `None`.
        survival_probability: Probability that F survives a training step, in
            (0, 1] (see `StochasticDepth`). Defaults to `1.0`.
        stochastic_depth_mode: `"batch"` or `"sample"` (see `StochasticDepth`).
            Defaults to `"batch"`.
        remat: Whether a training step keeps only the block's input and
            computes the block again in the backward pass (see
            `rematerialize`): less memory, more time. At inference, and drawn
            layer by layer into a graph, it changes nothing. Defaults to
            `False`.
        seed: Integer seed of the block's random draws. Defaults to `None`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels), or channels first.
    Output shape: (batch, ceil(height / stride), ceil(width / stride),
    filters * expansion), or channels first.

    Raises:
        ValueError: If an argument is not among those allowed.
        TypeError: If an integer is wanted and something else was received.
    """

    expansion = 1
    default_ordering = "original"
    ARGUMENTS = (
        "filters",
        "stride",
        "ordering",
        "shortcut",
        "shortcut_function",
        "projection_batch_norm",
        "activation",
        "use_bias",
        "epsilon",
        "momentum",
        "zero_last_gamma",
        "squeeze_excite_ratio",
        "dilation",
        "padding",
        "survival_probability",
        "stochastic_depth_mode",
        "remat",
        "seed",
        "data_format",
    )

    def __init__(
        self,
        filters,
        stride=1,
        *,
        ordering=None,
        shortcut="B",
        shortcut_function="identity",
        projection_batch_norm=None,
        activation="relu",
        use_bias=False,
        epsilon=1e-5,
        momentum=0.9,
        zero_last_gamma=False,
        squeeze_excite_ratio=None,
        dilation=1,
        padding="symmetric",
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        survival_probability=1.0,
        stochastic_depth_mode="batch",
        remat=False,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = check_positive_integer("filters", filters)
        self.stride = check_positive_integer("stride", stride)
        self.ordering = check_choice(
            "ordering", ordering or self.default_ordering, ORDERINGS
        )
        self.shortcut = check_choice("shortcut", shortcut, SHORTCUTS)
        self.shortcut_function = check_choice(
            "shortcut_function", shortcut_function, SHORTCUT_FUNCTIONS
        )
        self.steps = ORDERINGS[self.ordering]
        if projection_batch_norm is None:
            projection_batch_norm = NORMALIZE not in self.steps.before
        self.projection_batch_norm = projection_batch_norm
        self.activation = check_choice("activation", activation, ACTIVATIONS)
        self.use_bias = check_choice("use_bias", use_bias, BIASES)
        self.epsilon = epsilon
        self.momentum = check_interval("momentum", momentum, 0.0, 1.0)
        self.zero_last_gamma = zero_last_gamma
        self.squeeze_excite_ratio = squeeze_excite_ratio
        self.dilation = check_positive_integer("dilation", dilation)
        self.padding = check_choice("padding", padding, PADDINGS)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.survival_probability = check_interval(
            "survival_probability", survival_probability, 0.0, 1.0, include_low=False
        )
        if shortcut == "none" and self.survival_probability < 1.0:
            raise ValueError(
                "A block without a shortcut cannot be dropped. Received: "
                f"shortcut='none', survival_probability={survival_probability!r}"
            )
        self.stochastic_depth_mode = check_choice(
            "stochastic_depth_mode", stochastic_depth_mode, MODES
        )
        if zero_last_gamma and self.steps.last[:1] != (NORMALIZE,):
            raise ValueError(
                "`zero_last_gamma` needs an ordering whose residual branch ends in "
                f"batch normalization. Received: ordering={self.ordering!r}, "
                f"zero_last_gamma={zero_last_gamma!r}"
            )
        self.remat = check_choice("remat", remat, (False, True))
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

    def build(self, input_shape):
        """Make and build the layers for (batch, height, width, channels)."""
        if len(input_shape) != 4 or input_shape[self.channel_axis] is None:
            raise ValueError(
                f"A {type(self).__name__} takes images of 4 axes with a known number "
                f"of channels. Received: input_shape={tuple(input_shape)}"
            )
        input_channels = input_shape[self.channel_axis]
        self.before_layers = self.step_layers(self.steps.before, "preact")
        self.shortcut_layers = shortcut_layers(self, input_channels)
        self.h = SHORTCUT_FUNCTIONS[self.shortcut_function](self)
        self.gate_layers = self.h.layers
        self.residual_layers = self.make_residual_layers()
        self.joined_layers = self.make_joined_layers()
        self.add = None
        if self.shortcut != "none":
            self.add = keras.layers.Add(
                name=f"{self.name}_{'add' if self.joined_layers else 'out'}",
                dtype=self.dtype_policy,
            )
        chains = (
            self.shortcut_layers,
            self.gate_layers,
            [*self.before_layers, *self.residual_layers, *self.joined_layers],
        )
        for chain in chains:
            shape = tuple(input_shape)
            for layer in chain:
                if not layer.built:
                    layer.build(shape)
                shape = tuple(layer.compute_output_shape(shape))

    @property
    def _projects(self):
        return any(isinstance(v, keras.layers.Conv2D) for v in self.shortcut_layers)

    def call(self, inputs, training=None):
        """Compute the block on (batch, height, width, channels)."""
        drawn = isinstance(inputs, keras.KerasTensor)
        if not self.built:  # Drawn into a graph, nobody has built it before.
            self.build(inputs.shape)
        if not (self.remat and training) or drawn:
            return self._compute(inputs, training)
        return rematerialize(
            lambda x: self._compute(x, training), inputs, self.variables
        )

    def _compute(self, inputs, training):
        x, before = inputs, self.before_layers
        if before and self._projects:
            # The activation is shared by both ways, as in the authors' code.
            x, before = apply_layers(before, inputs, training), []
        shortcut, residual_scale = None, None
        if self.add is not None:
            shortcut = apply_layers(self.shortcut_layers, x, training)
            shortcut, residual_scale = self.h(x, shortcut, training)

        def branch(x):
            residual = apply_layers([*before, *self.residual_layers], x, training)
            return residual if residual_scale is None else residual * residual_scale

        def join(residual):
            if self.add is not None:
                dropped = residual is None
                residual = shortcut if dropped else self.add([shortcut, residual])
            return apply_layers(self.joined_layers, residual, training)

        if self.stochastic_depth is None:
            return join(branch(x))
        if isinstance(x, keras.KerasTensor):
            # Drawn into a graph, nothing can be left out of it.
            return join(self.stochastic_depth(branch(x)))
        return self.stochastic_depth.run(
            x, branch, join, self.variables, training=training
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the block's output."""
        return strided_shape(
            input_shape, self.stride, self.output_channels, self.channel_axis
        )

    def get_config(self):
        """Return the arguments that make this block again."""
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in self.ARGUMENTS},
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
