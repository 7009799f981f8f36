"""The activations that every block takes by name."""

import keras

from keras_resnet.arguments import check_choice

ACTIVATIONS = ("relu", "leaky_relu", "prelu", "elu")


def activation_layer(
    activation: str, *, name: str | None = None, data_format: str | None = None, dtype
) -> keras.layers.Layer:
    """Make the layer for an activation.

    Args:
        activation: One of `"relu"`, `"leaky_relu"` (slope 0.2, Keras's
            default), `"prelu"` (He et al. 2015, "Delving Deep into
            Rectifiers": one learned slope a channel, 0.25 at the start) or
            `"elu"`.
        name: Name of the layer.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        dtype: Dtype or dtype policy of the layer.

    Raises:
        ValueError: If `activation` is not one of these.
    """
    check_choice("activation", activation, ACTIVATIONS)
    if activation != "prelu":
        return keras.layers.Activation(activation, name=name, dtype=dtype)
    data_format = data_format or keras.config.image_data_format()
    return keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2] if data_format == "channels_last" else [2, 3],
        name=name,
        dtype=dtype,
    )
