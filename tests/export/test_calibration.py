import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.export.calibration import (
    CalibrationSet,
    cover_range,
    draw,
    draw_from_split,
)
from keras_resnet.training import datasets

SHAPE = (4, 5, 3)


def numbered_images(count):
    """Images of which each holds its own number."""
    numbers = np.arange(count, dtype="float32") % 256
    return np.broadcast_to(numbers[:, None, None, None], (count, *SHAPE)).copy()


def test_an_array_is_drawn_from_without_repeats_and_in_order():
    drawn = draw(numbered_images(100), SHAPE, count=20, seed=1)
    assert drawn.images.shape == (20, *SHAPE)
    assert drawn.images.dtype == np.float32
    assert len(set(drawn.indices)) == 20
    assert list(drawn.indices) == sorted(drawn.indices)
    np.testing.assert_array_equal(drawn.images[:, 0, 0, 0], drawn.indices)


def test_the_seed_decides():
    images = numbered_images(100)
    first, again, other = (draw(images, SHAPE, 20, seed) for seed in (3, 3, 4))
    assert first.indices == again.indices
    assert first.indices != other.indices


def test_every_image_has_the_same_chance():
    images = numbered_images(10)
    counts = np.zeros(10)
    for seed in range(600):
        counts[list(draw(images, SHAPE, 3, seed).indices)] += 1
    # 180 each are expected, with a standard deviation of 11.
    assert np.abs(counts - 180).max() < 50


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("labelled", [False, True])
def test_every_kind_of_dataset_gives_the_same_images(batched, labelled):
    images = numbered_images(30)
    arrays = (images, np.arange(30)) if labelled else images
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    dataset = dataset.batch(7) if batched else dataset
    drawn = draw(dataset, SHAPE, 12, seed=5)
    expected = draw(images, SHAPE, 12, seed=5)
    assert drawn.indices == expected.indices
    np.testing.assert_array_equal(drawn.images, expected.images)


def test_a_generator_and_integers_are_taken():
    drawn = draw((image for image in numbered_images(5).astype("uint8")), SHAPE)
    assert len(drawn.images) == 5
    assert drawn.images.dtype == np.float32


def test_a_dataset_without_end_is_read_to_a_limit():
    images = np.zeros((64, 1, 1, 1), "uint8")
    endless = tf.data.Dataset.from_tensor_slices(images).batch(64).repeat()
    assert len(draw(endless, (1, 1, 1), 4).images) == 4


def test_a_set_that_was_drawn_is_taken_as_it_is():
    drawn = draw(numbered_images(50), SHAPE, 10, seed=2)
    again = draw(drawn, SHAPE, count=3)
    assert again.indices == drawn.indices
    assert again.seed == 2


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        (np.zeros((0, *SHAPE)), "empty"),
        ([], "empty"),
        (np.zeros((2, 4, 5, 1)), r"\(4, 5, 1\)"),
        (np.zeros((2, 5, 4, 3)), r"\(5, 4, 3\)"),
        (np.zeros(SHAPE), r"\(4, 5, 3\)"),
        ([np.zeros((4, 5))], r"\(4, 5\)"),
        (np.full((2, *SHAPE), np.nan), "nan"),
        (np.full((2, *SHAPE), 300), "300"),
        (np.full((2, *SHAPE), -1.0), "-1"),
        (np.full((2, *SHAPE), 0.5), r"0\.5"),
        (np.full((2, *SHAPE), "pixel"), "type <U5"),
    ],
)
def test_images_that_do_not_fit_are_refused(calibration, message):
    with pytest.raises(ValueError, match=f"Received: .*{message}"):
        draw(calibration, SHAPE)


@pytest.mark.parametrize("calibration", ["images", 3, {"image": 1}])
def test_what_holds_no_images_is_refused(calibration):
    with pytest.raises(TypeError, match="Received: calibration="):
        draw(calibration, SHAPE)


@pytest.mark.parametrize(("count", "error"), [(0, ValueError), (2.5, TypeError)])
def test_a_count_that_is_none_is_refused(count, error):
    with pytest.raises(error, match="Received: count="):
        draw(numbered_images(3), SHAPE, count)


def test_a_set_of_another_shape_is_refused():
    drawn = CalibrationSet(np.zeros((2, 8, 8, 3), "float32"), (0, 1), 0)
    with pytest.raises(ValueError, match="Received: an image of shape"):
        draw(drawn, SHAPE)


def test_other_ranges_of_pixels_can_be_named():
    images = np.random.default_rng(0).uniform(-1, 1, (4, *SHAPE))
    assert len(draw(images, SHAPE, pixel_range=(-1, 1)).images) == 4


def test_both_ends_of_the_range_are_covered():
    images = np.full((3, *SHAPE), 100, "float32")
    covered = cover_range(images)
    assert covered.min() == 0
    assert covered.max() == 255
    assert (covered != images).sum() == 2
    assert images.max() == 100
    np.testing.assert_array_equal(cover_range(covered), covered)


def test_a_split_is_drawn_from_by_its_places():
    pytest.importorskip("sklearn")
    split = datasets.load("digits").train
    drawn = draw_from_split(split, split.image_shape, count=25, seed=7)
    everything = np.stack([image for image, _ in split.examples().as_numpy_iterator()])
    np.testing.assert_array_equal(drawn.images, everything[list(drawn.indices)])
    assert len(set(drawn.indices)) == 25


def test_a_split_smaller_than_the_count_is_drawn_whole():
    pytest.importorskip("sklearn")
    whole = datasets.load("digits").train
    split = dataclasses.replace(whole, size=6, records=lambda: whole.records().take(6))
    assert draw_from_split(split, whole.image_shape, 50).indices == tuple(range(6))
