import math

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from keras_resnet.training.augmentation import (
    Augmentation,
    augment,
    pad_and_crop,
    random_flip,
    random_resized_crop,
    rotate_and_shift,
)

IMAGE = np.random.default_rng(0).integers(1, 256, (12, 10, 3)).astype("float32")


def seeds(count):
    return [tf.constant([7, index]) for index in range(count)]


def test_pad_and_crop_gives_every_window_of_the_padded_image():
    padded = np.pad(IMAGE, ((2, 2), (2, 2), (0, 0)))
    windows = {
        padded[top : top + 12, left : left + 10].tobytes()
        for top in range(5)
        for left in range(5)
    }
    found = {
        pad_and_crop(tf.constant(IMAGE), seed, 2).numpy().tobytes()
        for seed in seeds(300)
    }
    assert found == windows


def test_flip_mirrors_about_half_of_the_images():
    found = [random_flip(tf.constant(IMAGE), seed).numpy() for seed in seeds(200)]
    mirrored = [np.array_equal(image, IMAGE[:, ::-1]) for image in found]
    same = [np.array_equal(image, IMAGE) for image in found]
    assert sum(mirrored) + sum(same) == 200
    assert 70 <= sum(mirrored) <= 130


@pytest.mark.parametrize(
    ("degrees", "down", "right"), [(0, 2, -3), (90, 0, 0), (17, 0, 0), (-12, 1.5, 2.25)]
)
def test_rotation_and_shift_equal_scipy(degrees, down, right):
    image = IMAGE[:11, :, :1]
    angle = math.radians(degrees)
    found = rotate_and_shift(tf.constant(image), angle, down, right).numpy()
    # SciPy works in (row, column) and maps the result to where it comes from.
    inverse = np.array(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    middle = (np.array(image.shape[:2]) - 1) / 2
    offset = middle - inverse @ (middle + np.array((down, right)))
    expected = scipy.ndimage.affine_transform(
        image[..., 0], inverse, offset, order=1, mode="nearest"
    )
    np.testing.assert_allclose(found[..., 0], expected, atol=0.02)


def test_positive_angles_turn_counter_clockwise():
    image = np.zeros((9, 9, 1), "float32")
    image[4, 8] = 1
    found = rotate_and_shift(tf.constant(image), math.pi / 2, 0.0, 0.0).numpy()
    assert np.argwhere(found > 0.5).tolist() == [[0, 4, 0]]


def test_resized_crop_shows_parts_of_the_image():
    rows = np.broadcast_to(np.arange(60, dtype="float32")[:, None, None], (60, 80, 1))
    found = [
        random_resized_crop(tf.constant(rows), seed, 16, 16).numpy()
        for seed in seeds(100)
    ]
    spans = np.array([np.ptp(image) for image in found])
    assert all(image.shape == (16, 16, 1) for image in found)
    assert spans.min() < 30
    assert spans.max() > 45
    assert spans.max() < 60


def test_the_seed_decides_and_different_seeds_differ():
    everything = Augmentation(padding=2, shift=0.1, rotation=10, flip=True)
    image = tf.constant(IMAGE.astype("uint8"))
    found = [augment(image, seed, everything, 12, 10).numpy() for seed in seeds(8)]
    again = [augment(image, seed, everything, 12, 10).numpy() for seed in seeds(8)]
    np.testing.assert_array_equal(found, again)
    assert len({image.tobytes() for image in found}) == 8
    assert np.min(found) >= 0
    assert np.max(found) <= 255


def test_nothing_is_done_where_nothing_is_asked():
    image = tf.constant(IMAGE.astype("uint8"))
    found = augment(image, tf.constant([1, 2]), Augmentation(), 12, 10)
    np.testing.assert_array_equal(found, IMAGE)


@pytest.mark.parametrize("wrong", [{"padding": -1}, {"shift": 2}, {"rotation": 181}])
def test_refuses_amounts_out_of_range(wrong):
    with pytest.raises(ValueError, match="Received: "):
        Augmentation(**wrong)
