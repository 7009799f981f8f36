"""How the learning rate moves over a training, in epochs.

The dataclasses say it as papers and recipes do, relative to a peak rate of 1;
`make_schedule` turns one of them into a Keras schedule over steps.
"""

import dataclasses
import math

import keras

from keras_resnet.arguments import check_choice, check_interval, check_positive_integer
from keras_resnet.training.step_schedules import (
    ConstantRate,
    CosineRate,
    ExponentialPerEpochRate,
    LinearWarmUp,
    OneCycleRate,
    PiecewiseConstantRate,
    PolynomialRate,
)

CURVES = ("linear", "cosine")


@dataclasses.dataclass(frozen=True)
class Constant:
    """The peak rate throughout."""


@dataclasses.dataclass(frozen=True)
class PiecewiseConstant:
    """One share of the peak rate after another.

    Attributes:
        boundaries: Epochs, rising, at which the next share begins.
        factors: Shares of the peak rate, one more than boundaries.

    Raises:
        ValueError: If the boundaries do not rise or the factors do not match.
    """

    boundaries: tuple[float, ...]
    factors: tuple[float, ...]

    def __post_init__(self):
        """Refuse what has no rate for every step."""
        # Its own checks are those that boundaries in epochs need.
        PiecewiseConstantRate(self.boundaries, self.factors)


@dataclasses.dataclass(frozen=True)
class Cosine:
    """Half a cosine from the peak rate down to `final` of it at the end.

    Loshchilov and Hutter (2017), without restarts.

    Attributes:
        final: Share of the peak rate at the end.
        through_warmup: Whether the cosine begins at the first epoch already,
            so that the warm-up ends below its peak, as in timm. Otherwise it
            begins where the warm-up ends.
    """

    final: float = 0.0
    through_warmup: bool = False

    def __post_init__(self):
        """Refuse a share that is none."""
        check_interval("final", self.final, 0, 1)


@dataclasses.dataclass(frozen=True)
class Polynomial:
    """The rest of the training, to a power, from where the warm-up ends.

    Attributes:
        power: Exponent; 1 is a straight line.
        final: Share of the peak rate at the end.
    """

    power: float = 2.0
    final: float = 0.0

    def __post_init__(self):
        """Refuse a power or share that is none."""
        check_interval("power", self.power, 0, math.inf, include_low=False)
        check_interval("final", self.final, 0, 1)


@dataclasses.dataclass(frozen=True)
class OneCycle:
    """Up to the peak rate and down again (Smith and Topin, 2018).

    It has a rise of its own, and takes no warm-up.

    Attributes:
        peak_at: Share of the training at which the peak is reached.
        start: Share of the peak rate at the first step.
        final: Share of the peak rate at the end.
        curve: `"linear"`, or `"cosine"` for half a cosine each way.
    """

    peak_at: float = 0.3
    start: float = 0.04
    final: float = 0.0
    curve: str = "linear"

    def __post_init__(self):
        """Refuse shares that are none."""
        check_interval("peak_at", self.peak_at, 0, 1, include_low=False)
        check_interval("start", self.start, 0, 1)
        check_interval("final", self.final, 0, 1)
        check_choice("curve", self.curve, CURVES)


@dataclasses.dataclass(frozen=True)
class ExponentialPerEpoch:
    """The peak rate times `factor` after each epoch, or after each few.

    Attributes:
        factor: What the rate is multiplied by.
        every: Whole epochs from one multiplication to the next.
    """

    factor: float
    every: int = 1

    def __post_init__(self):
        """Refuse numbers that are no factor and no epochs."""
        check_interval("factor", self.factor, 0, math.inf, include_low=False)
        check_positive_integer("every", self.every)


SCHEDULES = (
    Constant,
    PiecewiseConstant,
    Cosine,
    Polynomial,
    OneCycle,
    ExponentialPerEpoch,
)
Schedule = (
    Constant | PiecewiseConstant | Cosine | Polynomial | OneCycle | ExponentialPerEpoch
)


def make_schedule(
    schedule: Schedule,
    peak: float,
    epochs: int,
    steps_per_epoch: int,
    warmup_epochs: float = 0,
    warmup_start: float = 0.0,
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return `schedule` as a function of the optimizer's step.

    Args:
        schedule: The shape, in epochs.
        peak: Peak learning rate.
        epochs: Epochs of the whole training.
        steps_per_epoch: Steps of an epoch.
        warmup_epochs: Epochs of a linear rise before. Defaults to none. The
            boundaries of a piecewise constant schedule count from the very
            beginning all the same.
        warmup_start: Share of the peak that the rise begins with.

    Raises:
        TypeError: If `schedule` is not one of this module's dataclasses.
        ValueError: If the warm-up leaves no epoch for a schedule that begins
            after it, or the schedule has a rise of its own.
    """
    warmup_steps = round(warmup_epochs * steps_per_epoch)
    total = epochs * steps_per_epoch
    match schedule:
        case Constant():
            rate = ConstantRate(peak)
        case PiecewiseConstant(boundaries, factors):
            # Of boundaries that fall on one step the last one counts.
            steps = [round(epoch * steps_per_epoch) for epoch in boundaries]
            begins = dict(zip([-1, *steps], factors, strict=True))
            rate = PiecewiseConstantRate(
                list(begins)[1:], [peak * factor for factor in begins.values()]
            )
        case Cosine(final, through_warmup):
            _check_room(schedule, epochs, warmup_epochs, total - warmup_steps)
            first = 0 if through_warmup else warmup_steps
            rate = CosineRate(peak, first, total, peak * final)
        case Polynomial(power, final):
            _check_room(schedule, epochs, warmup_epochs, total - warmup_steps)
            rate = PolynomialRate(peak, warmup_steps, total, power, peak * final)
        case OneCycle(peak_at, start, final, curve):
            if warmup_steps:
                raise ValueError(
                    "A `OneCycle` rises by itself and takes no warm-up. "
                    f"Received: warmup_epochs={warmup_epochs}"
                )
            # Both the rise and the fall need a step.
            _check_room(schedule, epochs, warmup_epochs, total - 1)
            peak_step = min(max(round(peak_at * total), 1), total - 1)
            rate = OneCycleRate(
                peak, peak_step, total, peak * start, peak * final, curve
            )
        case ExponentialPerEpoch(factor, every):
            rate = ExponentialPerEpochRate(peak, factor, every * steps_per_epoch)
        case _:
            raise TypeError(
                "`schedule` must be a schedule of keras_resnet.training.schedules. "
                f"Received: schedule={schedule!r}"
            )
    if not warmup_steps:
        return rate
    return LinearWarmUp(rate, peak, warmup_steps, warmup_start)


def _check_room(schedule, epochs, warmup_epochs, steps_left: int) -> None:
    if steps_left < 1:
        raise ValueError(
            f"A `{type(schedule).__name__}` needs steps after the warm-up. Received: "
            f"epochs={epochs}, warmup_epochs={warmup_epochs}"
        )
