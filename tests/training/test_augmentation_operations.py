"""The operations of RandAugment and TrivialAugment against other packages.

The photograph-like image is smooth noise: sharp noise would say little of
interpolation, flat colours little of histograms.
"""

import importlib

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from keras_resnet.training.augmentation import color
from keras_resnet.training.augmentation.geometry import shear_x
from keras_resnet.training.augmentation.operations import INCREASING, ORIGINAL, WIDE

HEIGHT, WIDTH = 40, 48
TORCHVISION = {
    "identity": "Identity",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
    "translate_x": "TranslateX",
    "translate_y": "TranslateY",
    "rotate": "Rotate",
    "brightness": "Brightness",
    "saturation": "Color",
    "contrast": "Contrast",
    "sharpness": "Sharpness",
    "posterize": "Posterize",
    "solarize": "Solarize",
    "autocontrast": "AutoContrast",
    "equalize": "Equalize",
}
TIMM = {
    "rotate": "Rotate",
    "posterize": "PosterizeIncreasing",
    "solarize": "SolarizeIncreasing",
    "solarize_add": "SolarizeAdd",
    "saturation": "ColorIncreasing",
    "contrast": "ContrastIncreasing",
    "brightness": "BrightnessIncreasing",
    "sharpness": "SharpnessIncreasing",
    "translate_x": "TranslateXRel",
    "translate_y": "TranslateYRel",
    "autocontrast": "AutoContrast",
    "equalize": "Equalize",
    "invert": "Invert",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
}
# Grey levels. Bytes are cut off where floats go on, once in the blended images
# and once in the blend: that leaves two.
TOLERANCE = {
    "shear_x": 0.51,
    "shear_y": 0.51,
    "rotate": 0.51,
    "brightness": 1.0,
    "saturation": 2.0,
    "contrast": 2.0,
    "sharpness": 1.5,
    "autocontrast": 1.0,
}


@pytest.fixture(scope="module")
def image():
    noise = np.random.default_rng(3).uniform(size=(HEIGHT, WIDTH, 3))
    smooth = scipy.ndimage.gaussian_filter(noise, (2, 2, 0))
    low, high = smooth.min((0, 1)), smooth.max((0, 1))
    return (20 + 215 * (smooth - low) / (high - low)).astype("uint8")


def apply(operation, image, strength):
    found = operation.apply(
        tf.constant(image.astype("float32")), tf.constant(strength, "float32"), 0.0
    )
    return found.numpy()


@pytest.mark.parametrize(
    ("policy", "operation"),
    [("RandAugment", o) for o in ORIGINAL] + [("TrivialAugmentWide", o) for o in WIDE],
    ids=lambda value: getattr(value, "name", value),
)
def test_equals_torchvision(torchvision, image, policy, operation):
    torch = pytest.importorskip("torch")
    transforms = importlib.import_module("torchvision.transforms.v2")
    transform = getattr(transforms, policy)(interpolation="bilinear")
    name = TORCHVISION[operation.name]
    magnitudes, signed = transform._AUGMENTATION_SPACE[name]
    magnitudes = magnitudes(31, HEIGHT, WIDTH)
    assert operation.signed == signed
    assert set(transform._AUGMENTATION_SPACE) == set(TORCHVISION.values())
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    # At 5, 10, ... of 30 a threshold of solarize is a whole level, and which
    # side of it a level falls is left to the last bit of a float.
    for step in (0, 4, 11, 17, 23, 29):
        for sign in (1, -1) if signed else (1,):
            magnitude = 0.0 if magnitudes is None else float(magnitudes[step])
            expected = transform._apply_image_or_video_transform(
                pixels, name, sign * magnitude, "bilinear", transform._fill
            )
            np.testing.assert_allclose(
                apply(operation, image, sign * step / 30),
                expected.permute(1, 2, 0).numpy(),
                atol=TOLERANCE.get(operation.name, 0),
            )


@pytest.mark.parametrize("operation", INCREASING, ids=lambda o: o.name)
def test_equals_timm_on_pillow_images(timm, image, operation):
    pillow = pytest.importorskip("PIL.Image")
    theirs = importlib.import_module("timm.data.auto_augment")
    name = TIMM[operation.name]
    assert set(TIMM.values()) == set(theirs._RAND_INCREASING_TRANSFORMS)
    level_to_argument, change = theirs.LEVEL_TO_ARG[name], theirs.NAME_TO_OP[name]
    geometric = operation.name.startswith(("shear", "translate", "rotate"))
    options = {"resample": pillow.Resampling.BILINEAR} if geometric else {}
    for magnitude in (0.0, 3.0, 6.5, 10.0):
        # The direction is drawn in there: half of ten draws or so is enough.
        arguments = {()}
        if level_to_argument is not None:
            arguments = {level_to_argument(magnitude, {}) for _ in range(30)}
        found = [
            apply(operation, image, sign * magnitude / 10)
            for sign in ((1, -1) if operation.signed else (1,))
        ]
        for argument in arguments:
            if name == "PosterizeIncreasing" and argument == (0,):
                # Which Pillow refuses; nothing of an image is left then.
                assert not found[0].any()
                continue
            expected = np.asarray(
                change(pillow.fromarray(image), *argument, **options), "float32"
            )
            differences = [np.abs(one - expected) for one in found]
            if geometric:
                # Pillow cuts off after the point, and repeats the edge for half
                # a pixel before it fills.
                assert min(np.quantile(d, 0.9) for d in differences) <= 1.01
            else:
                tolerance = TOLERANCE.get(operation.name, 0)
                assert min(d.max() for d in differences) <= tolerance


def test_equalize_and_autocontrast_leave_flat_channels():
    flat = tf.fill((8, 8, 3), 77.0)
    np.testing.assert_array_equal(color.equalize(flat), flat)
    np.testing.assert_array_equal(color.autocontrast(flat), flat)


@pytest.mark.parametrize("seed", range(5))
def test_equalize_equals_pillow(seed):
    ops = pytest.importorskip("PIL.ImageOps")
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(seed)
    # Few levels, many levels, and far too few pixels for 256 of them.
    levels = rng.integers(1, 256)
    pixels = rng.integers(0, levels + 1, (9 + 30 * seed, 17, 3)).astype("uint8")
    expected = np.asarray(ops.equalize(pillow.fromarray(pixels)))
    found = color.equalize(tf.constant(pixels.astype("float32")))
    np.testing.assert_array_equal(found, expected)


def test_sharpness_leaves_tiny_images_and_edges():
    tiny = tf.constant(np.arange(12, dtype="float32").reshape(2, 2, 3))
    np.testing.assert_array_equal(color.sharpness(tiny, 1.9), tiny)
    image = tf.random.stateless_uniform((6, 6, 3), (1, 2), 50, 200)
    sharp = color.sharpness(image, 1.9).numpy()
    assert np.array_equal(sharp[0], image[0])
    assert np.array_equal(sharp[:, -1], image[:, -1])
    assert not np.allclose(sharp[1:-1, 1:-1], image[1:-1, 1:-1])


def test_levels_between_two_bytes_count_as_the_lower():
    image = tf.constant([[[17.6, 31.99, 250.5]]])
    np.testing.assert_array_equal(color.posterize(image, 4), [[[16, 16, 240]]])


def test_what_comes_from_outside_has_the_fill():
    image = tf.fill((20, 20, 3), 200.0)
    sheared = shear_x(image, 0.9, (10.0, 20.0, 30.0)).numpy()
    np.testing.assert_allclose(sheared[-1, -1], (10, 20, 30), atol=1e-3)
    np.testing.assert_allclose(sheared[0, 0], 200, atol=1e-3)
