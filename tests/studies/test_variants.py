"""Variants of networks against networks that were built or changed so."""

import keras
import numpy as np
import pytest
from small_models import CLASSES, examples, filled, network

import keras_resnet
from keras_resnet import studies
from keras_resnet.studies import EvaluationCache, ModuleGraph
from keras_resnet.studies.variants import (
    VariantEvaluator,
    check_variant,
    deleted,
    without,
)

FORMS = {
    "original": {"name": "resnet20"},
    "nested": {"name": "resnet20", "nested": True},
    "preactivation": {"name": "preactivation_resnet110"},
}


def outputs(graph, variant, images):
    """Compute a variant in the plain way, all of it."""
    x = graph.stem(images)
    for between, step in zip(graph.between, variant, strict=True):
        parts = graph.parts[step if step >= 0 else deleted(step)]
        x = (parts.whole if step >= 0 else parts.deleted)(between(x))
    return np.asarray(graph.head(x))


def renamed(model, smaller, names):
    """Give `smaller` the weights of `model`, whose blocks have other names."""
    theirs = keras_resnet.weights.named_variables(model)
    for name, variable in keras_resnet.weights.named_variables(smaller).items():
        for new, old in names.items():
            if name.startswith(f"{new}_"):
                name = old + name.removeprefix(new)
                break
        variable.assign(theirs[name])
    return smaller


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_without_a_module_it_is_the_network_built_without_it(form):
    images, _ = examples()
    model = network(depths=(3, 2, 1), **form)
    smaller = renamed(
        model, network(depths=(2, 2, 1), **form), {"conv2_block2": "conv2_block3"}
    )
    graph = ModuleGraph(model)
    found = outputs(graph, without(graph.baseline, [1]), images)
    np.testing.assert_allclose(found, smaller(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("index", range(5))
def test_without_a_module_its_residual_branch_is_zero(form, index):
    images, _ = examples()
    model = network(**form)
    graph = ModuleGraph(model)
    found = outputs(graph, without(graph.baseline, [index]), images)
    preactivated = form["name"].startswith("pre")
    last = "2_conv/kernel" if preactivated else "2_bn/gamma"
    variables = keras_resnet.weights.named_variables(model)
    name = graph.modules[index].name
    for ending in (last,) if preactivated else (last, "2_bn/beta"):
        variable = variables[f"{name}_{ending}"]
        variable.assign(np.zeros(variable.shape))
    np.testing.assert_allclose(found, model(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_swapped_modules_are_swapped_weights(form):
    images, _ = examples()
    model = network(depths=(3, 1, 1), **form)
    swapped = renamed(
        model,
        network(depths=(3, 1, 1), **form),
        {"conv2_block1": "conv2_block3", "conv2_block3": "conv2_block1"},
    )
    found = outputs(ModuleGraph(model), (2, 1, 0, 3, 4), images)
    np.testing.assert_allclose(found, swapped(images), rtol=1e-5, atol=1e-6)


def test_reused_maps_give_what_the_plain_way_gives():
    images, labels = examples(25)
    graph = ModuleGraph(network(depths=(3, 2, 1)))
    variants = [without(graph.baseline, which) for which in ((), (0,), (1, 3), (5,))]
    variants += [(2, 1, 0, 3, 4, 5), (1, 0, deleted(2), 3, 4, 5), (0, 2, 1, 3, 4, 5)]
    errors = VariantEvaluator(graph, images, labels, batch_size=10).errors(variants)
    for variant in variants:
        wrong = outputs(graph, variant, images).argmax(axis=1) != labels
        assert errors[variant] == pytest.approx(wrong.mean())


def test_infinite_outputs_are_wrong():
    images, _ = examples()
    model = network()
    model.get_layer("predictions").bias.assign([np.nan, 0, 0, 0, 0])
    graph = ModuleGraph(model)
    evaluator = VariantEvaluator(graph, images, np.zeros(len(images), int))
    assert evaluator.errors([graph.baseline]) == {graph.baseline: 1.0}


def test_a_study_goes_on_where_it_was_interrupted(tmp_path):
    images, labels = examples(20)
    graph = ModuleGraph(network())
    variants = [without(graph.baseline, [index]) for index in range(5)]
    path = tmp_path / "new" / "cache.jsonl"

    def evaluator():
        return VariantEvaluator(
            graph, images, labels, batch_size=10, cache=EvaluationCache(path)
        )

    def interrupting(message):
        if message.startswith("7 of 10"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluator().errors(variants, interrupting)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 7
    path.write_bytes(b"".join(lines[:6]) + lines[6][:20])
    errors = evaluator().errors(variants)
    assert len(path.read_text("utf-8").splitlines()) == 10
    assert errors == VariantEvaluator(graph, images, labels).errors(variants)
    # Other weights are another network.
    graph.model.get_layer("predictions").bias.assign([9, 0, 0, 0, 0])
    evaluator().errors(variants)
    assert len(path.read_text("utf-8").splitlines()) == 20


def test_one_cache_for_residual_modules_and_for_plain_ones(tmp_path):
    x = inputs = keras.Input((8, 8, 3))
    for _ in range(2):
        x = keras.layers.Conv2D(4, 3, padding="same")(x)
    for _ in range(2):
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x) + x
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(CLASSES, name="predictions")(x)
    model = filled(keras.Model(inputs, outputs))
    images, _ = examples(20)
    model.get_layer("predictions").bias.assign(-model(images).numpy().mean(axis=0))
    labels = model(images).numpy().argmax(axis=1)
    cache = EvaluationCache(tmp_path / "cache.jsonl")
    # Each has two modules, so that their variants are written alike.
    residual = studies.multiple_lesions(model, images, labels, cache=cache)
    plain = studies.multiple_lesions(model, images, labels, plain=True, cache=cache)
    assert plain.deleted == ((((1,),)),)
    alone = studies.lesions(model, images, labels, plain=True)
    assert plain.spreads[0].values == alone.errors
    assert alone.errors[0] not in residual.spreads[0].values


def test_a_damaged_cache_is_named(tmp_path):
    path = tmp_path / "cache.jsonl"
    path.write_text("no json\n")
    with pytest.raises(ValueError, match="not a file of evaluations"):
        EvaluationCache(path)


@pytest.mark.parametrize(
    "content", [b'{"rate": 0.1, "epochs": 3}', b"[1, 2]", b"\xff\xfe", b'"key']
)
def test_a_file_of_something_else_is_left_alone(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a file of evaluations"):
        EvaluationCache(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("torn", [b"", b'{"', b'{"key": ', b'{"key": "a", "fig'])
def test_half_a_line_is_taken_off(tmp_path, torn):
    path = tmp_path / "cache.jsonl"
    EvaluationCache(path).put("a", "b", figure=[1, 2])
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert EvaluationCache(path).get("a", "b") == [1, 2]
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ((0, 1, 2), "one entry for each of the network's 5 modules"),
        ((2, 1, 0, 3, 4), "'conv3_block1' takes .* cannot stand"),
    ],
)
def test_variants_that_do_not_fit(variant, message):
    with pytest.raises(ValueError, match=message):
        check_variant(ModuleGraph(network()), variant)
