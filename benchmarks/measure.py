"""Timing several things fairly: interleaved, and summarised by percentiles."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks.results import Latency

MILLISECONDS = 1e3
Key = TypeVar("Key")


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How two series of times compare.

    Attributes:
        value: The ratio.
        low: Lower quartile of the ratios of single rounds.
        high: Upper quartile of the ratios of single rounds.
        rounds: Number of rounds compared.
    """

    value: float
    low: float
    high: float
    rounds: int


def interleaved_order(keys: Sequence[Key], rounds: int) -> Iterator[tuple[int, Key]]:
    """Order measurements so that a drift of the machine favours none.

    Every round visits every key once; odd rounds go backwards. Over each pair
    of rounds all keys then stand, on average, at the same moment, so that a
    clock speed that falls steadily slows all of them alike.

    Args:
        keys: What is to be measured.
        rounds: How many times each is visited.

    Yields:
        The round, from 0, and the key to visit.
    """
    keys = list(keys)
    for current in range(check_positive_integer("rounds", rounds)):
        for key in keys if current % 2 == 0 else reversed(keys):
            yield current, key


def time_interleaved(
    callables: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warmup: int = 1,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time callables in turns.

    Args:
        callables: Name to what is timed; each must have finished its work
            when it returns.
        rounds: Timed calls of each.
        warmup: Untimed calls of each before the first round.
        progress: Receives a line of text before every call.
        clock: Tells seconds.

    Returns:
        Name to the seconds of every timed call, in the order of the rounds,
        so that entries of the same index were measured next to each other.
    """
    say = progress or (lambda line: None)
    for name, function in callables.items():
        for call in range(warmup):
            say(f"{name}: warm-up {call + 1} of {warmup}")
            function()
    seconds: dict[str, list[float]] = {name: [] for name in callables}
    for current, name in interleaved_order(list(callables), rounds):
        say(f"{name}: round {current + 1} of {rounds}")
        start = clock()
        callables[name]()
        seconds[name].append(clock() - start)
    return seconds


def summarise(seconds: Sequence[float]) -> Latency:
    """Summarise times in seconds as a `Latency` in milliseconds.

    Percentiles between two measured values are interpolated linearly.

    Raises:
        ValueError: If there is no time to summarise.
    """
    if len(seconds) == 0:
        raise ValueError("Cannot summarise no times at all. Received: seconds=[]")
    milliseconds = np.asarray(seconds, dtype=np.float64) * MILLISECONDS
    p50, p90 = np.percentile(milliseconds, [50, 90])
    return Latency(
        p50_ms=float(p50),
        p90_ms=float(p90),
        mean_ms=float(milliseconds.mean()),
        minimum_ms=float(milliseconds.min()),
        maximum_ms=float(milliseconds.max()),
        runs=len(milliseconds),
    )


def paired_ratio(
    numerator: Sequence[float], denominator: Sequence[float], *, of_means: bool = False
) -> Ratio:
    """Compare two series measured in turns.

    Args:
        numerator: Times of the one, by round.
        denominator: Times of the other, by round.
        of_means: Divide the mean times, as is right where the work itself
            differs from call to call. Defaults to False, the median of the
            rounds' ratios, which a stray slow call does not move.

    Raises:
        ValueError: If the series differ in length or are empty.
    """
    if len(numerator) != len(denominator) or len(numerator) == 0:
        raise ValueError(
            "Two series of equal length of at least 1 are needed. "
            f"Received: lengths {len(numerator)} and {len(denominator)}"
        )
    above, below = np.asarray(numerator, float), np.asarray(denominator, float)
    ratios = above / below
    low, median, high = np.percentile(ratios, [25, 50, 75])
    value = above.mean() / below.mean() if of_means else median
    return Ratio(float(value), float(low), float(high), len(ratios))
