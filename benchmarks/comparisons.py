"""What the package is compared with, and the ratios it should reach."""

import dataclasses
from collections.abc import Callable

from keras_resnet.benchmarks import workloads
from keras_resnet.benchmarks.measure import Ratio, paired_ratio, summarise
from keras_resnet.benchmarks.results import Latency

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
        goal: The ratio to reach.
        at_least: Whether the ratio should be at least `goal` (a speed-up)
            or at most (a share of the time).
        measure: Measures both in turns and returns their seconds by round.
        rounds: Rounds to measure.
        of_means: Whether the means are divided: right where the work differs
            from step to step.
    """

    name: str
    title: str
    upper: str
    lower: str
    goal: float
    at_least: bool
    measure: Callable[[int, Progress], tuple[Seconds, Seconds]]
    rounds: int
    of_means: bool = False

    def goal_text(self) -> str:
        """Say the goal."""
        return f"at {'least' if self.at_least else 'most'} {self.goal:g}"

    def is_met(self, ratio: float) -> bool:
        """Tell whether a ratio reaches the goal."""
        return ratio >= self.goal if self.at_least else ratio <= self.goal


@dataclasses.dataclass(frozen=True)
class ComparisonResult:
    """A ratio that was measured.

    Attributes:
        name: Name of the comparison.
        title: Its title.
        upper: What stands above the line of the ratio.
        lower: What stands below it.
        upper_time: Times of the one.
        lower_time: Times of the other.
        ratio: How they compare.
        of_means: Whether it is the ratio of the mean times.
        goal: The goal in words.
        met: Whether it was reached.
    """

    name: str
    title: str
    upper: str
    lower: str
    upper_time: Latency
    lower_time: Latency
    ratio: Ratio
    of_means: bool
    goal: str
    met: bool


COMPARISONS = (
    Comparison(
        name="training_float32",
        title="ResNet-50 training step, batch 16, 128 px, float32",
        upper="keras.applications",
        lower="keras_resnet",
        goal=1.15,
        at_least=True,
        measure=lambda rounds, say: workloads.training_steps("float32", rounds, say),
        rounds=10,
    ),
    Comparison(
        name="training_bfloat16",
        title="ResNet-50 training step, batch 16, 128 px, mixed_bfloat16",
        upper="keras.applications",
        lower="keras_resnet",
        goal=1.5,
        at_least=True,
        measure=lambda rounds, say: workloads.training_steps(
            "mixed_bfloat16", rounds, say
        ),
        rounds=10,
    ),
    Comparison(
        name="stochastic_depth",
        title="nested ResNet-110 training step, batch 128, linear stochastic depth",
        upper="p_L = 0.5",
        lower="constant depth",
        goal=0.78,
        at_least=False,
        measure=workloads.stochastic_depth_steps,
        rounds=40,
        of_means=True,
    ),
    Comparison(
        name="int8_latency",
        title="ResNet-50 LiteRT latency, 224 px, one thread",
        upper="float32",
        lower="int8",
        goal=3.0,
        at_least=True,
        measure=workloads.float_and_int8_latency,
        rounds=5,
    ),
)


def compare(
    comparison: Comparison, progress: Progress, rounds: int | None = None
) -> ComparisonResult:
    """Measure one comparison.

    Args:
        comparison: What to measure.
        progress: Receives a line of text before every step.
        rounds: Rounds to measure. Defaults to the comparison's own.
    """
    upper, lower = comparison.measure(rounds or comparison.rounds, progress)
    ratio = paired_ratio(upper, lower, of_means=comparison.of_means)
    return ComparisonResult(
        name=comparison.name,
        title=comparison.title,
        upper=comparison.upper,
        lower=comparison.lower,
        upper_time=summarise(upper),
        lower_time=summarise(lower),
        ratio=ratio,
        of_means=comparison.of_means,
        goal=comparison.goal_text(),
        met=comparison.is_met(ratio.value),
    )
