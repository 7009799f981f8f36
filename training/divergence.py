"""Noticing that a training has diverged, and saying where."""

import itertools
import math
from collections.abc import Mapping

import numpy as np

from keras_resnet.training.training_state import Value

# Reading a loss waits for its step; reading many at a time hardly does.
CHECK_EVERY = 20
TOLD = 5
ADVICE = "A lower learning rate or a longer warm-up may help."


class LossWatch:
    """Finds the first step of an epoch whose loss is no longer a number.

    Losses are taken as they come, without waiting for the device, and looked
    at a few at a time.
    """

    def __init__(self):
        self._unread = []
        self._read = []
        self._epoch = 0

    def begin_epoch(self, epoch: int) -> None:
        """Forget the steps of the epoch before.

        Args:
            epoch: Which one begins, counted from 0.
        """
        self._epoch = epoch
        self._unread = []
        self._read = []

    def note(self, steps: int, logs: Mapping | None) -> None:
        """Take what a step reported.

        Args:
            steps: Steps of the epoch so far, with this one.
            logs: The epoch's means so far: `"loss"`, and `"gradient_norm"` of
                this step if the step measures it. Tensors or numbers.

        Raises:
            RuntimeError: If the loss of this or an earlier step is infinite
                or no number.
        """
        if logs and "loss" in logs:
            self._unread.append((steps, logs["loss"], logs.get("gradient_norm")))
        if len(self._unread) >= CHECK_EVERY:
            self.check()

    def check(self) -> None:
        """Look at every step that was noted.

        Raises:
            RuntimeError: If the loss of one is infinite or no number.
        """
        for steps, mean, norm in self._unread:
            norm = None if norm is None else float(norm)
            self._read = [*self._read[-TOLD:], (steps, float(mean), norm)]
            if not math.isfinite(float(mean)):
                raise RuntimeError(self._message())
        self._unread = []

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
                    f"{self._last(self._read)} {ADVICE}"
                )

    def _message(self) -> str:
        steps, mean, _ = self._read[-1]
        return (
            f"The training loss became {mean} at step {steps} in epoch "
            f"{self._epoch + 1}.{self._last(self._read[:-1])} {ADVICE}"
        )

    def _last(self, read: list) -> str:
        norms = [f"{norm:.4g}" for *_, norm in self._read if norm is not None]
        if norms:
            return f" The last gradient norms were {', '.join(norms)}."
        # Means over an epoch give the losses of its steps: n times the mean of
        # n steps, less the same for the steps before.
        losses = [
            (mean * steps - before * earlier) / (steps - earlier)
            for (earlier, before, _), (steps, mean, _) in itertools.pairwise(read)
        ]
        if read and read[0][0] == 1:
            losses.insert(0, read[0][1])
        if not losses:
            return ""
        return f" The losses before were {', '.join(f'{x:.4g}' for x in losses)}."


def _after(read: list) -> str:
    return f", after step {read[-1][0]}" if read else ""
