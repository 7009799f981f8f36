"""Exact changes of form, against networks of the other form."""

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.weights.assignment import deferred_arrays
from keras_resnet.weights.fitting import fill


def outputs(model, x):
    return keras.ops.convert_to_numpy(model(x))


@pytest.mark.parametrize("name", ["ResNet50", "ResNet50V2"])
def test_biases_fold_into_batch_normalization(rng, randomize, name):
    arguments = {"input_shape": (64, 64, 3), "classifier_activation": None}
    theirs = randomize(getattr(keras.applications, name)(weights=None, **arguments))
    ours = keras_resnet.create_model(
        name.lower(),
        use_bias="unnormalized" if name == "ResNet50V2" else False,
        **arguments,
    )
    if name == "ResNet50":
        assert len(ours.weights) < len(theirs.weights)
    fill(ours, deferred_arrays(theirs), "a test")
    x = rng.normal(size=(2, 64, 64, 3))
    a, b = outputs(ours, x), outputs(theirs, x)
    np.testing.assert_allclose(a / b.std(), b / b.std(), atol=2e-5)


def test_a_bias_without_batch_normalization_is_not_folded(randomize):
    preactivation = {"ordering": "full_preactivation"}
    source = randomize(
        keras_resnet.create_model("resnet20", use_bias=True, **preactivation)
    )
    target = keras_resnet.create_model("resnet20", **preactivation)
    # The last convolution of a branch has no batch normalization after it.
    with pytest.raises(ValueError, match=r"unexpected: .*conv2_block1_2_conv/bias"):
        fill(target, deferred_arrays(source), "a test")


def older_resnext_stage(inputs):
    """A block as keras.applications' older ResNeXts compute it."""
    groups, group = 32, 4
    x = keras.layers.Conv2D(128, 1, use_bias=False, name="conv2_block1_1_conv")(inputs)
    x = keras.layers.ZeroPadding2D(1)(x)
    x = keras.layers.DepthwiseConv2D(
        3, depth_multiplier=group, use_bias=False, name="conv2_block1_2_conv"
    )(x)
    side = x.shape[1]
    x = keras.layers.Reshape((side, side, groups, group, group))(x)
    x = keras.ops.sum(x, axis=-2)
    return keras.layers.Reshape((side, side, groups * group))(x)


def test_depthwise_kernels_of_older_resnexts(rng, randomize):
    inputs = keras.Input((8, 8, 64))
    older = randomize(keras.Model(inputs, older_resnext_stage(inputs)))
    x = keras.layers.Conv2D(128, 1, use_bias=False, name="conv2_block1_1_conv")(inputs)
    x = keras.layers.Conv2D(
        128, 3, padding="same", groups=32, use_bias=False, name="conv2_block1_2_conv"
    )(x)
    grouped = keras.Model(inputs, x)
    # As files name that variable; Keras 3 calls it `kernel`.
    arrays = {
        name.replace("2_conv/kernel", "2_conv/depthwise_kernel"): array
        for name, array in deferred_arrays(older).items()
    }
    fill(grouped, arrays, "a test")
    images = rng.normal(size=(2, 8, 8, 64))
    np.testing.assert_allclose(
        outputs(grouped, images), outputs(older, images), atol=1e-5
    )


@pytest.mark.parametrize("change", [lambda v: v[:5], lambda v: v.astype("int64")])
def test_a_bias_that_does_not_fit_is_refused_by_name(randomize, change):
    source = randomize(keras_resnet.create_model("resnet20", use_bias=True))
    arrays = {name: array.read() for name, array in deferred_arrays(source).items()}
    arrays["conv1_conv/bias"] = change(arrays["conv1_conv/bias"])
    with pytest.raises(ValueError, match="1 unexpected: conv1_conv/bias"):
        fill(keras_resnet.ResNet20(), arrays, "a test")
