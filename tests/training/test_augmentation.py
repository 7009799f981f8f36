import math

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from keras_resnet.training.augmentation import (
    Augmentation,
    RandAugment,
    RandomErasing,
    TrivialAugment,
    augment,
    color_jitter,
    lighting,
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


@pytest.mark.parametrize(
    ("mode", "value", "numpy_pad"),
    [
        ("reflect", 0, lambda x: np.pad(x, ((2, 2), (2, 2), (0, 0)), "reflect")),
        ("constant", 7, lambda x: np.pad(x - 7, ((2, 2), (2, 2), (0, 0))) + 7),
        (
            "constant",
            (1, 2, 3),
            lambda x: np.stack(
                [np.pad(x[..., c], 2, constant_values=c + 1) for c in range(3)], -1
            ),
        ),
    ],
)
def test_padding_is_that_of_numpy(mode, value, numpy_pad):
    padded = numpy_pad(IMAGE)
    windows = {
        padded[top : top + 12, left : left + 10].tobytes()
        for top in range(5)
        for left in range(5)
    }
    found = {
        pad_and_crop(tf.constant(IMAGE), seed, 2, mode, value).numpy().tobytes()
        for seed in seeds(40)
    }
    assert found <= windows
    assert len(found) > 12


def test_a_colour_is_a_grey_level_where_there_is_one_channel():
    image = tf.zeros((8, 8, 1))
    found = pad_and_crop(image, tf.constant([1, 2]), 4, "constant", (10, 20, 60))
    assert set(np.unique(found)) <= {0, 30}
    assert 30 in np.unique(found)


def test_jitter_changes_brightness_contrast_and_saturation_in_some_order():
    image = tf.constant(IMAGE)
    found = [color_jitter(image, seed, 0.4).numpy() for seed in seeds(20)]
    assert len({image.tobytes() for image in found}) == 20
    assert np.min(found) >= 0
    assert np.max(found) <= 255
    # Brightness scales the mean by 0.6 to 1.4; the other two keep it nearly.
    means = np.mean(found, axis=(1, 2, 3)) / IMAGE.mean()
    assert 0.55 < means.min() < 0.8
    assert 1.15 < means.max() < 1.45
    np.testing.assert_allclose(color_jitter(image, seeds(1)[0], 0.0), IMAGE, atol=1e-3)


def test_lighting_adds_one_colour_of_the_size_of_the_components():
    # All the same grey, far from 0 and 255.
    image = tf.fill((4, 4, 3), 128.0)
    found = np.stack([lighting(image, seed, 0.1).numpy() for seed in seeds(400)])
    added = found - 128
    assert np.ptp(added, axis=(1, 2)).max() == 0
    colors = added[:, 0, 0] / 255
    # Krizhevsky et al.: the covariance of pixels, scaled by the amount. Its
    # eigenvalues are the squares of what fb.resnet.torch multiplies by.
    covariance = np.cov(colors.T)
    sizes = np.sort(np.sqrt(np.linalg.eigvalsh(covariance)))[::-1]
    np.testing.assert_allclose(
        sizes, 0.1 * np.array([0.2175, 0.0188, 0.0045]), rtol=0.2
    )
    with pytest.raises(ValueError, match="Received: image.shape="):
        lighting(tf.zeros((4, 4, 1)), seeds(1)[0], 0.1)


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


EVERYTHING = Augmentation(
    resized_crop=True,
    padding=2,
    shift=0.1,
    rotation=10,
    flip=True,
    color_jitter=0.4,
    lighting=0.1,
    rand_augment=RandAugment(magnitude_deviation=0.5),
    erasing=RandomErasing(),
)


def test_everything_at_once_is_the_same_in_a_pipeline():
    images = np.random.default_rng(1).integers(0, 256, (6, 20, 24, 3)).astype("uint8")

    def batches():
        return (
            tf.data.Dataset.from_tensor_slices(images)
            .enumerate()
            .map(
                lambda index, image: augment(
                    image, tf.stack([3, tf.cast(index, "int32")]), EVERYTHING, 16, 16
                ),
                num_parallel_calls=4,
            )
            .batch(6)
        )

    (first,), (again,) = list(batches()), list(batches())
    np.testing.assert_array_equal(first, again)
    assert first.shape == (6, 16, 16, 3)
    assert first.dtype == "float32"
    assert np.isfinite(first).all()
    assert np.min(first) >= 0
    assert np.max(first) <= 255
    one = augment(tf.constant(images[4]), tf.constant([3, 4]), EVERYTHING, 16, 16)
    np.testing.assert_allclose(first[4], one, atol=0.01)


def test_grey_images_can_be_augmented():
    image = tf.constant(IMAGE[..., :1].astype("uint8"))
    for policy in (
        {"rand_augment": RandAugment(operations="increasing")},
        {"trivial_augment": TrivialAugment()},
        {"color_jitter": 0.4, "erasing": RandomErasing(1.0, fill=(1, 2, 3))},
    ):
        for seed in seeds(6):
            found = augment(image, seed, Augmentation(**policy), 12, 10)
            assert found.shape == (12, 10, 1)
            assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (ValueError, {"padding": -1}),
        (TypeError, {"padding": 1.5}),
        (ValueError, {"padding_mode": "mirror"}),
        (ValueError, {"padding_value": 256}),
        (ValueError, {"padding_value": ()}),
        (ValueError, {"shift": 2}),
        (ValueError, {"rotation": 181}),
        (TypeError, {"flip": 1}),
        (TypeError, {"alternating_flip": 1}),
        (ValueError, {"flip": True, "alternating_flip": True}),
        (ValueError, {"color_jitter": 1.5}),
        (TypeError, {"rand_augment": 9}),
        (TypeError, {"erasing": 0.5}),
        (
            ValueError,
            {"rand_augment": RandAugment(), "trivial_augment": TrivialAugment()},
        ),
    ],
)
def test_refuses_amounts_out_of_range(error, wrong):
    with pytest.raises(error, match="Received: "):
        Augmentation(**wrong)
