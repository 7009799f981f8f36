"""The second paper's shortcuts, against h(x) and F(x) computed apart."""

import numpy as np
import pytest

from keras_resnet.layers import SHORTCUT_FUNCTIONS, BasicBlock


def block_and_twin(randomize, x, **arguments):
    """A block in question, and an identity block of the same branch F."""
    blocks = []
    for function in (arguments.pop("shortcut_function"), "identity"):
        block = BasicBlock(
            4,
            name="b",
            ordering="full_preactivation",
            shortcut_function=function,
            **arguments,
        )
        block.build(x.shape)
        blocks.append(randomize(block))
    first, second = blocks
    named = {v.path.split("/", 1)[1]: v for v in first.weights}
    for variable in second.weights:
        variable.assign(named[variable.path.split("/", 1)[1]])
    return blocks


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def gate(block, x):
    (layer,) = block.gate_layers
    kernel, bias = (np.asarray(v) for v in layer.weights)
    return sigmoid(x @ kernel[0, 0] + bias)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("identity", lambda x, f, g: x + f),
        ("constant_scaling", lambda x, f, g: 0.5 * x + 0.5 * f),
        ("exclusive_gating", lambda x, f, g: (1 - g) * x + g * f),
        ("shortcut_only_gating", lambda x, f, g: (1 - g) * x + f),
        ("dropout", lambda x, f, g: x + f),
    ],
)
def test_at_test_time(rng, randomize, function, expected):
    x = rng.normal(size=(2, 5, 6, 4)).astype("float32")
    block, twin = block_and_twin(randomize, x, shortcut_function=function)
    residual = np.asarray(twin(x)) - x
    g = gate(block, x) if function.endswith("gating") else None
    np.testing.assert_allclose(block(x), expected(x, residual, g), atol=2e-5)


def test_dropout_drops_half_of_the_shortcut(rng, randomize):
    x = rng.uniform(1, 2, (8, 9, 9, 4)).astype("float32")
    block, _ = block_and_twin(randomize, x, shortcut_function="dropout", seed=1)
    for variable in block.residual_layers[-1].weights:
        variable.assign(np.zeros(variable.shape))
    y = np.asarray(block(x, training=True))
    kept = y != 0
    np.testing.assert_allclose(y[kept], 2 * x[kept], rtol=1e-6)
    assert kept.mean() == pytest.approx(0.5, abs=5 * (0.25 / x.size) ** 0.5)


def test_convolution_is_a_projection_in_every_block():
    block = BasicBlock(4, shortcut_function="convolution", shortcut="A", name="b")
    block.build((None, 6, 6, 4))
    assert [layer.name for layer in block.shortcut_layers] == ["b_0_conv", "b_0_bn"]


def test_gates_start_almost_open():
    block = BasicBlock(4, shortcut_function="exclusive_gating")
    block.build((None, 6, 6, 4))
    np.testing.assert_array_equal(block.gate_layers[0].bias, np.full(4, -6.0))


@pytest.mark.parametrize("function", SHORTCUT_FUNCTIONS)
@pytest.mark.parametrize("stride", [1, 2])
def test_every_function_takes_every_shape(rng, function, stride):
    x = rng.normal(size=(2, 6, 6, 3)).astype("float32")
    block = BasicBlock(
        4, stride, shortcut_function=function, shortcut="A", survival_probability=0.5
    )
    assert block(x, training=True).shape == block.compute_output_shape(x.shape)
