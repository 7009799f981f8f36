"""Networks whose blocks are computed again in the backward pass."""

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.layers import Block


def blocks_of(model):
    return [layer for layer in model.layers if isinstance(layer, Block)]


def test_reaches_every_block():
    model = keras_resnet.ResNet20(nested=True, remat=True)
    assert [block.remat for block in blocks_of(model)] == [True] * 9
    assert not any(b.remat for b in blocks_of(keras_resnet.ResNet20(nested=True)))


def test_needs_blocks_as_layers():
    message = "pass `nested=True` too. Received: remat=True, nested=False"
    with pytest.raises(ValueError, match=message):
        keras_resnet.ResNet20(remat=True)
    with pytest.raises(ValueError, match=message):
        keras_resnet.create_model("resnet110", remat=True)


@pytest.mark.parametrize("eager", [False, True])
def test_saves_and_trains(tmp_path, rng, eager):
    x, y = rng.normal(size=(8, 32, 32, 3)), rng.integers(0, 10, 8)
    options = {"nested": True, "survival_probability": 0.8}
    plain = keras_resnet.create_model("resnet8", **options)
    model = keras_resnet.create_model("resnet8", remat=True, **options)
    clone = keras.models.clone_model(model)
    model.set_weights(plain.get_weights())
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    clone.set_weights(plain.get_weights())
    weights = []
    for other in (plain, model, loaded, clone):
        assert all(block.remat == (other is not plain) for block in blocks_of(other))
        for number, block in enumerate(blocks_of(other)):
            # The draws of one are those of the other.
            block.stochastic_depth.seed_generator.state.assign([number, 0])
        loss = "sparse_categorical_crossentropy"
        other.compile(keras.optimizers.SGD(0.01), loss, run_eagerly=eager)
        other.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        weights.append(other.get_weights())
    for other in weights[1:]:
        for expected, value in zip(weights[0], other, strict=True):
            np.testing.assert_allclose(value, expected, atol=1e-5)


TWO_REPLICAS = """
import keras, numpy as np, tensorflow as tf
import keras_resnet

(cpu,) = tf.config.list_physical_devices("CPU")
parts = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, parts)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
generator = np.random.default_rng(0)
x = generator.normal(size=(16, 32, 32, 3)).astype("float32")
y = generator.integers(0, 10, 16)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
states = []
for remat in (False, True):
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = keras_resnet.create_model(
            "resnet8", nested=True, remat=remat, survival_probability=0.6
        )
        for number in (1, 2, 3):
            block = model.get_layer(f"conv{number + 1}_block1")
            block.stochastic_depth.seed_generator.state.assign([number, 0])
        model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    model.fit(data, epochs=2, verbose=0)
    states.append([
        [value.numpy() for value in variable.value.values]
        for variable in model.weights
    ])
for plain, remat in zip(*states, strict=True):
    assert len(plain) == 2
    np.testing.assert_allclose(plain, remat, atol=1e-5)
print("equal")
"""


def test_two_replicas_train_as_without(run_python):
    assert "equal" in run_python(TWO_REPLICAS)
