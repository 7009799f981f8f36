import dataclasses

import pytest

from keras_resnet.benchmarks import comparisons, workloads


def comparison(**changes):
    plain = comparisons.Comparison(
        name="plain",
        title="Plain",
        upper="theirs",
        lower="ours",
        goal=1.5,
        at_least=True,
        measure=lambda rounds, say: ([3.0, 8.0, 90.0], [1.0, 2.0, 3.0]),
        rounds=3,
    )
    return dataclasses.replace(plain, **changes)


def test_a_speed_up_is_met_from_below():
    assert comparison().goal_text() == "at least 1.5"
    assert comparison().is_met(1.5)
    assert not comparison().is_met(1.49)


def test_a_share_is_met_from_above():
    share = comparison(at_least=False, goal=0.78)
    assert share.goal_text() == "at most 0.78"
    assert share.is_met(0.78)
    assert not share.is_met(0.79)


def test_the_ratio_is_of_medians_or_of_means():
    result = comparisons.compare(comparison(), print)
    assert result.ratio.value == 4
    assert result.met
    assert result.upper_time.p50_ms == 8000
    assert result.lower_time.p50_ms == 2000
    result = comparisons.compare(comparison(of_means=True), print)
    assert result.ratio.value == pytest.approx(101 / 6)


def test_the_number_of_rounds_reaches_the_work():
    asked = []

    def measure(rounds, say):
        asked.append(rounds)
        return [1.0], [1.0]

    comparisons.compare(comparison(measure=measure), print)
    comparisons.compare(comparison(measure=measure), print, rounds=7)
    assert asked == [3, 7]


def test_names_are_unique():
    names = [row.name for row in comparisons.COMPARISONS]
    assert len(set(names)) == len(names)


@pytest.fixture
def small(monkeypatch):
    """The same work on networks and images that a test has time for."""
    pytest.importorskip("ai_edge_litert")
    sizes = {
        "TRAINING_SHAPE": (32, 32, 3),
        "LATENCY_SHAPE": (32, 32, 3),
        "CIFAR_SHAPE": (8, 8, 3),
        "TRAINING_BATCH": 2,
        "CIFAR_BATCH": 2,
        "WARMUP_STEPS": 0,
        "DEEP_NETWORK": "resnet20",
        "EDGE_NETWORK": "resnet8",
    }
    for name, value in sizes.items():
        monkeypatch.setattr(workloads, name, value)


# The two training steps differ in their policy alone.
@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    comparisons.COMPARISONS[1:],
    ids=[row.name for row in comparisons.COMPARISONS[1:]],
)
def test_every_comparison_runs(row, small):
    keras = pytest.importorskip("keras")
    before = keras.config.dtype_policy().name
    said = []
    result = comparisons.compare(row, said.append, rounds=1)
    assert keras.config.dtype_policy().name == before
    assert result.name == row.name
    assert result.ratio.rounds == 1
    assert result.ratio.value > 0
    assert said
