"""Blocks on the JAX and PyTorch backends: the same numbers as on TensorFlow."""

import keras
import numpy as np
import pytest

from keras_resnet.layers import (
    BasicBlock,
    BottleneckBlock,
    PreactivationBottleneckBlock,
    WideBlock,
)

BLOCKS = (
    (BasicBlock, {"shortcut": "A"}),
    (BottleneckBlock, {}),
    (PreactivationBottleneckBlock, {}),
    (WideBlock, {"dropout_rate": 0.5}),
)

COMPARE = """
import sys
from pathlib import Path
import keras, numpy as np
import keras_resnet
folder = Path(sys.argv[1])
data = np.load(folder / "data.npz")
for path in sorted(folder.glob("*.keras")):
    model = keras.saving.load_model(path)
    y = keras.ops.convert_to_numpy(model(data["x"]))
    np.testing.assert_allclose(y, data[path.stem], atol=2e-5)
    print(path.stem)
"""

TRAIN = """
import sys
import keras, numpy as np
from keras import ops
import keras_resnet
from keras_resnet.layers import WideBlock

keras.utils.set_random_seed(1)
block = WideBlock(4, survival_probability=0.5, dropout_rate=0.1, name="b")
inputs = keras.Input((6, 6, 4))
model = keras.Model(inputs, block(inputs))
model.compile(keras.optimizers.SGD(0.01), "mse")
x = np.random.default_rng(0).uniform(1, 2, (8, 6, 6, 4)).astype("float32")

def statistics():
    weights = [v for v in block.weights if "moving" in v.name]
    return [np.array(ops.convert_to_numpy(v)) for v in weights]

def kernels():
    return [np.array(ops.convert_to_numpy(v)) for v in block.trainable_weights]

dropped = 0
for step in range(24):
    before, old = statistics(), kernels()
    loss = float(model.train_on_batch(x, x))
    unchanged = all(map(np.array_equal, before, statistics()))
    # A dropped block is the identity: no error, no gradient, no statistics.
    assert unchanged == (loss == 0.0), (unchanged, loss)
    assert unchanged == all(map(np.array_equal, old, kernels()))
    dropped += unchanged
assert 4 <= dropped <= 20, dropped
print("trained", dropped)
"""

CHANNELS_FIRST = """
import keras, numpy as np
import keras_resnet
x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
for name in ("resnet20", "resnet8"):
    keras.config.set_image_data_format("channels_last")
    last = keras_resnet.create_model(name)
    keras.config.set_image_data_format("channels_first")
    first = keras_resnet.create_model(name)
    assert first.input_shape == (None, 3, 32, 32)
    first.set_weights(last.get_weights())
    a, b = (keras.ops.convert_to_numpy(m(v)) for m, v in
            ((last, x), (first, x.transpose(0, 3, 1, 2))))
    np.testing.assert_allclose(a, b, atol=1e-5)
print("equal")
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocks")
    generator = np.random.default_rng(3)
    data = {"x": generator.normal(size=(2, 8, 8, 3)).astype("float32")}
    for block_class, arguments in BLOCKS:
        inputs = keras.Input((8, 8, 3))
        model = keras.Model(inputs, block_class(4, 2, **arguments)(inputs))
        name = block_class.__name__
        data[name] = np.asarray(model(data["x"]))
        model.save(folder / f"{name}.keras")
    np.savez(folder / "data.npz", **data)
    return folder


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_numbers(saved, run_python, backend):
    printed = run_python(COMPARE, saved, backend=backend).split()
    assert printed == sorted(block_class.__name__ for block_class, _ in BLOCKS)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_stochastic_depth_trains(run_python, backend):
    assert "trained" in run_python(TRAIN, backend=backend)


def test_stochastic_depth_trains_eagerly(run_python):
    code = TRAIN.replace('"mse")', '"mse", run_eagerly=True)')
    assert code != TRAIN
    assert "trained" in run_python(code, backend="tensorflow")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_channels_first(run_python, backend):
    assert "equal" in run_python(CHANNELS_FIRST, backend=backend)


def test_jax_conditional_of_accelerators(run_python):
    # On CPUs the package selects instead; the conditional must be right too.
    code = "import jax\njax.default_backend = lambda: 'gpu'\n" + TRAIN
    assert "trained" in run_python(code, backend="jax")
