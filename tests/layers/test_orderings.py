"""The five activation orderings, each against its formula written out."""

import numpy as np
import pytest

from keras_resnet.layers import ORDERINGS, BasicBlock, BottleneckBlock

torch = pytest.importorskip("torch", reason="the extra `peers` is not installed")
functional = torch.nn.functional


class Formulas:
    """He et al. 2016, figure 4, for a basic block with an identity shortcut."""

    def __init__(self, block):
        self.block = block
        self.weights = {
            f"{layer.name.removeprefix(block.name)}.{variable.name}": torch.tensor(
                np.asarray(variable)
            )
            for layer in block._flatten_layers(include_self=False)
            for variable in layer.weights
        }

    def conv(self, x, number):
        kernel = self.weights[f"_{number}_conv.kernel"].permute(3, 2, 0, 1)
        return functional.conv2d(x, kernel, padding=1)

    def bn(self, x, name):
        names = ("moving_mean", "moving_variance", "gamma", "beta")
        values = [self.weights[f"_{name}_bn.{variable}"] for variable in names]
        return functional.batch_norm(x, *values, eps=self.block.epsilon)

    def original(self, x):
        relu, conv, bn = functional.relu, self.conv, self.bn
        return relu(x + bn(conv(relu(bn(conv(x, 1), 1)), 2), 2))

    def batch_norm_after_addition(self, x):
        relu, conv, bn = functional.relu, self.conv, self.bn
        return relu(bn(x + conv(relu(bn(conv(x, 1), 1)), 2), "joined"))

    def activation_before_addition(self, x):
        relu, conv, bn = functional.relu, self.conv, self.bn
        return x + relu(bn(conv(relu(bn(conv(x, 1), 1)), 2), 2))

    def activation_only_preactivation(self, x):
        relu, conv, bn = functional.relu, self.conv, self.bn
        return x + bn(conv(relu(bn(conv(relu(x), 1), 1)), 2), 2)

    def full_preactivation(self, x):
        relu, conv, bn = functional.relu, self.conv, self.bn
        return x + conv(relu(bn(conv(relu(bn(x, "preact")), 1), 1)), 2)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_equals_the_formula(rng, randomize, ordering):
    x = rng.normal(size=(2, 7, 6, 4)).astype("float32")
    block = BasicBlock(4, ordering=ordering)
    block.build(x.shape)
    randomize(block)
    formula = getattr(Formulas(block), ordering)
    expected = formula(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(block(x), expected, atol=2e-5)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_network_normalizes_and_activates_once_between_convolutions(ordering):
    # Three convolutions, the stem's and a block's two: three of each, wherever
    # they stand.
    steps = ORDERINGS[ordering]
    every = [*steps.stem, *steps.before, *steps.between, *steps.last]
    every += [*steps.joined, *steps.end]
    assert every.count("normalize") == 3
    assert every.count("activate") == 3


def test_zero_last_gamma_needs_a_last_one(rng):
    x = rng.uniform(1, 2, (2, 6, 6, 16)).astype("float32")
    for ordering in ("original", "activation_only_preactivation"):
        block = BottleneckBlock(4, ordering=ordering, zero_last_gamma=True)
        np.testing.assert_allclose(block(x), x, atol=1e-6)
