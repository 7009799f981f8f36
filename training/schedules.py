"""How the learning rate moves over a training, in epochs and in steps.

The dataclasses say it in epochs, as papers and recipes do, relative to a peak
rate of 1; `make_schedule` turns one of them into a Keras schedule over steps.
"""

import dataclasses
import math

import keras
from keras import ops

PACKAGE = "keras_resnet"


@dataclasses.dataclass(frozen=True)
class Constant:
    """The peak rate throughout."""


@dataclasses.dataclass(frozen=True)
class PiecewiseConstant:
    """One share of the peak rate after another.

    Attributes:
        boundaries: Epochs, rising, at which the next share begins.
        factors: Shares of the peak rate, one more than boundaries.
    """

    boundaries: tuple[float, ...]
    factors: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Cosine:
    """Half a cosine from the peak rate down to `final` of it at the end.

    Loshchilov and Hutter (2017), without restarts. The cosine begins where
    the warm-up ends.
    """

    final: float = 0.0


@dataclasses.dataclass(frozen=True)
class ExponentialPerEpoch:
    """The peak rate times `factor` to the power of the whole epochs passed."""

    factor: float


Schedule = Constant | PiecewiseConstant | Cosine | ExponentialPerEpoch


class _StepSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose configuration is its constructor's arguments."""

    def __init__(self, **config):
        super().__init__()
        self._config = config

    def get_config(self) -> dict:
        return dict(self._config)


@keras.saving.register_keras_serializable(PACKAGE)
class ConstantRate(_StepSchedule):
    """`learning_rate` at every step."""

    def __init__(self, learning_rate: float):
        super().__init__(learning_rate=learning_rate)
        self.learning_rate = learning_rate

    def __call__(self, step):
        """Return the learning rate at `step`, counted from 0."""
        return ops.full_like(ops.cast(step, "float32"), self.learning_rate)


@keras.saving.register_keras_serializable(PACKAGE)
class PiecewiseConstantRate(_StepSchedule):
    """`values[i]`, where `i` is how many `boundaries` are at or before the step.

    Unlike `keras.optimizers.schedules.PiecewiseConstantDecay`, a boundary is
    the first step of the next value, so that a boundary of a whole number of
    epochs is exactly there.

    Args:
        boundaries: Rising steps.
        values: Learning rates, one more than boundaries.
    """

    def __init__(self, boundaries, values):
        boundaries, values = list(boundaries), list(values)
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "`values` must be one more than `boundaries`. "
                f"Received: boundaries={boundaries}, values={values}"
            )
        if sorted(set(boundaries)) != boundaries:
            raise ValueError(
                f"`boundaries` must rise. Received: boundaries={boundaries}"
            )
        super().__init__(boundaries=boundaries, values=values)
        self.boundaries = boundaries
        self.values = values

    def __call__(self, step):
        """Return the learning rate at `step`, counted from 0."""
        step = ops.cast(step, "float32")
        rate = ops.full_like(step, self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(step >= boundary, value, rate)
        return rate


@keras.saving.register_keras_serializable(PACKAGE)
class CosineRate(_StepSchedule):
    """`final + (learning_rate - final) (1 + cos(pi t)) / 2`, with `t` in 0..1.

    Args:
        learning_rate: Rate at and before `first_step`.
        first_step: Step where `t` is 0.
        last_step: Step where `t` is 1; the rate stays there afterwards.
        final: Rate at `last_step`.
    """

    def __init__(
        self, learning_rate: float, first_step: int, last_step: int, final: float = 0.0
    ):
        if last_step <= first_step:
            raise ValueError(
                "`last_step` must be after `first_step`. "
                f"Received: first_step={first_step}, last_step={last_step}"
            )
        super().__init__(
            learning_rate=learning_rate,
            first_step=first_step,
            last_step=last_step,
            final=final,
        )
        self.learning_rate = learning_rate
        self.first_step = first_step
        self.last_step = last_step
        self.final = final

    def __call__(self, step):
        """Return the learning rate at `step`, counted from 0."""
        passed = ops.cast(step, "float32") - self.first_step
        share = ops.clip(passed / (self.last_step - self.first_step), 0.0, 1.0)
        height = 0.5 * (1.0 + ops.cos(math.pi * share))
        return self.final + (self.learning_rate - self.final) * height


@keras.saving.register_keras_serializable(PACKAGE)
class ExponentialPerEpochRate(_StepSchedule):
    """`learning_rate * factor ** epoch`, with the whole epochs passed.

    Args:
        learning_rate: Rate of the first epoch.
        factor: What it is multiplied by after each.
        steps_per_epoch: Steps of an epoch.
    """

    def __init__(self, learning_rate: float, factor: float, steps_per_epoch: int):
        super().__init__(
            learning_rate=learning_rate, factor=factor, steps_per_epoch=steps_per_epoch
        )
        self.learning_rate = learning_rate
        self.factor = factor
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step):
        """Return the learning rate at `step`, counted from 0."""
        epoch = ops.floor(ops.cast(step, "float32") / self.steps_per_epoch)
        return self.learning_rate * ops.power(self.factor, epoch)


@keras.saving.register_keras_serializable(PACKAGE)
class LinearWarmUp(_StepSchedule):
    """A linear rise before another schedule (Goyal et al., 2017, section 2.2).

    Step `s` of the first `steps` has the rate `peak * (start + (1 - start) *
    s / steps)`; from there on the other schedule holds, by the same count of
    steps.

    Args:
        after: The schedule that follows.
        peak: Rate that the rise ends with.
        steps: Steps of the rise, at least 1.
        start: Share of `peak` at step 0. Defaults to 0.
    """

    def __init__(self, after, peak: float, steps: int, start: float = 0.0):
        if steps < 1:
            raise ValueError(f"`steps` must be at least 1. Received: steps={steps}")
        super().__init__(after=after, peak=peak, steps=steps, start=start)
        self.after = after
        self.peak = peak
        self.steps = steps
        self.start = start

    def __call__(self, step):
        """Return the learning rate at `step`, counted from 0."""
        share = ops.cast(step, "float32") / self.steps
        rising = self.peak * (self.start + (1.0 - self.start) * share)
        return ops.where(share < 1.0, rising, self.after(step))

    def get_config(self) -> dict:
        """Return the arguments of the constructor, serialized."""
        config = super().get_config()
        return {**config, "after": keras.saving.serialize_keras_object(self.after)}

    @classmethod
    def from_config(cls, config: dict) -> "LinearWarmUp":
        """Make the schedule from what `get_config` returned."""
        after = keras.saving.deserialize_keras_object(config["after"])
        return cls(**{**config, "after": after})


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
        ValueError: If the warm-up leaves no epoch for a cosine.
    """
    warmup_steps = round(warmup_epochs * steps_per_epoch)
    match schedule:
        case Constant():
            rate = ConstantRate(peak)
        case PiecewiseConstant(boundaries, factors):
            rate = PiecewiseConstantRate(
                [round(epoch * steps_per_epoch) for epoch in boundaries],
                [peak * factor for factor in factors],
            )
        case Cosine(final):
            total = epochs * steps_per_epoch
            if warmup_steps >= total:
                raise ValueError(
                    "A cosine needs an epoch after the warm-up. Received: "
                    f"epochs={epochs}, warmup_epochs={warmup_epochs}"
                )
            rate = CosineRate(peak, warmup_steps, total, peak * final)
        case ExponentialPerEpoch(factor):
            rate = ExponentialPerEpochRate(peak, factor, steps_per_epoch)
        case _:
            raise TypeError(
                "`schedule` must be a schedule of keras_resnet.training.schedules. "
                f"Received: schedule={schedule!r}"
            )
    if not warmup_steps:
        return rate
    return LinearWarmUp(rate, peak, warmup_steps, warmup_start)
