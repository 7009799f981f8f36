import itertools
import statistics

import numpy as np
import pytest
from absl import flags

from keras_resnet.benchmarks import accelerator, input_pipeline, measure
from keras_resnet.benchmarks.android.runner import Settings as AndroidSettings
from keras_resnet.benchmarks.host.settings import Settings as HostSettings


def test_percentiles_are_numpys():
    seconds = np.random.default_rng(3).lognormal(size=101).tolist()
    latency = measure.summarise(seconds)
    # 101 sorted values put these percentiles on a value, with no interpolation.
    ordered = sorted(seconds)
    assert latency.p50_ms == pytest.approx(1000 * ordered[50])
    assert latency.p90_ms == pytest.approx(1000 * ordered[90])
    assert latency.mean_ms == pytest.approx(1000 * statistics.fmean(seconds))
    assert latency.minimum_ms == pytest.approx(1000 * ordered[0])
    assert latency.maximum_ms == pytest.approx(1000 * ordered[-1])
    assert latency.runs == 101


def test_percentiles_between_values_are_interpolated():
    seconds = [0.004, 0.001, 0.002, 0.003]
    latency = measure.summarise(seconds)
    assert latency.p50_ms == pytest.approx(1000 * statistics.median(seconds))
    decile = statistics.quantiles(seconds, n=10, method="inclusive")[-1]
    assert latency.p90_ms == pytest.approx(1000 * decile)


def test_no_times_cannot_be_summarised():
    with pytest.raises(ValueError, match="Received: seconds="):
        measure.summarise([])


@pytest.mark.parametrize("rounds", [2, 4])
def test_a_steady_drift_cancels_over_an_even_number_of_rounds(rounds):
    moments = {"a": [], "b": [], "c": []}
    for moment, (_, key) in enumerate(measure.interleaved_order("abc", rounds)):
        moments[key].append(moment)
    assert len({statistics.fmean(each) for each in moments.values()}) == 1


def test_the_default_number_of_rounds_is_even():
    values = flags.FlagValues()
    accelerator.define_flags(values)
    chosen = {
        "host": HostSettings().rounds,
        "android": AndroidSettings().rounds,
        "input pipeline": input_pipeline.ROUNDS,
        "accelerator": values["rounds"].default,
    }
    assert {name: rounds % 2 for name, rounds in chosen.items()} == dict.fromkeys(
        chosen, 0
    )


def test_every_round_visits_every_key_once():
    order = list(measure.interleaved_order("abc", 4))
    for current in range(4):
        visited = [key for number, key in order if number == current]
        assert sorted(visited) == ["a", "b", "c"]


@pytest.mark.parametrize("rounds", [2, 4, 10])
def test_a_steady_drift_favours_none(rounds):
    places = {"a": [], "b": [], "c": []}
    for place, (_, key) in enumerate(measure.interleaved_order("abc", rounds)):
        places[key].append(place)
    means = {statistics.fmean(found) for found in places.values()}
    assert len(means) == 1


def test_rounds_must_be_positive():
    with pytest.raises(ValueError, match="Received: rounds=0"):
        list(measure.interleaved_order("ab", 0))


def test_warm_up_is_called_but_not_timed():
    calls = []
    ticks = itertools.count()
    seconds = measure.time_interleaved(
        {"one": lambda: calls.append("one"), "two": lambda: calls.append("two")},
        rounds=3,
        warmup=2,
        clock=lambda: next(ticks),
    )
    assert calls[:4] == ["one", "one", "two", "two"]
    assert calls[4:] == ["one", "two", "two", "one", "one", "two"]
    assert seconds == {"one": [1, 1, 1], "two": [1, 1, 1]}


def test_times_belong_to_their_own_callable():
    moment = 0.0

    def work(length):
        nonlocal moment
        moment += length

    seconds = measure.time_interleaved(
        {"short": lambda: work(1), "long": lambda: work(5)},
        rounds=4,
        clock=lambda: moment,
    )
    assert seconds == {"short": [1] * 4, "long": [5] * 4}


def test_paired_ratio_is_the_median_of_the_rounds():
    ratio = measure.paired_ratio([3, 8, 90], [1, 2, 3])
    assert ratio.value == 4
    assert (ratio.low, ratio.high) == tuple(np.percentile([3, 4, 30], [25, 75]))
    assert ratio.rounds == 3


def test_ratio_of_means_weighs_the_long_calls():
    ratio = measure.paired_ratio([1, 1, 10], [2, 2, 2], of_means=True)
    assert ratio.value == pytest.approx(2)


@pytest.mark.parametrize(("above", "below"), [([], []), ([1], [1, 2])])
def test_series_that_do_not_pair_are_refused(above, below):
    with pytest.raises(ValueError, match="Received: lengths"):
        measure.paired_ratio(above, below)
