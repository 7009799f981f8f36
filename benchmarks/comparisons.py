"""Comparing two times by their ratio, and the ratio with a goal."""

import dataclasses
import importlib.util
from collections.abc import Callable

from keras_resnet.benchmarks.measure import Ratio, paired_ratio, summarise
from keras_resnet.benchmarks.results import Latency
from keras_resnet.benchmarks.workloads.sizes import FULL, Sizes

Seconds = list[float]
Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two times of which the ratio is wanted.

    Attributes:
        name: What it is called on the command line.
        title: What it is called in a table.
        upper: What stands above the line of the ratio.
        lower: What stands below it.
        measure: Takes the sizes, the rounds and what receives a line of text
            before every step; measures both in turns and returns their
            seconds by round.
        rounds: Rounds to measure.
        goal: The ratio to reach. Defaults to none.
        at_least: Whether the ratio should be at least `goal` (a speed-up)
            or at most (a share of the time). Defaults to the former.
        of_means: Whether the means are divided: right where the work differs
            from step to step.
        needs: Modules that it imports beside what the package itself needs.
    """

    name: str
    title: str
    upper: str
    lower: str
    measure: Callable[[Sizes, int, Progress], tuple[Seconds, Seconds]]
    rounds: int
    goal: float | None = None
    at_least: bool = True
    of_means: bool = False
    needs: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Return which of the modules that it needs are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]

    def goal_text(self) -> str:
        """Say the goal; nothing where there is none."""
        if self.goal is None:
            return ""
        return f"at {'least' if self.at_least else 'most'} {self.goal:g}"

    def verdict(self, ratio: float) -> str:
        """Return "reached" or "missed", or nothing where there is no goal."""
        if self.goal is None:
            return ""
        met = ratio >= self.goal if self.at_least else ratio <= self.goal
        return "reached" if met else "missed"


@dataclasses.dataclass(frozen=True)
class ComparisonResult:
    """A ratio that was measured, or why it was not.

    Attributes:
        name: Name of the comparison.
        title: Its title.
        upper: What stands above the line of the ratio.
        lower: What stands below it.
        of_means: Whether it is the ratio of the mean times.
        goal: The goal in words; empty where there is none.
        upper_time: Times of the one; None where nothing was measured.
        lower_time: Times of the other, likewise.
        upper_seconds: Seconds of the one by round.
        lower_seconds: Seconds of the other by round.
        ratio: How they compare.
        verdict: Whether the goal was reached: "reached", "missed", or empty.
        reason: Why nothing was measured, without a full stop; else empty.
    """

    name: str
    title: str
    upper: str
    lower: str
    of_means: bool
    goal: str
    upper_time: Latency | None = None
    lower_time: Latency | None = None
    upper_seconds: tuple[float, ...] = ()
    lower_seconds: tuple[float, ...] = ()
    ratio: Ratio | None = None
    verdict: str = ""
    reason: str = ""


def compare(
    comparison: Comparison,
    progress: Progress,
    rounds: int | None = None,
    sizes: Sizes = FULL,
) -> ComparisonResult:
    """Measure one comparison.

    Args:
        comparison: What to measure.
        progress: Receives a line of text before every step.
        rounds: Rounds to measure. Defaults to the comparison's own.
        sizes: How large what is measured is. Defaults to the full size.
    """
    upper, lower = comparison.measure(sizes, rounds or comparison.rounds, progress)
    ratio = paired_ratio(upper, lower, of_means=comparison.of_means)
    return dataclasses.replace(
        _result(comparison),
        upper_time=summarise(upper),
        lower_time=summarise(lower),
        upper_seconds=tuple(upper),
        lower_seconds=tuple(lower),
        ratio=ratio,
        verdict=comparison.verdict(ratio.value),
    )


def not_measured(comparison: Comparison, reason: str) -> ComparisonResult:
    """Return the result of a comparison that could not be measured.

    Args:
        comparison: What was to be measured.
        reason: Why it was not.
    """
    reason = " ".join(reason.split()).rstrip(".")
    return dataclasses.replace(_result(comparison), reason=reason)


def _result(comparison: Comparison) -> ComparisonResult:
    return ComparisonResult(
        name=comparison.name,
        title=comparison.title,
        upper=comparison.upper,
        lower=comparison.lower,
        of_means=comparison.of_means,
        goal=comparison.goal_text(),
    )
