"""scikit-learn's handwritten digits: real, small, and installed with it.

1,797 digits of the test set of the "Optical Recognition of Handwritten
Digits" data (Alpaydin and Kaynak, 1998, UCI Machine Learning Repository), 8x8
pixels of 17 grey levels each.
"""

import functools

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.training.datasets.content import content_hash
from keras_resnet.training.datasets.dataset import ImageDataset, Split

SIDE = 32
TEST_SIZE = 360
GREY_LEVELS = 16


def enlarge(images: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Scale digits to raw pixels and enlarge them bilinearly.

    Args:
        images: Grey levels in 0..16, `(count, height, width)`.
        side: Height and width to enlarge to, in pixels.

    Returns:
        uint8 array `(count, side, side, 1)` in 0..255, where 255 is full ink.
    """
    import tensorflow as tf

    pixels = (np.asarray(images, "float32") * (255.0 / GREY_LEVELS))[..., np.newaxis]
    enlarged = tf.image.resize(pixels, (side, side), method="bilinear").numpy()
    return np.rint(enlarged).clip(0, 255).astype("uint8")


@functools.cache
def _arrays() -> tuple[np.ndarray, ...]:
    sklearn_datasets = import_extra("sklearn.datasets", "training")
    model_selection = import_extra("sklearn.model_selection", "training")
    digits = sklearn_datasets.load_digits()
    return tuple(
        model_selection.train_test_split(
            enlarge(digits.images),
            digits.target.astype("int32"),
            test_size=TEST_SIZE,
            random_state=0,
            stratify=digits.target,
        )
    )


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    import tensorflow as tf

    return Split(
        size=len(labels),
        image_shape=images.shape[1:],
        records=lambda: tf.data.Dataset.from_tensor_slices((images, labels)),
        decode=lambda image, label: (image, label),
        shuffle_buffer=len(labels),
    )


def load() -> ImageDataset:
    """Return the digits as raw pixels of shape `(32, 32, 1)`.

    The grey levels 0..16 are scaled to 0..255 and the 8x8 pixels enlarged
    bilinearly to 32x32, the size that the networks for small images expect.
    The split is stratified and always the same: 1,437 digits to train on,
    360 (36 or so of each class) held out.

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    train_images, test_images, train_labels, test_labels = _arrays()
    return ImageDataset(
        name="digits",
        class_names=tuple(str(digit) for digit in range(10)),
        image_shape=(SIDE, SIDE, 1),
        train=_split(train_images, train_labels),
        test=_split(test_images, test_labels),
        content=content_hash(map(np.ascontiguousarray, _arrays())),
    )
