import matplotlib.image
import numpy as np
import pytest

from keras_resnet.training.history import Epoch
from keras_resnet.training.learning_curve import (
    TEST_COLOUR,
    TRAIN_COLOUR,
    draw_learning_curve,
)


def pixels_of(picture, colour):
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return (np.abs(picture[..., :3] - wanted) < 0.01).all(axis=-1).sum()


@pytest.mark.parametrize("count", [1, 3, 60])
def test_draws_both_splits(tmp_path, count):
    history = [
        Epoch(epoch, 0.1, 2.0 / epoch, 0.5, 2.5 / epoch, 0.4, 1.0)
        for epoch in range(1, count + 1)
    ]
    draw_learning_curve(tmp_path / "curve.png", history, "a network")
    picture = matplotlib.image.imread(tmp_path / "curve.png")
    assert picture.shape[1] > picture.shape[0] > 300
    assert pixels_of(picture, TRAIN_COLOUR) > 100
    assert pixels_of(picture, TEST_COLOUR) > 100


def test_losses_of_zero_can_be_drawn(tmp_path):
    draw_learning_curve(tmp_path / "curve.png", [Epoch(1, 0.1, 0.0, 1, 0.0, 1, 1)], "")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_refuses_an_empty_history(tmp_path):
    with pytest.raises(ValueError, match=r"Received: history=\[\]"):
        draw_learning_curve(tmp_path / "curve.png", [], "")
