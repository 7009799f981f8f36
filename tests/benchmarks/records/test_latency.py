import numpy as np
import pytest

from keras_resnet.benchmarks.records.latency import (
    MOST_SAMPLES,
    latency_of,
    rounds_of,
)
from keras_resnet.benchmarks.records.schema import Latency


def test_as_numpy_summarises(rng):
    rounds = [rng.uniform(1, 2, 30), rng.uniform(1, 2, 20)]
    together = np.concatenate(rounds)
    latency = latency_of(rounds)
    assert latency.p50_ms == pytest.approx(np.median(together))
    assert latency.p90_ms == pytest.approx(np.quantile(together, 0.9))
    assert latency.p95_ms == pytest.approx(np.quantile(together, 0.95))
    assert latency.mean_ms == pytest.approx(together.mean())
    assert latency.standard_deviation_ms == pytest.approx(np.std(together, ddof=1))
    assert (latency.minimum_ms, latency.maximum_ms) == (together.min(), together.max())
    for kept, times in zip(rounds_of(latency), rounds, strict=True):
        np.testing.assert_allclose(kept, times, atol=1e-6)


def test_of_many_runs_some_are_kept(rng):
    latency = latency_of([rng.uniform(1, 2, 5000), rng.uniform(1, 2, 10)])
    assert latency.samples_per_round == (MOST_SAMPLES // 2, 10)
    assert len(latency.samples_ms) == sum(latency.samples_per_round)


def test_one_run_has_no_deviation():
    assert latency_of([[2.0]]).standard_deviation_ms is None
    assert rounds_of(Latency(mean_ms=1.0)) == []


@pytest.mark.parametrize("rounds", [[], [[]], [[1.0], []], [[0.0]], [[-1.0]]])
def test_what_cannot_be_summarised(rounds):
    with pytest.raises(ValueError, match="Received"):
        latency_of(rounds)


@pytest.mark.parametrize(
    ("samples", "counts", "sentence"),
    [
        ((1.0, 2.0), (1,), r"sum to the samples\. Received: \[1\] for 2 samples"),
        # Zeros would fill up the shorter round of a bootstrap.
        ((1.0, 2.0), (2, 1), "sum to the samples"),
        ((1.0, 2.0), (2, 0), "at least 1"),
        ((1.0, 2.0), (3, -1), "at least 1"),
        ((1.0, 2.0), (), "at least 1"),
        (None, (1,), "sum to the samples"),
        ((1.0, 0.0), None, r"times above 0\. Received: 0.0 to 1.0"),
        ((1.0, -2.0), (1, 1), "times above 0"),
        ((1.0, float("inf")), None, "times above 0"),
    ],
)
def test_samples_that_are_none(samples, counts, sentence):
    with pytest.raises(ValueError, match=sentence):
        Latency(samples_ms=samples, samples_per_round=counts)


def test_the_shortest_times_stay_times():
    assert latency_of([[1e-9, 1.0]]).samples_ms == (1e-9, 1.0)
