"""Blocks that are computed again in the backward pass: the same training."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.layers import BasicBlock, BottleneckBlock, WideBlock
from keras_resnet.layers.rematerialization import rematerialize

# As for JAX (conftest.py), for TensorFlow's XLA.
FAST_XLA = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}

COMPARE = """
import sys
import keras, numpy as np
from keras import ops
from keras_resnet.layers import (
    BasicBlock, BottleneckBlock, PreactivationBasicBlock, WideBlock
)

policy, *options = sys.argv[1:]
keras.config.set_dtype_policy(policy)
STEPS = 5

def network(remat):
    keras.utils.set_random_seed(1)
    common = {"remat": remat, "kernel_regularizer": "l2"}
    layers = [
        keras.layers.Conv2D(8, 3, padding="same"),
        WideBlock(8, dropout_rate=0.3, survival_probability=0.6, seed=1, **common),
        BasicBlock(8, survival_probability=0.5, seed=4, **common),
        PreactivationBasicBlock(
            16, 2, shortcut_function="dropout", survival_probability=0.5,
            stochastic_depth_mode="sample", seed=2, **common
        ),
        BottleneckBlock(4, squeeze_excite_ratio=0.5, **common),
        BasicBlock(
            16, shortcut_function="exclusive_gating", survival_probability=0.5,
            seed=3, **common
        ),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(4, dtype="float32"),
    ]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers])

def values(model):
    variables = [v for layer in model.layers for v in layer.variables]
    return [np.array(ops.convert_to_numpy(v), "float64") for v in variables]

generator = np.random.default_rng(0)
x = generator.normal(size=(8, 8, 8, 3)).astype("float32")
y = generator.normal(size=(8, 4)).astype("float32")
models = network(False), network(True)
start = [values(model) for model in models]
for one, other in zip(*start, strict=True):
    np.testing.assert_array_equal(one, other)
losses = []
for model in models:
    arguments = {option: True for option in options}
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse", **arguments)
    losses.append([float(model.train_on_batch(x, y)) for _ in range(STEPS)])
assert len(set(losses[0])) == STEPS
np.testing.assert_allclose(*losses, rtol=1e-5)
after = [values(model) for model in models]
moved = [not np.array_equal(*pair) for pair in zip(start[0], after[0], strict=True)]
assert np.mean(moved) > 0.8, moved
for one, other in zip(*after, strict=True):
    np.testing.assert_allclose(one, other, atol=1e-5)
print("equal")
"""

TRAININGS = [
    ("tensorflow", "float32", ()),
    pytest.param("tensorflow", "float32", ("run_eagerly",), marks=pytest.mark.slow),
    pytest.param("tensorflow", "float32", ("jit_compile",), marks=pytest.mark.slow),
    ("tensorflow", "mixed_bfloat16", ()),
    ("jax", "float32", ()),
    ("torch", "float32", ()),
    pytest.param("torch", "mixed_bfloat16", (), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("backend", "policy", "options"), TRAININGS)
def test_trains_as_without(run_python, backend, policy, options):
    printed = run_python(COMPARE, policy, *options, backend=backend, **FAST_XLA)
    assert "equal" in printed


class Recorder(keras.layers.Layer):
    """An identity that notes the mean of what it is given, in eager mode."""

    def __init__(self):
        super().__init__()
        self.built = True
        self.seen = []

    def call(self, inputs):
        self.seen.append(float(keras.ops.mean(inputs)))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


def recorded_block(**arguments):
    recorder = Recorder()

    class RecordedBlock(WideBlock):
        def layers_before(self, position, function=1):
            # After the dropout, so that what it drew is seen.
            layers = super().layers_before(position, function)
            return [*layers, recorder] if position == 2 else layers

    block = RecordedBlock(3, dropout_rate=0.5, seed=1, **arguments)
    return block, recorder


@pytest.mark.parametrize("remat", [False, True])
def test_is_computed_again_with_the_same_draws(rng, remat):
    block, recorder = recorded_block(remat=remat)
    x = tf.constant(rng.normal(size=(4, 6, 6, 3)), "float32")
    block.build(x.shape)
    with tf.GradientTape() as tape:
        y = block(x, training=True)
    assert len(recorder.seen) == 1
    tape.gradient(y, [v.value for v in block.trainable_variables])
    assert len(recorder.seen) == 1 + remat
    assert len(set(recorder.seen)) == 1
    block(x, training=True)
    assert len(set(recorder.seen)) == 2


def test_is_computed_once_at_inference(rng):
    block, recorder = recorded_block(remat=True)
    x = tf.constant(rng.normal(size=(4, 6, 6, 3)), "float32")
    block.build(x.shape)
    with tf.GradientTape() as tape:
        y = block(x, training=False)
    tape.gradient(y, [v.value for v in block.trainable_variables])
    assert len(recorder.seen) == 1


TORCH_SAVED = """
import keras, numpy as np, torch
from keras_resnet.layers import BottleneckBlock

images = np.random.default_rng(0).normal(size=(16, 16, 16, 32))
x = torch.tensor(images, dtype=torch.float32, requires_grad=True)
saved = [x.untyped_storage().nbytes()]
for remat in (False, True):
    block = BottleneckBlock(8, remat=remat)
    block.build(x.shape)
    sizes = {}
    def note(tensor):
        sizes[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        y = block(x, training=True)
    saved.append(sum(sizes.values()))
    y.sum().backward()
    assert all(v.value.grad is not None for v in block.trainable_variables)
print(*saved)
"""


def test_pytorch_saves_the_input_alone(run_python):
    printed = run_python(TORCH_SAVED, backend="torch").split()
    size, plain, remat = map(int, printed)
    assert remat == size < plain / 5


JAX_TEMPORARY = """
import jax, keras, numpy as np
from keras_resnet.layers import BasicBlock

x = np.ones((16, 16, 16, 8), "float32")
for remat in (False, True):
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), *(BasicBlock(8, remat=remat) for _ in range(12))]
    )
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def loss(trainable):
        y, others_after = model.stateless_call(trainable, others, x, training=True)
        return y.mean(), others_after

    step = jax.jit(jax.grad(loss, has_aux=True)).lower(trainable).compile()
    print(step.memory_analysis().temp_size_in_bytes)
"""


def test_jax_plans_less_memory(run_python):
    as_users = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "0"}
    printed = run_python(JAX_TEMPORARY, backend="jax", **as_users)
    plain, remat = map(int, printed.split())
    assert remat < plain / 2


TENSORFLOW_PEAK = """
import sys
from pathlib import Path
import keras, numpy as np
from keras_resnet.layers import BasicBlock

def kibibytes(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(v.split()[1]) for v in lines if v.startswith(field))

blocks = (BasicBlock(16, remat=sys.argv[1] == "remat") for _ in range(24))
model = keras.Sequential([keras.Input((32, 32, 16)), *blocks])
model.compile("sgd", "mse")
x = np.ones((64, 32, 32, 16), "float32")
model.train_on_batch(x[:1], x[:1])
before = kibibytes("VmRSS")
model.train_on_batch(x, x)
print(kibibytes("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_tensorflow_needs_less_memory(run_python):
    plain, remat = (int(run_python(TENSORFLOW_PEAK, v)) for v in ("plain", "remat"))
    assert remat < plain / 1.5


@pytest.mark.parametrize("survival_probability", [1.0, 0.5])
def test_every_trainable_variable_gets_a_gradient(rng, survival_probability):
    block = BottleneckBlock(
        4, 2, survival_probability=survival_probability, seed=2, remat=True
    )
    x = tf.constant(rng.normal(size=(4, 8, 8, 8)), "float32")
    block.build(x.shape)

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = block(x, training=True)
        return tape.gradient(y, [x, *(v.value for v in block.trainable_variables)])

    for compute in (gradients, tf.function(gradients)):
        for _ in range(4):  # Dropped or not.
            assert all(value is not None for value in compute())


def test_frozen_block_keeps_its_statistics(rng):
    block = BasicBlock(3, remat=True)
    x = tf.constant(rng.normal(size=(4, 8, 8, 3)), "float32")
    block.build(x.shape)
    block.trainable = False
    before = [np.array(v) for v in block.variables]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = block(x, training=True)
    assert tape.gradient(y, x) is not None
    for old, new in zip(before, block.variables, strict=True):
        np.testing.assert_array_equal(old, new)


def test_losses_are_refused(rng):
    class Losing(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(keras.ops.mean(inputs))
            return inputs

    layer = Losing()
    with pytest.raises(ValueError, match="cannot add losses. Received: 1 from"):
        rematerialize(layer, tf.ones((2, 3)), layer.variables)


def test_reloads():
    block = BasicBlock(8, remat=True)
    assert block.get_config()["remat"] is True
    assert BasicBlock.from_config(block.get_config()).remat is True
    assert BasicBlock(8).remat is False


def test_refuses_what_is_not_a_boolean():
    with pytest.raises(ValueError, match="Received: remat='yes'"):
        BasicBlock(8, remat="yes")
