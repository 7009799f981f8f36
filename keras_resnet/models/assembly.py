"""The functions that assemble a model from its specification."""

import keras

from keras_resnet.layers import (
    BatchNormalization,
    ImageNormalization,
    PreactivationBlock,
    linear_survival_probabilities,
)
from keras_resnet.layers.activations import activation_layer
from keras_resnet.layers.block import BottleneckStride
from keras_resnet.layers.wide import WideBlock
from keras_resnet.models.input_image import channel_axis
from keras_resnet.models.specification import BLOCKS, Normalization, Specification


def normalized(x, specification: Specification):
    """Draw the normalization of raw pixels, unless there is nothing to do."""
    normalization = specification.normalization
    if normalization == Normalization():
        return x
    mean, channels = normalization.mean, x.shape[channel_axis()]
    deviation = normalization.standard_deviation
    reverse = normalization.reverse_channels
    if not isinstance(mean, float) and channels != len(mean):
        # What there is to say of channels that are not RGB is their average.
        mean = sum(mean) / len(mean)
        if not isinstance(deviation, float):
            deviation = sum(deviation) / len(deviation)
        reverse = False
    # Half-precision would round pixels that a resize has put between integers.
    return ImageNormalization(
        mean, deviation, reverse, name="normalization", dtype="float32"
    )(x)


def draw_stem(x, specification: Specification):
    """Draw the layers before the first block."""
    preactivation = issubclass(BLOCKS[specification.block], PreactivationBlock)
    imagenet = specification.stem == "imagenet"
    if imagenet:
        x = keras.layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = keras.layers.Conv2D(
        specification.stem_width,
        7 if imagenet else 3,
        strides=2 if imagenet else 1,
        padding="valid" if imagenet else "same",
        use_bias=specification.use_bias,
        kernel_initializer=specification.kernel_initializer,
        name="conv1_conv",
    )(x)
    if not preactivation:
        x = normalize_and_activate(x, specification, "conv1")
    if imagenet:
        x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = keras.layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    return x


def normalize_and_activate(x, specification: Specification, name: str):
    """Draw batch normalization and activation outside of the blocks."""
    x = BatchNormalization(
        axis=channel_axis(),
        epsilon=specification.epsilon,
        momentum=specification.momentum,
        name=f"{name}_bn",
    )(x)
    return activation_layer(
        specification.activation, name=f"{name}_relu", dtype=keras.config.dtype_policy()
    )(x)


def make_blocks(
    specification: Specification, survival_probabilities, stochastic_depth_mode
) -> list:
    """Make the blocks of all stages, in order.

    Args:
        specification: The network.
        survival_probabilities: One a block.
        stochastic_depth_mode: `"batch"` or `"sample"`.
    """
    block_class = BLOCKS[specification.block]
    own = {}
    if issubclass(block_class, BottleneckStride):
        own["stride_placement"] = specification.stride_placement
    if issubclass(block_class, WideBlock):
        own["dropout_rate"] = specification.dropout_rate
    if specification.projection_batch_norm is not None:
        own["projection_batch_norm"] = specification.projection_batch_norm
    survival = iter(survival_probabilities)
    stages = zip(
        specification.depths, specification.widths, specification.strides, strict=True
    )
    return [
        block_class(
            width,
            stride if position == 0 else 1,
            shortcut=specification.shortcut,
            activation=specification.activation,
            use_bias=specification.use_bias,
            epsilon=specification.epsilon,
            momentum=specification.momentum,
            zero_last_gamma=specification.zero_last_gamma,
            strided_padding=specification.strided_padding,
            kernel_initializer=specification.kernel_initializer,
            survival_probability=next(survival),
            stochastic_depth_mode=stochastic_depth_mode,
            # Stages count from 2, the stem being stage 1 (He et al., table 1).
            name=f"conv{stage}_block{position + 1}",
            **own,
        )
        for stage, (depth, width, stride) in enumerate(stages, start=2)
        for position in range(depth)
    ]


def draw_head(x, *, include_top, pooling, classes, classifier_activation):
    """Draw what follows the last block."""
    if include_top or pooling == "avg":
        x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = keras.layers.GlobalMaxPooling2D(name="max_pool")(x)
    if include_top:
        x = keras.layers.Dense(
            classes,
            activation=classifier_activation,
            name="predictions",
            # Half-precision is for the convolutions; logits keep float32.
            dtype="float32",
        )(x)
    return x


def assemble(
    specification: Specification,
    inputs,
    *,
    include_top: bool = True,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation="softmax",
    include_preprocessing: bool = False,
    nested: bool = False,
    survival_probability: float = 1.0,
    stochastic_depth_mode: str = "batch",
):
    """Draw a network on `inputs` and return its output.

    Args:
        specification: The network.
        inputs: Symbolic images, (batch, height, width, channels) or channels
            first.
        include_top: Whether to end in the classifier.
        pooling: Without a classifier, `"avg"`, `"max"` or `None`.
        classes: Number of classes.
        classifier_activation: Activation of the classifier.
        include_preprocessing: Whether the network takes raw pixels.
        nested: Whether every block is one layer.
        survival_probability: Of the last block; the others follow the linear
            rule.
        stochastic_depth_mode: `"batch"` or `"sample"`.
    """
    x = normalized(inputs, specification) if include_preprocessing else inputs
    x = draw_stem(x, specification)
    blocks = make_blocks(
        specification,
        linear_survival_probabilities(sum(specification.depths), survival_probability),
        stochastic_depth_mode,
    )
    for block in blocks:
        x = block(x) if nested else block.call(x)
    if isinstance(blocks[-1], PreactivationBlock):
        x = normalize_and_activate(x, specification, "post")
    return draw_head(
        x,
        include_top=include_top,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
    )
