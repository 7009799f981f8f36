"""The paths through a network and their gradients."""

import dataclasses
import fractions
import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from small_models import CLASSES, SIDE, examples, network, vgg

import keras_resnet
from keras_resnet import studies
from keras_resnet.studies import EvaluationCache
from keras_resnet.studies.path_gradient_result import PathGradientResult
from keras_resnet.studies.path_lengths import PathLengthResult


def test_lengths_are_binomial():
    result = studies.path_lengths(54)
    np.testing.assert_allclose(
        result.shares, stats.binom(54, 0.5).pmf(range(55)), rtol=1e-12
    )
    assert sum(result.paths) == 2**54
    # Veit et al. 2016: more than 95 % of the paths go through 19 to 35 modules.
    assert result.central_range() == (20, 34)
    assert sum(result.shares[19:36]) > 0.95
    assert studies.path_lengths(network()).paths == (1, 5, 10, 10, 5, 1)


def test_more_paths_than_a_float_can_hold():
    result = studies.path_lengths(1100)
    assert result.total == 2**1100
    found = stats.binom(1100, 0.5)
    assert result.central_range() == (found.ppf(0.025), found.ppf(0.975))
    assert result.summary().startswith("1,100 modules, 2^1100 paths; 95 % of them")
    np.testing.assert_allclose(result.shares, found.pmf(range(1101)), rtol=1e-9)
    # No power of two.
    paths = tuple(7**n for n in range(600))
    result = PathLengthResult("", 50, paths, "convolutions")
    assert result.central_range() == (598, 599)
    assert result.summary().startswith("50 columns, 1.91e+506 paths; 95 % of them")


@pytest.mark.parametrize("most", [0, 0.2, 0.5, 0.9, 0.95, 1])
@pytest.mark.parametrize(
    "paths", [(1,), (1, 3, 3, 1), (0, 0, 5, 0, 1, 0, 2), (19, 2, 0, 0, 19), (1, 38, 1)]
)
def test_no_more_than_half_of_the_others_are_shorter_or_longer(paths, most):
    result = PathLengthResult("", 3, paths)
    low, high = result.central_range(most)
    of_others = (1 - fractions.Fraction(str(most))) / 2 * sum(paths)
    fits = [
        (high - low, low)
        for low, high in itertools.combinations_with_replacement(range(len(paths)), 2)
        if sum(paths[:low]) <= of_others and sum(paths[high + 1 :]) <= of_others
    ]
    assert (high - low, low) in fits
    assert high - low == min(fits)[0]


def true_gradient(model, stem, images, labels):
    """Differentiate by TensorFlow with respect to what the stem returns."""
    rest = keras.Model(model.get_layer(stem).output, model.output)
    x = tf.constant(keras.Model(model.input, model.get_layer(stem).output)(images))
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = keras.losses.sparse_categorical_crossentropy(labels, rest(x))
        loss = tf.reduce_sum(losses)
    return tape.gradient(loss, x).numpy().reshape(len(images), -1)


@pytest.mark.parametrize(
    ("name", "stem"),
    [("resnet20", "conv1_relu"), ("preactivation_resnet110", "conv1_conv")],
)
def test_all_paths_together_are_the_gradient(name, stem):
    model = network(name)
    images, labels = examples(4)
    found = studies.enumerate_paths(model, images, labels)
    assert len(found.paths) == 2**5
    assert found.relative_difference < 1e-5
    expected = true_gradient(model, stem, images, labels)
    np.testing.assert_allclose(found.whole, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(
        found.gradients.sum(axis=0), expected, rtol=1e-3, atol=1e-6
    )
    _check_drawn_ones(model, images, labels, found)


def _check_drawn_ones(model, images, labels, found):
    """All paths, drawn, give what listing them gives."""
    result = studies.path_gradients(
        model, images, labels, draws=math.comb(5, 2), batch_size=3
    )
    assert result.draws == (1, 5, 10, 10, 5, 1)
    whole = found.gradients.sum(axis=0)
    for length in range(6):
        chosen = found.gradients[[len(path) == length for path in found.paths]]
        norms = np.linalg.norm(chosen, axis=2)
        assert result.norms[length] == pytest.approx(norms.mean(), rel=1e-4)
        share = np.sum(chosen.sum(axis=0) * whole) / np.sum(whole**2)
        assert result.shares_of_sum[length] == pytest.approx(share, abs=1e-4)
    assert sum(result.shares_of_sum) == pytest.approx(1)


def test_the_path_through_no_module_is_the_chain_of_shortcuts():
    model = network("preactivation_resnet110", depths=(3,))
    images, labels = examples(3)
    found = studies.enumerate_paths(model, images, labels)
    last = true_gradient(model, "conv2_block3_out", images, labels)
    assert found.paths[0] == ()
    np.testing.assert_allclose(found.gradients[0], last, rtol=1e-3, atol=1e-6)


def test_what_is_written(tmp_path):
    model, (images, labels) = network(), examples(6)
    cache = EvaluationCache(tmp_path / "cache.jsonl")
    messages = []
    first = studies.path_gradients(
        model, images, labels, draws=3, cache=cache, progress=messages.append
    )
    assert messages[-1] == "14 of 14 gradients of paths"
    # One figure a path, and the projections.
    assert len(cache) == 15
    again = studies.path_gradients(
        model,
        images,
        labels,
        draws=3,
        cache=EvaluationCache(tmp_path / "cache.jsonl"),
        progress=messages.append,
    )
    assert again == first
    # Five modules for the projections, once.
    assert len(messages) == 5 + 14
    assert messages[4] == "the whole gradient by length: 5 of 5 modules"
    low, high = first.effective_lengths
    assert sum(first.totals[low : high + 1]) >= 0.95 * sum(first.totals)
    paths = [*first.save(tmp_path), *studies.path_lengths(9).save(tmp_path)]
    assert all(path.stat().st_size for path in paths)


def test_lengths_with_gaps(tmp_path):
    common = {"model": "net", "images": 1, "modules": 20, "seed": 0}
    gaps = PathGradientResult(
        lengths=(0, 1, 2, 3, 15),
        draws=(1,) * 5,
        # What counts are 5, 40, 40, 5 and 10 of 100.
        norms=tuple(
            total / math.comb(20, length)
            for length, total in zip((0, 1, 2, 3, 15), (5, 40, 40, 5, 10), strict=True)
        ),
        shares_of_sum=(1 / 21,) * 21,
        **common,
    )
    # 0 to 3 and 15 has more than 1 to 15, but is longer.
    assert gaps.effective_lengths == (1, 15)
    assert gaps.effective_share_of_paths is None
    assert gaps.document()["share of paths that are effective"] is None
    assert all(path.stat().st_size for path in gaps.save(tmp_path))
    near = dataclasses.replace(gaps, lengths=(0, 1, 2, 3, 4))
    near = dataclasses.replace(
        near, norms=tuple(t / math.comb(20, i) for i, t in enumerate((9, 60, 25, 5, 1)))
    )
    assert near.effective_lengths == (0, 3)
    share = sum(stats.binom(20, 0.5).pmf(range(4)))
    assert near.effective_share_of_paths == pytest.approx(share)


def test_the_narrowest_range_is_that_of_lengths():
    result = PathGradientResult(
        "net", 1, 20, (0, 8, 9, 10), (1,) * 4,
        tuple(
            total / math.comb(20, length)
            for length, total in zip((0, 8, 9, 10), (5, 90, 1, 5), strict=True)
        ),
        (1 / 21,) * 21, 0,
    )  # fmt: skip
    # Three lengths hold it from 0 to 9 and only from 8 to 10 in fewer modules.
    assert result.effective_lengths == (8, 10)


def _with_sigmoid():
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(3, 3, padding="same")(inputs)
    x = keras.layers.Flatten()(x + inputs)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, activation="sigmoid")(x))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (network, {"lengths": [6]}, "integers from 0 to 5"),
        (network, {"lengths": []}, "integers from 0 to 5"),
        (network, {"draws": 0}, "`draws` must be a positive"),
        (vgg, {}, "no residual modules"),
        (_with_sigmoid, {}, "end in logits or in a softmax"),
    ],
)
def test_what_cannot_be_differentiated(model, options, message):
    with pytest.raises(ValueError, match=message):
        studies.path_gradients(model(), *examples(), **options)


def test_gradients_that_tell_nothing():
    images, labels = examples(2)
    # Residual branches that end in a scale of zero: one path alone has a gradient.
    model = network(depths=(2,))
    variables = keras_resnet.weights.named_variables(model)
    for name, variable in variables.items():
        if name.endswith("2_bn/gamma"):
            variable.assign(np.zeros(variable.shape))
    with pytest.raises(ValueError, match="paths of these lengths are zero"):
        studies.path_gradients(model, images, labels, [1, 2], draws=2)
    model.get_layer("predictions").kernel.assign(np.zeros((4, CLASSES)))
    with pytest.raises(ValueError, match="gradient is zero for all images"):
        studies.path_gradients(model, images, labels, [0])
    model.get_layer("predictions").kernel.assign(np.full((4, CLASSES), np.nan))
    with pytest.raises(ValueError, match="gradient is not finite"):
        studies.path_gradients(model, images, labels, [0])


def test_logits_and_probabilities_have_the_same_gradient():
    model, (images, labels) = network(), examples(3)
    logits = keras.models.clone_model(
        model,
        clone_function=lambda layer: layer.__class__.from_config(
            layer.get_config()
            | ({"activation": None} if layer.name == "predictions" else {})
        ),
    )
    logits.set_weights(model.get_weights())
    one, two = (
        studies.enumerate_paths(network, images, labels).whole
        for network in (model, logits)
    )
    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-6)


def test_too_many_paths_to_list():
    with pytest.raises(ValueError, match="at most 12 modules.*Received: 13 modules"):
        studies.enumerate_paths(network(depths=(13,)), *examples())
