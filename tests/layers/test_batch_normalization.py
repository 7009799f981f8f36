"""The fused batch normalization against Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.layers import BatchNormalization

TOLERANCE = {"float32": 2e-5, "mixed_bfloat16": 3e-2, "mixed_float16": 3e-3}


def pair(policy="float32", shape=(4, 6, 5, 3), **arguments):
    layers = [
        layer(dtype=policy, **arguments)
        for layer in (BatchNormalization, keras.layers.BatchNormalization)
    ]
    generator = np.random.default_rng(1)
    values = None
    for layer in layers:
        layer.build(shape)
        values = values or [
            generator.uniform(0.5, 1.5, variable.shape) for variable in layer.weights
        ]
        layer.set_weights(values)
    return layers


def operations(layer, x, training):
    function = tf.function(lambda x: layer(x, training=training))
    return {op.type for op in function.get_concrete_function(x).graph.get_operations()}


@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [{}, {"scale": False}, {"center": False}, {"momentum": 0.9, "epsilon": 1e-5}],
    ids=str,
)
def test_equals_keras(rng, policy, training, arguments):
    ours, theirs = pair(policy, **arguments)
    compute_dtype = ours.compute_dtype
    x = tf.constant(rng.normal(1.0, 2.0, (4, 6, 5, 3)), compute_dtype)
    weight = tf.constant(rng.normal(size=(4, 6, 5, 3)), "float32")
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(tf.cast(y, "float32") * weight)
        variables = [variable.value for variable in layer.trainable_variables]
        gradients = tape.gradient(loss, [x, *variables])
        assert y.dtype == compute_dtype
        results.append([y, *gradients, *(v.value for v in layer.weights)])
    for mine, other in zip(*results, strict=True):
        mine, other = (tf.cast(v, "float32").numpy() for v in (mine, other))
        scale = np.abs(other).max()
        np.testing.assert_allclose(mine, other, atol=TOLERANCE[policy] * scale)


def test_moving_variance_is_the_biased_one(rng):
    # Two values a channel: the unbiased variance would be twice as large.
    x = rng.normal(size=(2, 1, 1, 3)).astype("float32")
    layer = BatchNormalization(momentum=0.0)
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_variance, x.var((0, 1, 2)), rtol=1e-5)


def test_one_value_a_channel(rng):
    x = rng.normal(size=(1, 1, 1, 3)).astype("float32")
    layer = BatchNormalization(momentum=0.0)
    np.testing.assert_allclose(layer(x, training=True), np.zeros((1, 1, 1, 3)))
    np.testing.assert_allclose(layer.moving_variance, np.zeros(3))


@pytest.mark.parametrize("training", [True, False])
def test_calls_the_fused_kernel(training):
    x = tf.zeros((2, 4, 4, 3))
    ours, theirs = pair()
    assert "FusedBatchNormV3" in operations(ours, x, training)
    assert "FusedBatchNormV3" not in operations(theirs, x, training)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"axis": 1}, (4, 3, 6, 5)),
        ({}, (8, 3)),
        ({}, (4, 6, 3)),
        ({"renorm": True}, (4, 6, 5, 3)),
        ({"dtype": "float64"}, (4, 6, 5, 3)),
    ],
    ids=str,
)
def test_falls_back_to_keras(rng, arguments, shape):
    arguments = dict(arguments)
    policy = arguments.pop("dtype", "float32")
    ours, theirs = pair(policy, shape, **arguments)
    x = rng.normal(1.0, 2.0, shape).astype(policy)
    assert "FusedBatchNormV3" not in operations(ours, tf.constant(x), True)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-6)
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), 1e-6)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def test_mask_falls_back(rng):
    ours, theirs = pair()
    x = rng.normal(size=(4, 6, 5, 3)).astype("float32")
    mask = rng.uniform(size=(4, 6, 5)) < 0.5
    np.testing.assert_allclose(
        ours(x, training=True, mask=mask),
        theirs(x, training=True, mask=mask),
        rtol=1e-5,
        atol=1e-6,
    )


def test_synchronized_falls_back():
    layer = BatchNormalization(synchronized=True)
    layer.build((2, 4, 4, 3))
    assert "FusedBatchNormV3" not in operations(layer, tf.zeros((2, 4, 4, 3)), True)


def test_frozen_uses_and_keeps_moving_statistics(rng):
    ours, theirs = pair()
    ours.trainable = theirs.trainable = False
    before = ours.get_weights()
    x = rng.normal(size=(4, 6, 5, 3)).astype("float32")
    np.testing.assert_allclose(
        ours(x, training=True), theirs(x, training=True), rtol=1e-4, atol=1e-5
    )
    for old, new in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_unknown_batch_size_in_a_function(rng):
    ours, theirs = pair()
    signature = [tf.TensorSpec((None, None, None, 3))]
    x = rng.normal(size=(3, 2, 4, 3)).astype("float32")
    for layer in (ours, theirs):
        tf.function(lambda x, layer=layer: layer(x, training=True), signature)(x)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)


def test_weights_pass_to_keras_and_back(tmp_path, rng):
    ours, theirs = (
        keras.Sequential([keras.Input((4, 4, 3)), layer(name="bn")])
        for layer in (BatchNormalization, keras.layers.BatchNormalization)
    )
    x = rng.normal(size=(2, 4, 4, 3)).astype("float32")
    for source, target in ((ours, theirs), (theirs, ours)):
        values = [rng.uniform(0.5, 1.5, 3) for _ in source.weights]
        source.set_weights(values)
        source.save_weights(tmp_path / "bn.weights.h5")
        target.load_weights(tmp_path / "bn.weights.h5")
        np.testing.assert_allclose(source(x), target(x), rtol=1e-5, atol=1e-6)
    ours.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.layers[0]) is BatchNormalization
    np.testing.assert_array_equal(again(x), ours(x))
