"""Finding modules, and the network as a chain of them."""

import keras
import numpy as np
import pytest
from small_models import CLASSES, examples, network, vgg
from survey_models import images_for, member, small_networks

import keras_resnet
from keras_resnet.studies import ModuleGraph, find_modules

NETWORKS = {
    "original": {"name": "resnet20"},
    "nested": {"name": "resnet20", "nested": True},
    "projection": {"name": "resnet20", "shortcut": "C"},
    "preactivation": {"name": "preactivation_resnet110"},
    "nested preactivation": {"name": "preactivation_resnet164", "nested": True},
    "wide": {"name": "wrn_16_4"},
    "bottleneck": {"name": "resnet50", "side": 32},
    "strided last": {"name": "resnet50v2", "side": 32},
    "average pool": {"name": "resnet18d", "side": 32},
    "squeeze": {"name": "seresnet18", "side": 32},
    "gated": {"name": "resnet20", "shortcut_function": "exclusive_gating"},
    "scaled": {"name": "resnet20", "shortcut_function": "constant_scaling"},
    "normalized sum": {"name": "resnet20", "ordering": "batch_norm_after_addition"},
    "dropped blocks": {"name": "resnet20", "survival_probability": 0.5},
    "nested dropped blocks": {
        "name": "resnet20",
        "survival_probability": 0.5,
        "nested": True,
    },
    "grouped": {"name": "resnext50_32x4d", "side": 32, "groups": 4},
}


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_the_chain_is_the_network(options):
    model = network(**options)
    images, _ = examples(side=options.get("side", 8))
    graph = ModuleGraph(model)
    x = graph.stem(images)
    for between, parts in zip(graph.between, graph.parts, strict=True):
        x = parts.whole(between(x))
    np.testing.assert_allclose(graph.head(x), model(images), rtol=1e-5, atol=1e-6)
    assert [module.name for module in graph.modules] == [
        "conv2_block1",
        "conv2_block2",
        "conv3_block1",
        "conv3_block2",
        "conv4_block1",
    ]
    assert {module.nested for module in graph.modules} == {options.get("nested", False)}
    assert all(module.residual and module.deletable for module in graph.modules)


def test_what_is_known_of_a_module():
    *_, third, _, _ = find_modules(network("resnet20"))
    assert (third.index, third.stage) == (2, 2)
    assert (third.input_shape, third.output_shape) == ((8, 8, 4), (4, 4, 8))
    assert third.downsamples
    assert third.projects
    assert third.weighted_layers == 2


# By shrinking, each has stages of one or two blocks; these have no modules.
WITHOUT_MODULES = ("vgg", "plain")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [names[0] for _, names in small_networks.distinct_networks()]
)
def test_modules_of_every_network(name):
    if name.startswith(WITHOUT_MODULES):
        with pytest.raises(ValueError, match="no residual modules"):
            find_modules(member(name))
        return
    flat, nested = member(name), member(name, nested=True)
    modules = find_modules(flat)
    assert modules
    assert [(m.kind, m.output_shape) for m in find_modules(nested)] == [
        (m.kind, m.output_shape) for m in modules
    ]
    graph, images = ModuleGraph(flat), images_for(flat, 2)
    x = graph.stem(images)
    for between, parts in zip(graph.between, graph.parts, strict=True):
        whole = parts.without([False] * len(parts.branches))
        x = whole(between(x))
    np.testing.assert_allclose(graph.head(x), flat(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "count"),
    [("resnet110", 54), ("resnet50", 16), ("resnet50v2", 16), ("resnet8", 3)],
)
def test_modules_of_published_networks(name, count):
    modules = find_modules(keras_resnet.create_model(name))
    assert len(modules) == count
    stages = 4 if name.startswith("resnet50") else 3
    assert sum(module.downsamples for module in modules) == stages - 1


def test_modules_of_keras_applications():
    for function in (keras.applications.ResNet50, keras.applications.ResNet50V2):
        modules = find_modules(function(weights=None, input_shape=(64, 64, 3)))
        ours = find_modules(
            getattr(keras_resnet, function.__name__)(
                weights=None, input_shape=(64, 64, 3)
            )
        )
        assert [(m.name, m.output_shape, m.projects) for m in modules] == [
            (m.name, m.output_shape, m.projects) for m in ours
        ]


def test_a_network_for_images_of_any_size():
    model = keras_resnet.create_model("resnet20", input_shape=(None, None, 3))
    assert find_modules(model)[0].output_shape == (224, 224, 16)


def test_plain_networks():
    modules = find_modules(network("plain20"), plain=True)
    assert [module.name for module in modules][2:] == [
        "conv3_block1",
        "conv3_block2",
        "conv4_block1",
    ]
    assert [m.deletable for m in modules] == [True, True, False, True, False]
    assert not any(module.residual for module in modules)


def test_a_residual_network_has_no_modules_of_activations():
    for module in find_modules(network("resnet20"), plain=True):
        assert module.weighted_layers > 0


def test_the_convolutions_of_a_vgg():
    model = vgg((8, 8, None, 8))
    modules = find_modules(model, plain=True)
    assert [m.deletable for m in modules] == [False, True, True]
    graph, (images, _) = ModuleGraph(model, plain=True), examples()
    x = graph.stem(images)
    for between, parts in zip(graph.between, graph.parts, strict=True):
        x = parts.whole(between(x))
    np.testing.assert_allclose(graph.head(x), model(images), rtol=1e-5, atol=1e-6)


def test_the_model_is_left_as_it_was():
    model = network("resnet20", nested=True)
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    ModuleGraph(model)
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    assert model.get_layer("conv2_block1").output is not None


def _two_inputs():
    inputs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    return keras.Model(inputs, keras.layers.Add()(inputs))


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (lambda: network("plain20"), ValueError, "no residual modules.*`plain=True`"),
        (vgg, ValueError, "no residual modules"),
        (_two_inputs, ValueError, "one input"),
        (lambda: "resnet20", TypeError, "functional or sequential"),
        (lambda: keras.Sequential([keras.layers.Dense(CLASSES)]), TypeError, "built"),
    ],
)
def test_what_has_no_modules(model, error, message):
    with pytest.raises(error, match=message):
        find_modules(model())


def test_dense_layers_are_no_convolutions_in_a_row():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)]
    )
    with pytest.raises(ValueError, match="no convolutions in a row"):
        find_modules(model, plain=True)
