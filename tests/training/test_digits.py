import numpy as np
import pytest
import sklearn.datasets
from PIL import Image

from keras_resnet.training import datasets


def arrays(split):
    images, labels = zip(*split.examples().as_numpy_iterator(), strict=True)
    return np.stack(images), np.array(labels)


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def test_holds_out_a_stratified_fifth(digits):
    assert (digits.train.size, digits.test.size) == (1437, 360)
    assert digits.class_names == tuple("0123456789")
    assert digits.image_shape == (32, 32, 1)
    counts = np.bincount(arrays(digits.test)[1], minlength=10)
    assert counts.min() >= 34
    assert counts.max() <= 38


def test_images_are_the_real_ones_scaled_and_enlarged(digits):
    splits = [arrays(digits.train), arrays(digits.test)]
    images, labels = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    real = sklearn.datasets.load_digits()
    enlarged = [
        np.asarray(
            Image.fromarray((image / 16 * 255).astype("float32")).resize(
                (32, 32), Image.Resampling.BILINEAR
            )
        )
        for image in real.images
    ]
    theirs = np.stack(enlarged).reshape(len(enlarged), -1)
    mine = images.reshape(len(images), -1).astype("float32")
    distances = (theirs**2).sum(axis=1) - 2 * mine @ theirs.T
    nearest = distances.argmin(axis=1)
    assert sorted(nearest) == list(range(len(real.images)))
    np.testing.assert_array_equal(labels, real.target[nearest])
    np.testing.assert_allclose(mine, theirs[nearest], atol=1.01)


def test_uses_the_whole_range_of_pixels(digits):
    images, _ = arrays(digits.test)
    assert images.min() == 0
    assert images.max() == 255


def test_the_order_is_always_the_same(digits):
    first, again = arrays(digits.test), arrays(digits.test)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
