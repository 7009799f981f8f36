"""Parts of blocks against PyTorch's own layers: groups, dilation, pools."""

import numpy as np
import pytest

from keras_resnet.layers import BasicBlock, BottleneckBlock, EdgePadding2D

torch = pytest.importorskip("torch", reason="the extra `peers` is not installed")
functional = torch.nn.functional


def to_torch(x):
    return torch.tensor(np.asarray(x)).permute(0, 3, 1, 2)


def from_torch(x):
    return x.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize(
    ("arguments", "stride", "keywords"),
    [
        ({"groups": 4, "width_per_group": 16}, 1, {"padding": 1, "groups": 4}),
        ({"groups": 4, "width_per_group": 16}, 2, {"padding": 1, "groups": 4}),
        ({"dilation": 2}, 1, {"padding": 2, "dilation": 2}),
        ({"dilation": 2, "padding": "explicit"}, 1, {"padding": 2, "dilation": 2}),
    ],
    ids=str,
)
def test_middle_convolution(rng, randomize, arguments, stride, keywords):
    block = BottleneckBlock(16, stride, name="b", **arguments)
    block.build((None, 9, 8, 64))
    randomize(block)
    position = [layer.name for layer in block.residual_layers].index("b_2_conv")
    first = position - (block.residual_layers[position - 1].name == "b_2_pad")
    kernel = torch.tensor(np.asarray(block.residual_layers[position].kernel))
    x = rng.normal(size=(2, 9, 8, block.inner_width)).astype("float32")
    y = x
    for layer in block.residual_layers[first : position + 1]:
        y = layer(y)
    expected = functional.conv2d(
        to_torch(x), kernel.permute(3, 2, 0, 1), stride=stride, **keywords
    )
    np.testing.assert_allclose(y, from_torch(expected), atol=1e-5)


def test_average_pool_shortcut(rng):
    block = BasicBlock(8, 2, shortcut="average_pool", name="b")
    block.build((None, 7, 8, 4))
    names = [layer.name for layer in block.shortcut_layers]
    assert names == ["b_0_pool", "b_0_conv", "b_0_bn"]
    x = rng.normal(size=(2, 7, 8, 4)).astype("float32")
    expected = functional.avg_pool2d(
        to_torch(x), 2, 2, ceil_mode=True, count_include_pad=False
    )
    np.testing.assert_allclose(
        block.shortcut_layers[0](x), from_torch(expected), atol=1e-6
    )


@pytest.mark.parametrize("size", [7, 8])
def test_edge_padding_before_a_max_pool_is_minus_infinity(rng, size):
    import keras

    x = rng.normal(-5, 1, size=(2, size, size, 3)).astype("float32")
    y = keras.layers.MaxPooling2D(3, 2)(EdgePadding2D(data_format="channels_last")(x))
    expected = functional.max_pool2d(to_torch(x), 3, 2, padding=1)
    np.testing.assert_array_equal(y, from_torch(expected))
    assert np.max(y) < 0  # Zero padding would have shown.


def test_subsampled_shortcut(rng):
    block = BasicBlock(4, 2, shortcut="subsampled", name="b")
    block.build((None, 8, 8, 4))
    x = rng.normal(size=(2, 8, 8, 4)).astype("float32")
    (pool,) = block.shortcut_layers
    np.testing.assert_array_equal(pool(x), x[:, ::2, ::2])


def test_plain_block_has_no_shortcut(rng, randomize):
    x = rng.normal(size=(2, 8, 8, 4)).astype("float32")
    plain, residual = BasicBlock(4, shortcut="none"), BasicBlock(4, ordering="original")
    for block in (plain, residual):
        block.build(x.shape)
        randomize(block)
    y = x
    for layer in residual.residual_layers:
        y = layer(y)
    np.testing.assert_allclose(plain(x), np.maximum(y, 0), atol=1e-6)
    with pytest.raises(ValueError, match="cannot be dropped. Received: shortcut='non"):
        BasicBlock(4, shortcut="none", survival_probability=0.5)
