"""Noticing that a training has diverged, and saying where."""

import itertools
import math
from collections.abc import Callable, Mapping

import numpy as np

from keras_resnet.training.trained_network import GradientsSoFar
from keras_resnet.training.training_state import Value

# Reading a loss waits for its step; reading many at a time hardly does.
CHECK_EVERY = 20
TOLD = 5
# Steps in a row that overflow without loss scaling.
HOPELESS = 20
ADVICE = "A lower learning rate or a longer warm-up may help."


class LossWatch:
    """Finds the first step of an epoch whose loss is no longer a number.

    Losses are taken as they come, without waiting for the device, and looked
    at a few at a time.

    Args:
        gradients: Returns what the newest gradients were like. Asked where
            there is something to say of them. Defaults to knowing nothing.
        scales_losses: Whether steps may be skipped for an overflow, so that
            many in a row are looked for. Defaults to False.
    """

    def __init__(
        self,
        gradients: Callable[[], GradientsSoFar] = lambda: GradientsSoFar([], None, 0),
        scales_losses: bool = False,
    ):
        self._gradients = gradients
        self._scales_losses = scales_losses
        self._unread = []
        self._read = []
        self._epoch = 0
        # Steps of this epoch so far, before this process, and in it before this
        # epoch.
        self._done = self._first = self._earlier = 0

    def begin_epoch(self, epoch: int, step: int = 0) -> None:
        """Forget the steps of the epoch before.

        Args:
            epoch: Which one begins, counted from 0.
            step: Steps of it that were trained before. Defaults to 0.
        """
        self._earlier += self._done - self._first
        self._epoch = epoch
        self._done = self._first = step
        self._unread = []
        self._read = []

    def note(self, steps: int, logs: Mapping | None) -> None:
        """Take what a step reported.

        Args:
            steps: Steps of the epoch so far, with this one.
            logs: The epoch's means so far, of which `"loss"`; a tensor or a
                number.

        Raises:
            RuntimeError: As `check`.
        """
        self._done = steps
        if logs and "loss" in logs:
            self._unread.append((steps, logs["loss"]))
        if len(self._unread) >= CHECK_EVERY:
            self.check()

    def check(self) -> None:
        """Look at every step that was noted.

        Raises:
            RuntimeError: If the loss of one is infinite or no number, or many
                in a row were skipped for an overflow in float16 that loss
                scaling cannot help.
        """
        for steps, mean in self._unread:
            self._read = [*self._read[-TOLD:], (steps, float(mean))]
            if not math.isfinite(float(mean)):
                raise RuntimeError(self._message())
        self._unread = []
        if self._scales_losses and self._gradients().hopeless >= HOPELESS:
            raise RuntimeError(
                f"The last {self._gradients().hopeless} steps overflowed in float16 "
                "although their losses were not scaled any more, and all were skipped: "
                f"nothing is learnt in epoch {self._epoch + 1}, at step {self._done}. "
                f"{ADVICE} mixed_bfloat16 has no such overflow."
            )

    def check_weights(self, values: Mapping[str, Value], names: set[str]) -> None:
        """Accept trained weights that are all finite.

        They can be infinite after a step whose own loss was not.

        Args:
            values: The values of the training's variables, by name.
            names: Which of them are trained.

        Raises:
            RuntimeError: If one is not.
        """
        for name in names:
            if not np.isfinite(values[name].array).all():
                raise RuntimeError(
                    f"The weights '{values[name].path}' became infinite in epoch "
                    f"{self._epoch + 1}{_after(self._read)}."
                    f"{self._last(self._read, self._gradients())} {ADVICE}"
                )

    def _message(self) -> str:
        steps, mean = self._read[-1]
        gradients = self._gradients()
        if gradients.first_bad is not None:
            # A call of several steps reports but the last of them.
            earliest = self._read[-2][0] if len(self._read) > 1 else self._first
            bad = gradients.first_bad - self._earlier + self._first
            steps = min(max(bad, earliest + 1), steps)
        return (
            f"The training loss became {mean} at step {steps} in epoch "
            f"{self._epoch + 1}.{self._last(self._read[:-1], gradients)} {ADVICE}"
        )

    def _last(self, read: list, gradients: GradientsSoFar) -> str:
        if gradients.norms:
            norms = ", ".join(f"{norm:.4g}" for norm in gradients.norms)
            return f" The last gradient norms were {norms}."
        # Means over an epoch give the losses of its steps: n times the mean of
        # n steps, less the same for the steps before.
        losses = [
            (mean * steps - before * earlier) / (steps - earlier)
            for (earlier, before), (steps, mean) in itertools.pairwise(read)
        ]
        if read and read[0][0] == 1:
            losses.insert(0, read[0][1])
        if not losses:
            return ""
        return f" The losses before were {', '.join(f'{x:.4g}' for x in losses)}."


def _after(read: list) -> str:
    return f", after step {read[-1][0]}" if read else ""
