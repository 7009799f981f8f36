"""What the tests of preprocessing share."""

import numpy as np
import pytest

from keras_resnet.normalization import TORCH
from keras_resnet.weights.card import Card, Evaluation, File


@pytest.fixture
def make_card():
    """Make a card of weights that do not exist."""

    def make(normalization=TORCH, evaluation=None):
        return Card(
            model="resnet18",
            tag="made_up",
            architecture="resnet18",
            top=File("https://example.com/resnet18.h5"),
            normalization=normalization,
            evaluation=evaluation or Evaluation(),
            source="nobody",
            licence="none",
        )

    return make


def _photograph(height, width, seed=0):
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    x = np.stack(
        [
            120 + 60 * np.sin(rows / (9 + k)) + 60 * np.cos(columns / (14 - k))
            for k in range(3)
        ],
        axis=-1,
    )
    for _ in range(12):
        top, left = generator.integers(height), generator.integers(width)
        x[top : top + height // 4, left : left + width // 5] = generator.integers(
            0, 256, 3
        )
    x += generator.normal(0, 12, x.shape)
    return np.clip(x, 0, 255).astype("uint8")


@pytest.fixture
def photograph():
    """Make uint8 RGB with waves, hard edges in black and white too, and noise."""
    return _photograph
