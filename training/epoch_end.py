"""What happens when an epoch of `fit` ends: evaluate, record, save."""

import contextlib
from collections.abc import Callable, Mapping

import keras

from keras_resnet.training.divergence import LossWatch
from keras_resnet.training.evaluation import Score
from keras_resnet.training.history import Epoch
from keras_resnet.training.interruption import Interruption
from keras_resnet.training.run_record import RunRecord
from keras_resnet.training.scored_weights import ScoredWeights
from keras_resnet.training.step_end import StepEnd
from keras_resnet.training.watching.watcher import Watcher


class EpochEnd(keras.callbacks.Callback):
    """Evaluates, records and saves, always in this order.

    The replicas' moving statistics are merged before anything is measured,
    so that what is reported is what the saved model reaches. A checkpoint is
    written before the evaluation, too: what stops a training there costs it
    nothing but the evaluation.

    Args:
        scored: Scores the model on the test split, and knows of it.
        record: Takes up what was measured, and saves.
        step_end: Knows how many steps the epoch had.
        watch: Looks at the losses.
        interruption: Knows whether to stop.
        rate: Returns the learning rate of the newest step.
        watcher: Tells of the epoch, and what it took.
        averaged_weights: Makes a context within which the model has the
            weights to measure and keep. Defaults to its own.
    """

    def __init__(
        self,
        scored: ScoredWeights,
        record: RunRecord,
        step_end: StepEnd,
        watch: LossWatch,
        interruption: Interruption,
        rate: Callable[[], float],
        watcher: Watcher,
        averaged_weights: Callable[[], contextlib.AbstractContextManager] = (
            contextlib.nullcontext
        ),
    ):
        super().__init__()
        self._scored = scored
        self._record = record
        self._step_end = step_end
        self._watch = watch
        self._interruption = interruption
        self._rate = rate
        self._watcher = watcher
        self._averaged_weights = averaged_weights

    def on_epoch_end(self, epoch, logs=None):
        """Evaluate, record and save.

        An epoch that another callback ended early is saved as it is; it is
        neither measured nor recorded.

        Raises:
            RuntimeError: If the training has diverged.
            TrainingInterrupted: If it was told to stop; it has been saved.
        """
        self._watch.check()
        if self._step_end.done < self._record.steps_per_epoch:
            self._record.save(self._step_end.done)
            self.model.merge_replicas()
            return
        # Reading the means waits for the last step.
        means = {name: float(value) for name, value in logs.items()}
        self._watcher.end_steps()
        self.model.merge_replicas()
        self._record.save(self._step_end.done, means)
        # Callbacks after this one, the progress bar last, show these too.
        logs.update(self.finish(means))

    def finish(self, means: Mapping[str, float]) -> dict[str, float]:
        """Evaluate the model after the last step of an epoch, record and save.

        Args:
            means: The means of the epoch's metrics.

        Returns:
            The measurements on the test split, by Keras's names.

        Raises:
            RuntimeError: If the training has diverged.
            TrainingInterrupted: If it was told to stop; it has been saved.
        """
        with self._averaged_weights():
            # Evaluating changes nothing, and all before it is saved. Several
            # workers, which do it together, stop before it or not at all.
            self._interruption.agree()
            self._interruption.stop_if_requested()
            score = self._scored(lambda _: self._interruption.stop_if_requested())
            measured = self._measured(means, score)
            self._record.keep_if_best(measured)
        self._record.complete(measured)
        self._watcher.epoch(measured)
        self._interruption.agree()
        self._interruption.stop_if_requested()
        return {"val_loss": score.loss, "val_accuracy": score.accuracy}

    def _measured(self, means: Mapping[str, float], score: Score) -> Epoch:
        return Epoch(
            epoch=len(self._record.history) + 1,
            learning_rate=self._rate(),
            train_loss=means["loss"],
            train_accuracy=means["accuracy"],
            test_loss=score.loss,
            test_accuracy=score.accuracy,
            seconds=self._record.seconds,
            **self._watcher.costs(),
        )
