import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.stats import ks_2samp

from keras_resnet.training import datasets
from keras_resnet.training.augmentation import Augmentation, augment, augment_file
from keras_resnet.training.augmentation.crops import random_window
from keras_resnet.training.augmentation.resizing import resize
from keras_resnet.training.datasets.decoding import decode_image, decode_window
from keras_resnet.training.pipeline import training_batches

HEIGHT, WIDTH = 61, 83


def encoded(form, mode="RGB", size=(WIDTH, HEIGHT), **options):
    noise = np.random.default_rng(0).integers(0, 256, (9, 11, 3), "uint8")
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.convert(mode).save(file, form, **options)
    return file.getvalue()


FILES = {
    "full_colour": encoded("JPEG", subsampling=0),
    "half_colour": encoded("JPEG", subsampling=1),
    "quarter_colour": encoded("JPEG", subsampling=2),
    "narrow_colour": encoded("JPEG", subsampling="4:1:1"),
    "progressive": encoded("JPEG", subsampling=2, progressive=True),
    "restarts": encoded("JPEG", subsampling=2, restart_marker_rows=1),
    "grey": encoded("JPEG", "L"),
    "four_inks": encoded("JPEG", "CMYK"),
    "one_block": encoded("JPEG", size=(16, 16)),
    "one_pixel": encoded("JPEG", size=(1, 1)),
    "png": encoded("PNG"),
    "grey_png": encoded("PNG", "L"),
    "transparent": encoded("PNG", "RGBA"),
}
PILLOW_DIFFERS = {"transparent"}


def by_pillow(contents):
    return np.asarray(Image.open(io.BytesIO(contents)).convert("RGB"))


@pytest.mark.parametrize("name", sorted(FILES.keys() - PILLOW_DIFFERS))
def test_pixels_are_those_of_pillow(name):
    found = decode_image(FILES[name]).numpy()
    np.testing.assert_array_equal(found, by_pillow(FILES[name]))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_decodes_as_many_channels_as_asked_for(channels):
    assert decode_image(FILES["png"], channels).shape == (HEIGHT, WIDTH, channels)
    part = decode_window(FILES["png"], lambda _: tf.constant([2, 3, 4, 5]), channels)
    assert part.shape == (4, 5, channels)


@pytest.mark.parametrize("name", FILES)
def test_a_window_has_the_pixels_of_the_whole(name):
    whole = decode_image(FILES[name]).numpy()
    height, width = whole.shape[:2]
    window = tf.function(
        lambda place: decode_window(FILES[name], lambda shape: place),
        input_signature=[tf.TensorSpec((4,), tf.int32)],
    )
    rng = np.random.default_rng(1)
    windows = [(0, 0, height, width), (0, 0, 1, 1), (height - 1, width - 1, 1, 1)]
    for _ in range(60):
        rows, columns = rng.integers(1, height + 1), rng.integers(1, width + 1)
        top = rng.integers(0, height - rows + 1)
        windows.append((top, rng.integers(0, width - columns + 1), rows, columns))
    for top, left, rows, columns in windows:
        found = window(np.array([top, left, rows, columns], "int32")).numpy()
        expected = whole[top : top + rows, left : left + columns]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(resized_crop=True, flip=True, color_jitter=0.2),
        Augmentation(padding=2, flip=True),
    ],
)
@pytest.mark.parametrize("name", ["quarter_colour", "grey", "four_inks", "png"])
def test_a_file_is_changed_as_its_image_is(name, augmentation):
    from_file = tf.function(
        lambda seed: augment_file(FILES[name], seed, augmentation, 32, 24, 3)
    )
    image = decode_image(FILES[name])
    from_image = tf.function(lambda seed: augment(image, seed, augmentation, 32, 24))
    for number in range(8):
        seed = tf.constant([7, number])
        expected = from_image(seed)
        assert expected.shape == (32, 24, 3)
        np.testing.assert_array_equal(from_file(seed), expected)


def torch_and_transforms():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch, pytest.importorskip("torchvision.transforms")


def windows_of(height, width, count):
    shape = tf.constant([height, width, 3])
    seeds = tf.data.Dataset.range(count).map(lambda i: tf.cast([5, i], "int32"))
    drawn = seeds.map(lambda seed: random_window(shape, seed)).batch(count)
    return next(drawn.as_numpy_iterator())


@pytest.mark.parametrize(("height", "width"), [(300, 400), (500, 330), (200, 700)])
def test_windows_are_drawn_as_those_of_torchvision(height, width):
    torch, transforms = torch_and_transforms()
    image = torch.empty(3, height, width)
    expected = np.array(
        [
            transforms.RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3))
            for _ in range(3000)
        ]
    )
    found = windows_of(height, width, 3000)
    top, left, rows, columns = found.T
    assert (found >= 0).all()
    assert (top + rows <= height).all()
    assert (left + columns <= width).all()
    for what in (
        lambda top, left, rows, columns: rows * columns,
        lambda top, left, rows, columns: columns / rows,
        lambda top, left, rows, columns: top,
        lambda top, left, rows, columns: left,
        lambda top, left, rows, columns: height - top - rows,
        lambda top, left, rows, columns: width - left - columns,
    ):
        assert ks_2samp(what(*found.T), what(*expected.T)).pvalue > 0.01


def test_windows_reach_every_edge():
    # Eleven places of a side that is shorter by ten.
    found = windows_of(40, 40, 4000)
    top, left, _, columns = found[found[:, 2] == 30].T
    assert set(top) == set(range(11))
    assert min(left) == 0
    assert max(left + columns) == 40


@pytest.mark.parametrize(("height", "width"), [(900, 20), (20, 900), (1, 1), (1, 9)])
def test_images_that_no_window_fits_have_one_in_the_middle(height, width):
    torch, transforms = torch_and_transforms()
    found = windows_of(height, width, 40)
    image = torch.empty(3, height, width)
    # Parts of nearly the whole area do not fit either.
    expected = transforms.RandomResizedCrop.get_params(
        image, (0.9, 1.0), (3 / 4, 4 / 3)
    )
    in_the_middle = (found == expected).all(axis=1)
    assert in_the_middle.any()
    if max(height, width) > 100:
        assert in_the_middle.all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "shape", [(90, 70), (41, 300), (300, 41), (40, 24), (31, 20), (500, 390), (1, 1)]
)
def test_resizes_as_tensorflow_does_with_antialiasing(shape, channels):
    image = np.random.default_rng(0).integers(0, 256, (*shape, channels), "uint8")
    found = resize(tf.constant(image), 40, 24)
    expected = tf.image.resize(image, (40, 24), antialias=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("shape", [(97, 131), (13, 9), (13, 131)])
def test_white_stays_white(shape):
    found = resize(tf.fill((*shape, 3), tf.constant(255, tf.uint8)), 40, 24).numpy()
    np.testing.assert_allclose(found, 255, atol=1e-3)
    assert found.max() <= 255


@pytest.fixture
def photos(tmp_path):
    for split in ("train", "test"):
        for name in ("a", "b"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for index in range(3):
                size = (40 + 9 * index, 50 - 7 * index)
                kind = "PNG" if index == 1 else "JPEG"
                file = folder / f"{index}.{kind.lower()}"
                file.write_bytes(encoded(kind, size=size))
    return tmp_path


def test_a_folder_is_decoded_in_part_and_trains_the_same(photos, monkeypatch):
    split = datasets.load(f"image_folder:{photos}").train
    contents, label = split.encoded(*next(iter(split.records())))
    assert contents.dtype == tf.string
    assert label.dtype == tf.int32

    def batches(split):
        return list(
            training_batches(
                split,
                (24, 24, 3),
                2,
                Augmentation(resized_crop=True, flip=True),
                seed=3,
                epochs=2,
            ).as_numpy_iterator()
        )

    whole = batches(datasets.Split(**{**vars(split), "encoded": None}))

    def refuse(*arguments, **named):
        raise AssertionError("decoded whole")

    monkeypatch.setattr(tf.io, "decode_jpeg", refuse)
    for found, expected in zip(batches(split), whole, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
