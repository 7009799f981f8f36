"""Responses and gradients by layer, and networks set to equal shallower ones."""

import sys

import keras
import numpy as np
import pytest
from keras import layers, ops
from small_models import CLASSES, examples, filled, network
from survey_models import member

import keras_resnet
from keras_resnet.studies import EvaluationCache
from keras_resnet.studies.flat_network import open_network
from keras_resnet.studies.gradient_norms import gradient_norms
from keras_resnet.studies.identity_construction import construct_identity
from keras_resnet.studies.responses import responses
from keras_resnet.studies.weight_layers import WeightLayers

# By block, how many of a network's convolutions are not on a shortcut.
COUNTED = {
    "resnet20": 1 + 5 * 2,
    "plain20": 1 + 5 * 2,
    "resnet50": 1 + 5 * 3,
    "preactivation_resnet110": 1 + 5 * 2,
    "resnet8": 1 + 5 * 2,
}


@pytest.mark.parametrize("name", COUNTED)
def test_depth_is_counted_without_shortcuts(name):
    flat = open_network(network(name, side=32)).model
    names = [node.operation.name for node in WeightLayers(flat).nodes]
    assert len(names) == COUNTED[name]
    assert not any("_0_conv" in layer for layer in names)


def summed_with_plus():
    """Build a network that adds by operators, with a projection."""
    x = inputs = keras.Input((8, 8, 3))
    for number in range(2):
        way = layers.Conv2D(4, 3, padding="same", name=f"branch{number}_1")(x)
        way = layers.Conv2D(4, 3, padding="same", name=f"branch{number}_2")(way)
        x = way + layers.Conv2D(4, 1, name=f"projection{number}_0_conv")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))


# Shortcuts over several blocks, gates, several functions a block: by network,
# how many of its convolutions are on none, and how many on some.
ON_SHORTCUTS = {
    "levels": (lambda nested: member("ror3_110", nested), 1 + 4 * 2, 3),
    "levels and blocks": (lambda nested: member("ror3_wrn_58_4", nested), 9, 5),
    "several functions": (
        lambda nested: member("multi_resnet26_2_10", nested),
        1 + 4 * 4,
        2,
    ),
    "both ways gated": (
        lambda nested: network(shortcut_function="exclusive_gating", nested=nested),
        1 + 5 * 2,
        5,
    ),
    "gated shortcut": (
        lambda nested: network(shortcut_function="shortcut_only_gating", nested=nested),
        1 + 5 * 2,
        5,
    ),
    "operators": (lambda nested: summed_with_plus(), 2 * 2, 2),
    "dense layers": (lambda nested: member("densenet40_12", nested), 7, 0),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", ON_SHORTCUTS)
def test_convolutions_on_shortcuts_of_every_kind(name, nested):
    build, count, beside = ON_SHORTCUTS[name]
    flat = open_network(build(nested)).model
    names = {node.operation.name for node in WeightLayers(flat).nodes}
    every = {x.name for x in flat.layers if isinstance(x, layers.Conv2D)}
    assert len(names) == count
    assert len(every - names) == beside
    assert all(("_0_" in x) or ("gate" in x) for x in every - names)


@pytest.mark.parametrize("nested", [False, True])
def test_responses_are_those_of_batch_normalization(nested):
    model = network(nested=nested)
    images, _ = examples(10)
    found = responses({"small": model}, images, batch_size=4)
    assert found.layers["small"][:2] == ("conv1_conv", "conv2_block1_1_conv")
    flat = network()
    for layer, deviation in zip(
        found.layers["small"], found.deviations["small"], strict=True
    ):
        normalized = flat.get_layer(layer.replace("_conv", "_bn")).output
        values = keras.Model(flat.inputs[0], normalized)(images).numpy()
        assert deviation == pytest.approx(values.std(), rel=1e-4)


def test_responses_before_an_addition_of_preactivation():
    model = network("preactivation_resnet110")
    images, _ = examples()
    found = responses(model, images)
    values = dict(
        zip(
            *(next(iter(x.values())) for x in (found.layers, found.deviations)),
            strict=True,
        )
    )
    for layer, measured_at in (
        ("conv2_block1_1_conv", "conv2_block1_1_bn"),
        ("conv2_block1_2_conv", "conv2_block1_2_conv"),
    ):
        output = model.get_layer(measured_at).output
        expected = keras.Model(model.inputs[0], output)(images).numpy().std()
        assert values[layer] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("nested", [False, True])
def test_gradient_norms_are_those_of_a_training_step(nested):
    tf = pytest.importorskip("tensorflow")
    model = network(nested=nested)
    images, labels = examples()
    before = model.get_weights()
    found = gradient_norms(model, images, labels)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    with tf.GradientTape() as tape:
        probabilities = model(images, training=True)
        loss = ops.mean(
            keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        )
    variables = model.trainable_variables
    expected = {
        variable.path.split("/")[-2]: np.linalg.norm(gradient)
        for variable, gradient in zip(
            variables, tape.gradient(loss, [v.value for v in variables]), strict=True
        )
        if variable.name == "kernel"
    }
    assert found.losses[model.name] == pytest.approx(float(loss), rel=1e-4)
    norms = found.norms[model.name]
    for layer, norm in zip(found.layers[model.name], norms, strict=True):
        assert norm == pytest.approx(expected[layer], rel=1e-3)


def test_gradients_by_finite_differences():
    model = network("plain20", (1,))
    images, labels = examples(4)
    norm = gradient_norms(model, images, labels).norms[model.name][0]
    kernel = model.get_layer("conv1_conv").kernel
    value, gradient = kernel.numpy(), []

    def loss(moved):
        # Moving averages change, and what a training step computes does not.
        kernel.assign(moved)
        probabilities = model(images, training=True).numpy()
        return -np.log(probabilities[np.arange(4), labels].astype("float64")).mean()

    for place in np.ndindex(*value.shape):
        step = np.zeros_like(value)
        step[place] = 3e-3
        gradient.append((loss(value + step) - loss(value - step)) / 6e-3)
    assert norm == pytest.approx(np.linalg.norm(gradient), rel=0.02)


@pytest.mark.parametrize(
    ("name", "nested"),
    [
        ("plain20", False),
        ("plain20", True),
        ("resnet20", True),
        ("resnet50", False),
        ("preactivation_resnet110", False),
    ],
)
def test_deeper_network_set_to_equal_a_shallower_one(name, nested):
    shallow = network(name, (1, 2, 1), side=16)
    deep = network(name, (3, 2, 4), nested=nested, side=16)
    images, _ = examples(6, 16)
    expected = shallow(images).numpy()
    assert abs(deep(images).numpy() - expected).max() > 1e-3
    construct_identity(deep, shallow)
    np.testing.assert_allclose(deep(images), expected, atol=1e-5)


def test_networks_that_cannot_be_set_to_equal():
    shallow, deep = network("plain20", (1, 1)), network("plain20", (2, 1))
    before = deep.get_weights()
    for one, other, match in (
        (deep, network("plain20", (2, 2)), "all layers"),
        (deep, filled(keras_resnet.models.create_model("plain20")), "all layers|shape"),
        (
            network("plain20", (2, 1), activation="elu"),
            network("plain20", (1, 1), activation="elu"),
            "pass on",
        ),
    ):
        with pytest.raises(ValueError, match=match):
            construct_identity(one, other)
    for weight, old in zip(deep.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    with pytest.raises(TypeError, match="functional or sequential"):
        construct_identity(deep, "plain20")
    assert shallow is not deep


def test_what_was_changed_is_put_back_when_outputs_cannot_be_compared():
    deep, shallow = network(depths=(3, 1)), network(depths=(1, 1))
    # One more head with the same weights, so that shapes differ at the end alone.
    probabilities = shallow.output
    shallow = keras.Model(shallow.input, layers.Reshape((CLASSES, 1))(probabilities))
    before = deep.get_weights()
    with pytest.raises(ValueError, match="return the same shape"):
        construct_identity(deep, shallow)
    for weight, old in zip(deep.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_what_was_measured_is_kept(tmp_path, monkeypatch):
    model, (images, labels) = network(), examples()
    path = tmp_path / "cache.jsonl"

    def both():
        cache = EvaluationCache(path)
        return (
            responses(model, images, batch_size=5, cache=cache),
            gradient_norms(model, images, labels, cache=cache),
        )

    first = both()
    assert len(EvaluationCache(path)) == 3 + 1

    def computed(*_):
        raise AssertionError("computed a second time")

    # The package has the function by the name of its module.
    module = sys.modules["keras_resnet.studies.gradient_norms"]
    monkeypatch.setattr(module, "gradients", computed)
    monkeypatch.setattr(keras.Model, "__call__", computed)
    assert both() == first


def test_files_and_refusals(tmp_path):
    model, (images, labels) = network(), examples()
    for found in (
        responses({"one": model, "two": model}, images),
        gradient_norms({"one": model, "two": model}, images, labels),
    ):
        assert all(path.is_file() for path in found.save(tmp_path, "command"))
        assert len(found.rows()) == 2 * 11
    with pytest.raises(ValueError, match="5 classes apart"):
        gradient_norms(model, images, labels + 5)
    with pytest.raises(ValueError, match="at least one"):
        responses({}, images)
    with pytest.raises(ValueError, match="smaller"):
        responses(model, images[:, :4])
    no_convolution = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(5)]
    )
    with pytest.raises(ValueError, match="no convolutions"):
        responses(no_convolution, images)
    with pytest.raises(ValueError, match="no convolutions"):
        gradient_norms(no_convolution, images, labels)
