import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_resnet.training import datasets
from keras_resnet.training.datasets.evaluation import fit_image


@pytest.fixture(scope="module")
def test_split():
    return datasets.load("digits").test


def test_batches_hold_every_example_in_order(test_split):
    batches = list(datasets.evaluation_batches(test_split, (32, 32, 1), 100))
    assert [len(labels) for _, labels in batches] == [100, 100, 100, 60]
    assert batches[0][0].dtype == tf.float32
    assert batches[0][1].dtype == tf.int32
    images, labels = zip(*test_split.examples(), strict=True)
    np.testing.assert_array_equal(
        np.concatenate([images for images, _ in batches]), np.stack(images)
    )
    np.testing.assert_array_equal(
        np.concatenate([labels for _, labels in batches]), np.stack(labels)
    )


def test_limit_takes_the_first(test_split):
    batches = list(datasets.evaluation_batches(test_split, (32, 32, 1), 8, limit=11))
    assert [len(labels) for _, labels in batches] == [8, 3]


def test_resizes_to_the_shape_asked_for(test_split):
    images, _ = next(iter(datasets.evaluation_batches(test_split, (24, 20, 1), 3)))
    assert images.shape == (3, 24, 20, 1)


def smooth(height, width):
    rows, columns = np.mgrid[:height, :width]
    waves = 127 + 60 * np.sin(rows / 17) + 60 * np.cos(columns / 23)
    return np.repeat(waves[..., None], 3, axis=2).astype("uint8")


def test_shrinks_to_eight_sevenths_and_cuts_the_centre_out():
    image = smooth(300, 400)
    found = fit_image(tf.constant(image), 224, 224).numpy()
    resized = Image.fromarray(image).resize((341, 256), Image.Resampling.BILINEAR)
    left, top = round((341 - 224) / 2), round((256 - 224) / 2)
    expected = np.asarray(resized.crop((left, top, left + 224, top + 224)))
    assert np.abs(found - expected).mean() < 1


def test_enlarges_without_losing_the_shorter_side():
    image = smooth(20, 30)
    found = fit_image(tf.constant(image), 40, 40).numpy()
    resized = Image.fromarray(image).resize((60, 40), Image.Resampling.BILINEAR)
    expected = np.asarray(resized.crop((10, 0, 50, 40)))
    assert np.abs(found - expected).mean() < 1


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 50), (37, 41), (40, 39), (41, 300)]
)
def test_fits_every_shape(height, width):
    image = tf.fill((height, width, 3), tf.constant(77, tf.uint8))
    found = fit_image(image, 40, 40).numpy()
    assert found.shape == (40, 40, 3)
    np.testing.assert_allclose(found, 77, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((32, 32, 3), 8), r"1 channel.* Received: image_shape=\(32, 32, 3\)"),
        (((32, 32), 8), "Received: image_shape="),
        (((0, 32, 1), 8), "Received: image_shape=0"),
        (((32, 32, 1), 0), "Received: batch_size=0"),
        (((32, 32, 1), 8, 0), "Received: limit=0"),
    ],
)
def test_refuses_what_does_not_fit(test_split, arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.evaluation_batches(test_split, *arguments)
