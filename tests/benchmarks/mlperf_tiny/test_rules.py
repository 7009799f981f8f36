import dataclasses

import numpy as np
import pytest

from keras_resnet.benchmarks.mlperf_tiny import reference, rules, samples
from keras_resnet.export.interpreter import TensorDescription

FACTS = rules.Facts(
    parameters=100,
    reference_parameters=100,
    dataset="cifar10",
    is_folder=False,
    sample_accuracy=0.88,
    accuracy=0.86,
    input=TensorDescription("image", "int8", (1, 32, 32, 3), 1.0, -128),
    output=TensorDescription("probabilities", "int8", (1, 10), 1 / 256, -128),
)


def verdicts(**changes):
    judged = rules.judge(dataclasses.replace(FACTS, **changes))
    return {rule.rule: rule.verdict for rule in judged}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"parameters": 99}, "equivalent"),
        ({"sample_accuracy": 0.8499}, "Quality: at least 85%"),
        ({"dataset": "cifar10-jpeg"}, "measured on CIFAR-10"),
        # Whatever lies in a folder of that name.
        ({"is_folder": True}, "measured on CIFAR-10"),
        ({"input": dataclasses.replace(FACTS.input, dtype="uint8")}, "Preprocessing"),
        ({"input": dataclasses.replace(FACTS.input, scale=0.5)}, "Preprocessing"),
        ({"output": dataclasses.replace(FACTS.output, shape=(1, 9))}, "output is int8"),
    ],
)
def test_each_rule_looks_at_its_fact(change, rule):
    before, after = verdicts(), verdicts(**change)
    (name,) = [name for name in before if rule in name]
    assert (before[name], after[name]) == (rules.HOLDS, rules.FAILS)


@pytest.mark.parametrize(
    ("change", "verdict"), [({}, rules.UNKNOWN), ({"is_folder": True}, rules.FAILS)]
)
def test_a_folders_images_are_not_the_references(change, verdict):
    (name,) = [name for name in verdicts() if "200 images" in name]
    assert verdicts(**change)[name] == verdict


def test_weights_trained_here_never_hold():
    (name,) = [name for name in verdicts() if "retraining" in name]
    assert verdicts()[name] == rules.FAILS


def test_twenty_images_of_every_class_always_the_same(rng):
    labels = rng.permutation(np.repeat(np.arange(10), 50))
    places = samples.sample_places(labels)
    assert len(set(places)) == 200
    assert np.bincount(labels[places]).tolist() == [20] * 10
    np.testing.assert_array_equal(places, samples.sample_places(labels))
    with pytest.raises(ValueError, match="Received: 50 of class 0"):
        samples.sample_places(labels, per_class=51)


def test_every_figure_of_the_reference_has_its_source():
    for figure in reference.FIGURES:
        assert "github.com/mlcommons" in figure.source or "arXiv" in figure.source
