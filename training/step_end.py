"""What happens when a step of `fit` ends: watch the loss, save, perhaps stop."""

from collections.abc import Mapping

from keras_resnet.training.divergence import LossWatch
from keras_resnet.training.interruption import Interruption
from keras_resnet.training.run_record import RunRecord
from keras_resnet.training.watching.watcher import Watcher


class StepEnd:
    """Watches every step, and saves after some of them.

    The last step of an epoch is left to what happens at the end of the epoch.

    Args:
        record: Saves.
        watch: Looks at the losses.
        interruption: Knows whether to stop.
        checkpoint_every: Save after each so many steps, counted from the very
            first. None: only to stop.
        watcher: Tells of the steps.
    """

    def __init__(
        self,
        record: RunRecord,
        watch: LossWatch,
        interruption: Interruption,
        checkpoint_every: int | None,
        watcher: Watcher,
    ):
        self._record = record
        self._watch = watch
        self._interruption = interruption
        self._every = checkpoint_every
        self._watcher = watcher
        self._before = 0
        self.done = 0

    def begin_epoch(self, epoch: int, step: int) -> None:
        """Prepare for an epoch.

        Args:
            epoch: Which one begins, counted from 0.
            step: Steps of it that were trained before.
        """
        self._watch.begin_epoch(epoch, step)
        self._record.begin_epoch()
        self._before = epoch * self._record.steps_per_epoch
        self.done = step
        self._watcher.begin_epoch(epoch, step)

    def __call__(self, done: int, logs: Mapping | None) -> None:
        """Take note of a step.

        Args:
            done: Steps of the epoch so far, with this one.
            logs: The epoch's means so far, as tensors or numbers.

        Raises:
            RuntimeError: If the training has diverged.
            TrainingInterrupted: If it was told to stop; it has been saved.
        """
        earlier, self.done = self._before + self.done, done
        self._watch.note(done, logs)
        self._watcher.step(done, logs)
        if done >= self._record.steps_per_epoch:
            return
        # A call of several steps may pass over a multiple.
        is_due = self._every and (
            (self._before + done) // self._every > earlier // self._every
        )
        self._interruption.agree_after_step()
        if is_due or self._interruption.requested:
            self._watch.check()
            self._record.save(done)
        self._interruption.stop_if_requested()
