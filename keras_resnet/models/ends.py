"""What the networks of all families begin and end in."""

import dataclasses

import keras

from keras_resnet.layers import ImageNormalization, MeanImage
from keras_resnet.layers.data_format import channel_axis
from keras_resnet.models.form import Form
from keras_resnet.models.network import NetworkSpecification
from keras_resnet.normalization import RAW


def normalized(x, specification: NetworkSpecification):
    """Draw the normalization of raw pixels, unless there is nothing to do."""
    normalization = specification.normalization
    if specification.mean_image:
        x = MeanImage(name="mean_image")(x)
        normalization = dataclasses.replace(normalization, mean=0.0)
    if normalization == RAW:
        return x
    adapted = normalization.for_channels(x.shape[channel_axis()])
    # Half-precision would round pixels that a resize has put between integers.
    return ImageNormalization(
        adapted.mean,
        adapted.standard_deviation,
        adapted.reverse_channels,
        name="normalization",
        dtype="float32",
    )(x)


def draw_pooling(x, form: Form):
    """Draw the global pooling that a form asks for, if any."""
    if form.include_top or form.pooling == "avg":
        return keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if form.pooling == "max":
        return keras.layers.GlobalMaxPooling2D(name="max_pool")(x)
    return x


def draw_classifier(x, form: Form, kernel_initializer="glorot_uniform"):
    """Draw the classifier on features (batch, channels)."""
    return keras.layers.Dense(
        form.classes,
        activation=form.classifier_activation,
        kernel_initializer=kernel_initializer,
        name="predictions",
        # Half-precision is for the convolutions; logits keep float32.
        dtype=keras.backend.result_type(
            keras.config.dtype_policy().compute_dtype, "float32"
        ),
    )(x)


def draw_head(x, form: Form, dropout_rate: float = 0.0):
    """Draw what follows the last block: global pooling and classifier.

    Args:
        x: (batch, height, width, channels), or channels first.
        form: How to draw it.
        dropout_rate: Before the classifier. Defaults to 0.
    """
    x = draw_pooling(x, form)
    if not form.include_top:
        return x
    if dropout_rate:
        x = keras.layers.Dropout(dropout_rate, name="dropout")(x)
    return draw_classifier(x, form)


def selected(stages: dict, features: tuple[str, ...]) -> dict:
    """Return the stages that `features` names, in its order."""
    return {name: stages[name] for name in features}
