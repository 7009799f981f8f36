import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_resnet.training import datasets
from keras_resnet.training.datasets.evaluation import fit_image, spread


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


def limited(split, limit):
    batches = list(datasets.evaluation_batches(split, (32, 32, 1), 8, limit=limit))
    assert [len(labels) for _, labels in batches[:-1]] == [8] * (len(batches) - 1)
    return np.concatenate([images.numpy() for images, _ in batches])


def test_a_limit_takes_the_same_examples_from_all_over_the_split(test_split):
    every = limited(test_split, None)
    chosen = limited(test_split, 12)
    assert chosen.shape == (12, 32, 32, 1)
    np.testing.assert_array_equal(chosen, limited(test_split, 12))
    places = [int(np.flatnonzero((every == x).all((1, 2, 3)))[0]) for x in chosen]
    # One of every thirty examples.
    assert [place // 30 for place in places] == list(range(12))


@pytest.mark.parametrize("limit", [360, 361, 10**6])
def test_a_limit_beyond_the_split_takes_everything(test_split, limit):
    np.testing.assert_array_equal(limited(test_split, limit), limited(test_split, None))


@pytest.mark.parametrize(("size", "count"), [(7, 7), (8, 7), (10_000, 1), (10**9, 3)])
def test_spread_takes_one_of_every_part(size, count):
    indices = spread(size, count)
    assert ((indices >= 0) & (indices < size)).all()
    parts = [range(i * size // count, (i + 1) * size // count) for i in range(count)]
    assert all(i in part for i, part in zip(indices.tolist(), parts, strict=True))


def test_classes_that_take_turns_are_all_drawn():
    labels = np.arange(10_000) % 10
    counts = np.bincount(labels[spread(10_000, 1000)], minlength=10)
    assert counts.min() > 50


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


@pytest.mark.parametrize("side", [23, 32, 50, 150])
def test_white_stays_within_the_range_of_pixels(side):
    image = tf.fill((97, 131, 3), tf.constant(255, tf.uint8))
    found = fit_image(image, side, side).numpy()
    np.testing.assert_allclose(found, 255, atol=1e-3)
    assert found.max() <= 255


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
