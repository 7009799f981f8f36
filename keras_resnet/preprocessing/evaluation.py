"""The transform before an evaluation, for `tf.data` and for Pillow's images."""

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.preprocessing.input_pixels import normalize_pixels
from keras_resnet.preprocessing.sampling import sample_axis
from keras_resnet.preprocessing.tensorflow_sampling import resize_and_crop
from keras_resnet.weights.card import Card, Evaluation
from keras_resnet.weights.catalogue import get_card

CHANNELS_LAST = -1
# More than 8 bits a channel, which Pillow cuts off at 255 without a word.
DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def evaluation_map(
    weights: str | Card, normalize: bool = True, evaluation: Evaluation | None = None
):
    """Return the transform before an evaluation, for `tf.data.Dataset.map`.

    It gives the same pixels, to the bit, as `evaluation_transform`, which is
    what Pillow, torchvision and timm do. The decoder counts as well: only
    `tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")`
    decodes a photograph to Pillow's pixels.

    Args:
        weights: Name of a set of weights, or its card.
        normalize: Whether to normalize the pixels. Without it they stay raw,
            for a network that has the normalization in it. Defaults to `True`.
        evaluation: Size, crop and interpolation in place of the card's.

    Returns:
        A function of a uint8 `tf.Tensor` (height, width, channels) of any
        height and width. It returns a `tf.Tensor` (size, size, channels): of
        `keras.config.floatx()`, normalized, or the raw pixels as uint8. It
        raises a `TypeError` for another dtype and a `ValueError` for another
        number of axes, or for channels whose number is not known.

    Raises:
        ValueError: If the weights are unknown.
    """
    card = get_card(weights)
    evaluation = card.evaluation_or(evaluation)
    normalization = card.normalization if normalize else None

    def transform(image):
        import tensorflow as tf

        image = tf.convert_to_tensor(image)
        if image.dtype != tf.uint8:
            raise TypeError(
                "An image must be raw pixels as uint8, as they are decoded. "
                f"Received: dtype={image.dtype.name}"
            )
        if image.shape.rank not in (None, 3):
            raise ValueError(
                "An image must be (height, width, channels). "
                f"Received: shape={tuple(image.shape)}"
            )
        image = resize_and_crop(image, evaluation)
        return _normalized(image, normalization)

    return transform


def evaluation_transform(
    weights: str | Card, normalize: bool = True, evaluation: Evaluation | None = None
):
    """Return the transform before an evaluation, for images of Pillow.

    The shorter side is resized to the size divided by `crop_fraction`, rounded
    down, and the centre cut out, as timm and torchvision do it. An image
    smaller than that is enlarged.

    Every image is made RGB first: grey ones get three equal channels, palettes
    are looked up, transparency is dropped. The rotation that a camera may have
    noted (EXIF) is not applied, as torchvision and timm do not either;
    `PIL.ImageOps.exif_transpose` does.

    Args:
        weights: Name of a set of weights, or its card.
        normalize: Whether to normalize the pixels. Without it they stay raw,
            for a network that has the normalization in it. Defaults to `True`.
        evaluation: Size, crop and interpolation in place of the card's.

    Returns:
        A function of a `PIL.Image.Image` that returns a NumPy array (size,
        size, 3): of `keras.config.floatx()`, normalized, or the raw pixels as
        uint8. It raises a `TypeError` for what is no image of Pillow's and a
        `ValueError` for an image of more than 8 bits a channel.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If the weights are unknown.
    """
    pillow = import_extra("PIL.Image", "training")
    card = get_card(weights)
    evaluation = card.evaluation_or(evaluation)
    normalization = card.normalization if normalize else None
    interpolation = pillow.Resampling[evaluation.interpolation.upper()]
    size = evaluation.size

    def transform(image):
        if not isinstance(image, pillow.Image):
            raise TypeError(
                f"An image must be a `PIL.Image.Image`. Received: {type(image)}"
            )
        if image.mode in DEEP_MODES:
            raise ValueError(
                "An image must have 8 bits a channel. "
                f"Received: image.mode={image.mode!r}"
            )
        shorter = min(image.size)
        (columns, left), (rows, top) = (
            sample_axis(length, shorter, evaluation) for length in image.size
        )
        image = image.convert("RGB").resize((columns, rows), interpolation)
        image = image.crop((left, top, left + size, top + size))
        return _normalized(np.array(image), normalization)

    return transform


def _normalized(image, normalization):
    if normalization is None:
        return image
    return normalize_pixels(image, normalization, CHANNELS_LAST)
