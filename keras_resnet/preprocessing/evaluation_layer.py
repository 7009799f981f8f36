"""The transform before an evaluation, as a layer of Keras."""

import keras
from keras import ops

from keras_resnet.layers import ImageNormalization
from keras_resnet.layers.data_format import channel_axis
from keras_resnet.layers.registration import serializable
from keras_resnet.normalization import Normalization
from keras_resnet.preprocessing.sampling import FILTERS, sample_axis
from keras_resnet.weights.card import Card, Evaluation
from keras_resnet.weights.catalogue import get_card


@serializable
class EvaluationPreprocessing(keras.layers.Layer):
    """Turns raw images of any size into the input of a network.

    The shorter side is resized to `size / crop_fraction` pixels, rounded down,
    the centre is cut out, and the pixels are normalized. Integers are rounded
    to whole grey levels where Pillow rounds them, so that a network is served
    what it was evaluated on, but for about one pixel in 700 that is a grey level
    or two off (on photographs, on a CPU). Floats are not rounded, and have a
    gradient.

    Args:
        size: Height and width of the output, in pixels. Defaults to `224`.
        crop_fraction: `size` as a share of the shorter side after the resize.
            Defaults to `0.875`.
        interpolation: `"bilinear"` or `"bicubic"`, both antialiased. Defaults
            to `"bilinear"`.
        mean: Of a pixel, one number or one an output channel. Defaults to
            `0.0`.
        standard_deviation: Likewise. Defaults to `1.0`.
        reverse_channels: Whether RGB becomes BGR. Defaults to `False`.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: (batch, height, width, channels) or (height, width, channels),
    or channels first; raw pixels, 0 to 255, integers or floats; height and
    width may be unknown. Output shape: (batch, size, size, channels) or (size,
    size, channels), or channels first, float32.

    Raises:
        TypeError: If a number is none.
        ValueError: If the size is not positive, the share of the crop not in
            (0, 1], or the interpolation unknown.
    """

    def __init__(
        self,
        size=224,
        crop_fraction=0.875,
        interpolation="bilinear",
        mean=0.0,
        standard_deviation=1.0,
        reverse_channels=False,
        data_format=None,
        **kwargs,
    ):
        # Half-precision would round the pixels.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.evaluation = Evaluation(size, crop_fraction, interpolation)
        self.normalization = Normalization(
            _plain(mean), _plain(standard_deviation), reverse_channels
        )
        self.data_format = data_format or keras.config.image_data_format()
        self.channel_axis = channel_axis(self.data_format)
        self.built = True

    def call(self, inputs):
        """Resize, crop and normalize raw images."""
        single = len(inputs.shape) == 3
        x = ops.expand_dims(inputs, 0) if single else inputs
        whole = keras.backend.is_int_dtype(inputs.dtype)
        row_axis = 1 if self.channel_axis == 3 else 2
        shape = ops.shape(x)
        height, width = shape[row_axis : row_axis + 2]
        x = ops.cast(x, self.compute_dtype)
        rows, columns = (
            ("bhwc,oh->bowc", "bhwc,ow->bhoc")
            if self.channel_axis == 3
            else ("bchw,oh->bcow", "bchw,ow->bcho")
        )
        # Pillow's order: first along the rows, then along the columns.
        shorter = _smaller(height, width)
        for equation, length in ((columns, width), (rows, height)):
            x = ops.einsum(equation, x, self._weights(length, shorter))
            x = ops.clip(x, 0.0, 255.0)
            if whole:
                x = ops.floor(x + 0.5)
        x = self._normalization(x.shape[self.channel_axis])(x)
        return ops.squeeze(x, 0) if single else x

    def _weights(self, length, shorter):
        """Weights (new pixels, pixels) of one side."""
        kernel, _ = FILTERS[self.evaluation.interpolation]
        resized, offset = sample_axis(length, shorter, self.evaluation)

        def real(values):
            return ops.cast(values, self.compute_dtype)

        scale = real(length) / real(resized)
        stretch = ops.maximum(scale, 1.0)
        center = (real(offset + ops.arange(self.evaluation.size)) + 0.5) * scale
        pixel = real(ops.arange(length)) + 0.5
        weights = kernel((pixel - center[:, None]) / stretch)
        return weights / ops.sum(weights, axis=1, keepdims=True)

    def _normalization(self, channels):
        normalization = self.normalization.for_channels(channels)
        return ImageNormalization(
            normalization.mean,
            normalization.standard_deviation,
            normalization.reverse_channels,
            data_format=self.data_format,
            dtype=self.dtype_policy,
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the batch or of the one image."""
        shape = list(input_shape)
        row_axis = -3 if self.channel_axis == 3 else -2
        for axis in (row_axis, row_axis + 1):
            shape[axis] = self.evaluation.size
        return tuple(shape)

    def get_config(self):
        """Return the arguments that make this layer again."""
        return {
            **super().get_config(),
            "size": self.evaluation.size,
            "crop_fraction": self.evaluation.crop_fraction,
            "interpolation": self.evaluation.interpolation,
            "mean": self.normalization.mean,
            "standard_deviation": self.normalization.standard_deviation,
            "reverse_channels": self.normalization.reverse_channels,
            "data_format": self.data_format,
        }


def model_preprocessing(
    weights: str | Card, evaluation: Evaluation | None = None, data_format=None
) -> EvaluationPreprocessing:
    """Make the layer that stands before a network with these weights.

    ```python
    images = keras.Input((None, None, 3), dtype="uint8")
    outputs = network(model_preprocessing("resnet50.a1_in1k")(images))
    serving = keras.Model(images, outputs)
    ```

    Args:
        weights: Name of a set of weights, or its card.
        evaluation: Size, crop and interpolation in place of the card's.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.

    Returns:
        A layer that takes raw images of any size, and is saved with a model.

    Raises:
        ValueError: If the weights are unknown.
    """
    card = get_card(weights)
    evaluation = card.evaluation_or(evaluation)
    return EvaluationPreprocessing(
        evaluation.size,
        evaluation.crop_fraction,
        evaluation.interpolation,
        card.normalization.mean,
        card.normalization.standard_deviation,
        card.normalization.reverse_channels,
        data_format=data_format,
        name="preprocessing",
    )


def _plain(value):
    # What a saved file gives back of a tuple is a list.
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _smaller(first, second):
    # Only a graph of TensorFlow has sizes that are not plain integers.
    if isinstance(first, int) and isinstance(second, int):
        return min(first, second)
    return ops.minimum(first, second)
