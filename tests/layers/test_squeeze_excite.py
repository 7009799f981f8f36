"""Squeeze-and-excitation against the formula in PyTorch."""

import numpy as np
import pytest

from keras_resnet.layers import BottleneckBlock, SqueezeExcite
from keras_resnet.layers.squeeze_excite import squeezed_channels

torch = pytest.importorskip("torch", reason="the extra `peers` is not installed")
functional = torch.nn.functional


def test_equals_the_formula(rng, randomize):
    x = rng.normal(size=(2, 5, 6, 64)).astype("float32")
    layer = SqueezeExcite(0.25, name="se")
    layer.build(x.shape)
    randomize(layer)
    w1, b1, w2, b2 = (torch.tensor(np.asarray(v)) for v in layer.weights)
    pooled = torch.tensor(x).mean((1, 2))
    hidden = functional.relu(pooled @ w1[0, 0] + b1)
    gate = torch.sigmoid(hidden @ w2[0, 0] + b2)
    np.testing.assert_allclose(
        layer(x), torch.tensor(x) * gate[:, None, None], atol=1e-5
    )


@pytest.mark.parametrize(
    ("channels", "ratio", "expected"),
    # 64 / 16 is at least 8; 92 / 8 = 11.5 would lose more than a tenth as 8.
    [(256, 1 / 16, 16), (64, 1 / 16, 8), (256, 0.25, 64), (92, 1 / 8, 16)],
)
def test_width_of_the_squeeze(channels, ratio, expected):
    assert squeezed_channels(channels, ratio) == expected


def test_stands_at_the_end_of_the_branch():
    block = BottleneckBlock(16, squeeze_excite_ratio=1 / 16, name="b")
    block.build((None, 8, 8, 64))
    assert [v.name for v in block.residual_layers][-2:] == ["b_3_bn", "b_se"]


def test_impossible_ratio():
    with pytest.raises(ValueError, match=r"\(0.0, 1.0\].*Received: ratio=0"):
        SqueezeExcite(0)
