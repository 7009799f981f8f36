"""ResNet-8 against the MLPerf Tiny network written out layer by layer."""

import keras
import numpy as np
from keras import layers

import keras_resnet


def mlperf_tiny():
    """Three stacks of one block, as the benchmark's definition spells them."""

    def convolve(x, filters, size, stride=1):
        return layers.Conv2D(filters, size, stride, padding="same")(x)

    def normalize(x):
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(normalize(convolve(inputs, 16, 3)))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        shortcut = convolve(x, filters, 1, stride) if stride > 1 else x
        y = layers.Activation("relu")(normalize(convolve(x, filters, 3, stride)))
        y = normalize(convolve(y, filters, 3))
        x = layers.Activation("relu")(layers.Add()([shortcut, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def test_equal_outputs(rng, randomize):
    # Layers in the order of ours: by name, the shortcut (0) before the branch.
    theirs, ours = randomize(mlperf_tiny()), keras_resnet.ResNet8()
    assert ours.count_params() == theirs.count_params() == 78_666
    pools = {}
    for layer in theirs.layers:
        if layer.weights:
            key = type(layer).__name__, tuple(tuple(w.shape) for w in layer.weights)
            pools.setdefault(key, []).append(layer)
    for layer in ours.layers:
        if layer.weights:
            shapes = tuple(tuple(w.shape) for w in layer.weights)
            layer.set_weights(pools[type(layer).__name__, shapes].pop(0).get_weights())
    pixels = rng.integers(0, 256, (4, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(ours(pixels), theirs(pixels), atol=1e-5)
    assert ours.get_layer("conv2_block1_1_bn").momentum == 0.99
    assert ours.get_layer("conv2_block1_1_bn").epsilon == 1e-3
