import dataclasses

import pytest

from keras_resnet.benchmarks import comparisons
from keras_resnet.benchmarks.comparison_table import COMPARISONS
from keras_resnet.benchmarks.workloads.sizes import FULL, Sizes


def comparison(**changes):
    plain = comparisons.Comparison(
        name="plain",
        title="Plain",
        upper="theirs",
        lower="ours",
        goal=1.5,
        at_least=True,
        measure=lambda sizes, rounds, say: ([3.0, 8.0, 90.0], [1.0, 2.0, 3.0]),
        rounds=3,
    )
    return dataclasses.replace(plain, **changes)


def test_a_speed_up_is_met_from_below():
    assert comparison().goal_text() == "at least 1.5"
    assert comparison().verdict(1.5) == "reached"
    assert comparison().verdict(1.49) == "missed"


def test_a_share_is_met_from_above():
    share = comparison(at_least=False, goal=0.78)
    assert share.goal_text() == "at most 0.78"
    assert share.verdict(0.78) == "reached"
    assert share.verdict(0.79) == "missed"


def test_without_a_goal_there_is_no_verdict():
    assert comparison(goal=None).goal_text() == ""
    assert comparison(goal=None).verdict(3) == ""


def test_the_ratio_is_of_medians_or_of_means():
    result = comparisons.compare(comparison(), print)
    assert result.ratio.value == 4
    assert result.verdict == "reached"
    assert result.upper_time.p50_ms == 8000
    assert result.lower_time.p50_ms == 2000
    result = comparisons.compare(comparison(of_means=True), print)
    assert result.ratio.value == pytest.approx(101 / 6)


def test_the_number_of_rounds_reaches_the_work():
    asked = []

    def measure(sizes, rounds, say):
        asked.append((sizes, rounds))
        return [1.0], [1.0]

    comparisons.compare(comparison(measure=measure), print)
    comparisons.compare(comparison(measure=measure), print, rounds=7)
    assert asked == [(FULL, 3), (FULL, 7)]


def test_names_are_unique():
    names = [row.name for row in COMPARISONS]
    assert len(set(names)) == len(names)


def test_a_drift_cancels_over_pairs_of_rounds():
    assert [row.name for row in COMPARISONS if row.rounds % 2] == []


@pytest.mark.parametrize(
    ("part", "needs"),
    [
        ("tf_keras", ("tf_keras",)),
        ("pytorch", ("torch", "transformers")),
        ("int8", ("ai_edge_litert",)),
        ("exporting", ("ai_edge_litert",)),
    ],
)
def test_what_only_an_extra_installs_is_named(part, needs):
    rows = [row for row in COMPARISONS if part in row.name]
    assert rows
    assert {row.needs for row in rows} == {needs}


def test_peers_are_compared_in_both_precisions_and_batches():
    names = {row.name for row in COMPARISONS}
    for policy in ("float32", "bfloat16"):
        assert {f"training_{policy}", f"training_{policy}_64"} <= names
        assert f"training_tf_keras_{policy}" in names
        assert f"training_pytorch_{policy}" in names
        assert f"training_pytorch_{policy}_64" in names


def test_a_module_that_is_not_there_is_missing():
    row = comparison(needs=("json", "no_such_module_at_all"))
    assert row.missing() == ["no_such_module_at_all"]


# The same work on networks and images that a test has time for.
SMALL = Sizes(
    image=(32, 32, 3),
    batch=2,
    large_batch=3,
    latency_image=(32, 32, 3),
    inference_batch=2,
    cifar_image=(8, 8, 3),
    cifar_batch=2,
    deep_network="resnet20",
    edge_network="resnet8",
    calibration_images=2,
    warmup=0,
)


@pytest.mark.slow
@pytest.mark.parametrize("row", COMPARISONS, ids=[row.name for row in COMPARISONS])
def test_every_comparison_runs(row):
    for module in row.needs:
        pytest.importorskip(module)
    keras = pytest.importorskip("keras")
    before = keras.config.dtype_policy().name
    said = []
    result = comparisons.compare(row, said.append, rounds=1, sizes=SMALL)
    assert keras.config.dtype_policy().name == before
    assert result.name == row.name
    assert result.ratio.rounds == 1
    assert result.ratio.value > 0
    assert said
