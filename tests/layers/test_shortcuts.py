"""Shortcuts A, B and C."""

import keras
import numpy as np
import pytest

from keras_resnet.layers import BasicBlock, BottleneckBlock, ZeroPaddedIdentity


@pytest.mark.parametrize("size", [7, 8])
def test_zero_padded_identity(rng, size):
    x = rng.normal(size=(2, size, size, 3)).astype("float32")
    layer = ZeroPaddedIdentity(8, stride=2, data_format="channels_last")
    y = layer(x)
    expected = np.pad(x[:, ::2, ::2], [(0, 0), (0, 0), (0, 0), (2, 3)])
    np.testing.assert_array_equal(y, expected)
    assert layer.compute_output_shape(x.shape) == expected.shape


def test_zero_padding_cannot_remove_channels():
    with pytest.raises(ValueError, match="at least 16.*Received: filters=8"):
        ZeroPaddedIdentity(8)(np.zeros((1, 4, 4, 16)))


@pytest.mark.parametrize(
    ("shortcut", "changes", "parameters"),
    [
        ("A", False, 0),
        ("A", True, 0),
        ("B", False, 0),
        ("B", True, 4 * 8 + 2 * 8),
        ("C", False, 8 * 8 + 2 * 8),
        ("C", True, 4 * 8 + 2 * 8),
    ],
)
def test_parameters_of_the_shortcut(shortcut, changes, parameters):
    channels = 4 if changes else 8
    block = BasicBlock(8, stride=2 if changes else 1, shortcut=shortcut)
    block.build((None, 8, 8, channels))
    residual = 9 * channels * 8 + 9 * 8 * 8 + 4 * 8
    trainable = sum(int(np.prod(v.shape)) for v in block.trainable_weights)
    assert trainable - residual == parameters


def test_projection_without_batch_normalization():
    block = BasicBlock(8, stride=2, projection_batch_norm=False)
    block.build((None, 8, 8, 4))
    assert [type(layer) for layer in block.shortcut_layers] == [keras.layers.Conv2D]


def test_unknown_shortcut():
    with pytest.raises(ValueError, match="'A', 'B', 'C'.*Received: shortcut='D'"):
        BottleneckBlock(8, shortcut="D")
