import dataclasses

import numpy as np
import pytest

from keras_resnet.benchmarks.records import comparison, source
from keras_resnet.benchmarks.records.bootstrap import ratio_of
from keras_resnet.benchmarks.records.ledger import append
from keras_resnet.benchmarks.records.schema import Device, Latency, Model


def test_the_interval_is_scipys(rng):
    stats = pytest.importorskip("scipy.stats")
    from keras_resnet.benchmarks.records.latency import latency_of

    above, below = rng.gamma(4, 1.2, 200), rng.gamma(4, 1.0, 150)
    ratio = ratio_of(latency_of([above]), latency_of([below]))
    peer = stats.bootstrap(
        (above, below),
        lambda a, b, axis: np.median(a, axis=axis) / np.median(b, axis=axis),
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ratio.value == pytest.approx(np.median(above) / np.median(below))
    assert ratio.low == pytest.approx(peer.low, rel=0.02)
    assert ratio.high == pytest.approx(peer.high, rel=0.02)
    assert not ratio.by_rounds


def test_rounds_that_differ_widen_the_interval(make_record):
    from keras_resnet.benchmarks.records.latency import latency_of

    steady = make_record().latency
    shifted = [np.full(20, level) for level in (0.8, 1.0, 1.2)]
    ratio = ratio_of(latency_of(shifted), steady)
    assert ratio.by_rounds
    assert ratio.low < 0.85
    assert ratio.high > 1.15
    alone = ratio_of(latency_of([np.concatenate(shifted)]), steady)
    assert alone.high - alone.low < ratio.high - ratio.low


def test_how_often_noise_is_called_noise(make_record):
    called = [
        ratio_of(
            make_record(seed=2 * seed).latency, make_record(seed=2 * seed + 1).latency
        ).is_noise
        for seed in range(40)
    ]
    assert np.mean(called) > 0.85
    real = ratio_of(make_record(1.3, seed=1).latency, make_record(1.0).latency)
    assert real.is_noise is False
    assert real.is_above(1.2)
    assert not real.is_above(1.4)


def test_without_samples_there_is_no_interval():
    ratio = ratio_of(Latency(mean_ms=2.0), Latency(p50_ms=1.0, mean_ms=5.0))
    assert (ratio.value, ratio.low, ratio.is_noise) == (2.0, None, None)
    assert ratio.is_above(1.5)
    assert ratio_of(Latency(), Latency(p50_ms=1.0)) is None


def test_the_newest_of_each_configuration_is_compared(make_record):
    old, new = make_record(1.0), make_record(2.0)
    two = make_record(0.5, threads=2)
    pairs, alone = comparison.pair_up([old, new, two], [make_record(2.0, seed=1)] * 2)
    assert [pair.first for pair in pairs] == [new]
    assert len(alone) == 1
    assert "2 threads" in alone[0]


def test_two_models_may_be_compared(make_record):
    other = Model("other.tflite")
    left = [make_record(threads=count) for count in (1, 2)]
    right = [make_record(threads=count, model=other) for count in (1, 2)]
    pairs, alone = comparison.pair_up(left, right)
    assert len(pairs) == 2
    assert alone == []
    assert pairs[0].name().startswith("other.tflite / model.tflite on processor: ")
    with pytest.raises(ValueError, match="no configuration in common"):
        comparison.pair_up(left, [make_record(threads=3), make_record(threads=4)])


def test_what_the_interval_does_not_know_of_is_told(make_record):
    first = make_record()
    later = dataclasses.replace(first, date="2026-11-22T12:00:00+00:00")
    elsewhere = dataclasses.replace(first, device=Device("phone", "phone"))
    modelled = dataclasses.replace(first, basis="modelled by Vela 4.2")

    def told(second):
        return comparison.pair_up([first], [second])[0][0].cautions()

    assert told(first) == []
    assert "at different times" in told(later)[0]
    assert "on two devices" in told(elsewhere)[0]
    assert "no comparison of measurements" in told(modelled)[0]


def test_records_are_named_on_the_command_line(tmp_path, make_record):
    path = tmp_path / "bench.jsonl"
    records = tuple(make_record(threads=count) for count in (1, 2, 3))
    append(path, records)
    assert source.read_source(str(path)).records == records
    assert source.read_source(f"{path}#2").records == records[1:2]
    assert source.read_source(f"{path}#-1").records == records[2:]
    assert source.read_source(f"{path}#2 threads").records == records[1:2]
    for selector in ("#0", "#4", "#-4", "#", "#none"):
        with pytest.raises(ValueError, match="Received"):
            source.read_source(f"{path}{selector}")
    with pytest.raises(FileNotFoundError):
        source.read_source("absent#1")
