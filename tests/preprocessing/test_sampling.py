"""Filters, sizes and offsets, against Keys's formula and torchvision's functions."""

import numpy as np
import pytest

from keras_resnet.preprocessing.sampling import (
    cubic,
    resized_side,
    sample_axis,
    triangle,
)
from keras_resnet.weights.card import Evaluation


def keys(x, a=-0.5):
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def test_cubic_is_keys_with_a_half():
    x = np.linspace(-3, 3, 1201)
    np.testing.assert_allclose(cubic(x), keys(x), atol=1e-14)


def test_triangle():
    x = np.linspace(-3, 3, 1201)
    np.testing.assert_allclose(triangle(x), np.interp(x, [-1, 0, 1], [0, 1, 0]))


@pytest.mark.parametrize(
    ("size", "crop_fraction", "side"),
    # As timm's configurations have them, and torchvision's presets.
    [
        (224, 0.875, 256),
        (224, 0.95, 235),
        (224, 0.965, 232),
        (224, 224 / 232, 232),
        (288, 0.95, 303),
        (288, 1.0, 288),
        (299, 0.875, 341),
        (32, 1.0, 32),
    ],
)
def test_shorter_side(size, crop_fraction, side):
    assert resized_side(Evaluation(size, crop_fraction)) == side


def test_a_share_leads_back_to_the_side_that_it_was_made_of():
    sides = [(size, side) for size in range(1, 400, 3) for side in range(size, 600, 7)]
    for size, side in sides:
        assert resized_side(Evaluation(size, size / side)) == side


def test_sizes_and_offsets_are_torchvisions(torchvision):
    functional = torchvision.transforms.functional
    evaluation = Evaluation(224, 0.95)
    side = resized_side(evaluation)
    for height, width in np.random.default_rng(0).integers(1, 3000, (500, 2)).tolist():
        shorter = min(height, width)
        (rows, top), (columns, left) = (
            sample_axis(length, shorter, evaluation) for length in (height, width)
        )
        size = functional._compute_resized_output_size((height, width), [side])
        assert [rows, columns] == size
        # What its `center_crop` computes.
        assert top == round((rows - 224) / 2.0)
        assert left == round((columns - 224) / 2.0)
