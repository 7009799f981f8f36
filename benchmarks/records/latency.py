"""From the times of single runs to the `Latency` of a record."""

from collections.abc import Sequence

import numpy as np

from keras_resnet.benchmarks.records.schema import Latency

# More tell `compare` no more, and would make ledgers long.
MOST_SAMPLES = 600
DIGITS = 6


def latency_of(rounds_ms: Sequence[Sequence[float]]) -> Latency:
    """Summarise times of single runs.

    Percentiles between two measured values are interpolated linearly.

    Args:
        rounds_ms: Milliseconds of the runs of each round, that is of each
            process or turn that measured. For one round, `[times]`.

    Raises:
        ValueError: If a round has no runs, or a time is not a positive number.
    """
    rounds = [np.asarray(times, "float64") for times in rounds_ms]
    if not rounds or any(times.ndim != 1 or not times.size for times in rounds):
        raise ValueError(
            "Every round needs at least one time. Received: rounds of "
            f"{[times.size for times in rounds]} times"
        )
    times = np.concatenate(rounds)
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise ValueError(
            "Times must be positive numbers of milliseconds. "
            f"Received: times from {times.min()} to {times.max()}"
        )
    p50, p90, p95 = np.percentile(times, [50, 90, 95])
    kept = [_thinned(times, MOST_SAMPLES // len(rounds)) for times in rounds]
    return Latency(
        p50_ms=float(p50),
        p90_ms=float(p90),
        p95_ms=float(p95),
        mean_ms=float(times.mean()),
        standard_deviation_ms=float(times.std(ddof=1)) if times.size > 1 else None,
        minimum_ms=float(times.min()),
        maximum_ms=float(times.max()),
        # Not rounded down to no time at all.
        samples_ms=tuple(
            round(float(t), DIGITS) or float(t) for part in kept for t in part
        ),
        samples_per_round=tuple(len(part) for part in kept),
    )


def rounds_of(latency: Latency) -> list[np.ndarray]:
    """Return the samples of a latency by round; none where none were kept."""
    if not latency.samples_ms:
        return []
    samples = np.asarray(latency.samples_ms, "float64")
    counts = latency.samples_per_round or (len(samples),)
    return np.split(samples, np.cumsum(counts)[:-1])


def _thinned(times: np.ndarray, most: int) -> np.ndarray:
    """Keep at most so many, evenly spread, and at least one."""
    most = max(1, most)
    if times.size <= most:
        return times
    return times[np.linspace(0, times.size - 1, most).round().astype(int)]
