"""What a running training has done so far, and how that gets to the disk."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from keras_resnet.training.checkpoint_folder import CheckpointFolder
from keras_resnet.training.checkpoints import Progress
from keras_resnet.training.cluster.members import is_chief
from keras_resnet.training.cluster.replica_values import gather_values
from keras_resnet.training.divergence import LossWatch
from keras_resnet.training.history import Epoch, best_epoch, write_csv
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.training_state import State, read_state
from keras_resnet.weights import named_variables

if TYPE_CHECKING:
    import tensorflow as tf


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """Report a file that cannot be written, and go on.

    A full disk must not end a training of days: it may have room again at the
    next attempt, and what stands on it already stays as it was.

    Args:
        path: What is written inside.
    """
    try:
        yield
    except OSError as error:
        print(
            f"'{path}' cannot be written, and the training goes on without: {error}",
            file=sys.stderr,
        )


class RunRecord:
    """The history of a training, its clock, and its checkpoints.

    Of several processes only the chief writes.

    Args:
        folder: The run's folder.
        checkpoints: Its checkpoints.
        model: The network, whose best weights are kept.
        state: Returns all variables of the training, by name.
        strategy: The strategy of the training.
        watch: Refuses to have a training kept that has diverged.
        progress: How far the training came before, and its identity.
        saved: Is told of every checkpoint: its file, the epochs that it holds,
            and the steps of the one after those.
    """

    def __init__(
        self,
        folder: RunFolder,
        checkpoints: CheckpointFolder,
        model: keras.Model,
        state: Callable[[], State],
        strategy: "tf.distribute.Strategy",
        watch: LossWatch,
        progress: Progress,
        saved: Callable[[Path, int, int], None],
    ):
        self.history = list(progress.history)
        self.steps_per_epoch = progress.steps_per_epoch
        self._folder = folder
        self._checkpoints = checkpoints
        self._model = model
        self._state = state
        self._strategy = strategy
        self._watch = watch
        self._identity = progress.identity
        self._before = progress.seconds
        self._began = time.perf_counter()
        self._unevaluated = None
        self._saved = saved
        self._writes = is_chief(strategy)
        self._keeps_best = self._writes and _can_be_named(model)

    @property
    def seconds(self) -> float:
        """How long the running epoch has taken, in all calls together."""
        return self._before + time.perf_counter() - self._began

    def begin_epoch(self) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def save(self, step: int, means: dict | None = None) -> None:
        """Write a checkpoint; if it cannot be written, report that and go on.

        Args:
            step: Steps trained in the running epoch.
            means: The means of its metrics, if all its steps are trained and
                it is to be evaluated.

        Raises:
            RuntimeError: If weights are infinite or no number. Nothing is
                written then.
        """
        state = self._state()
        values = read_state(state, self._strategy)
        self._watch.check_weights(values, self._trained_names())
        values = gather_values(state, values, self._strategy)
        if not self._writes:
            return
        progress = Progress(
            identity=self._identity,
            history=tuple(self.history),
            step=step,
            steps_per_epoch=self.steps_per_epoch,
            seconds=self.seconds if step else 0.0,
            means=means,
            replicas=self._strategy.num_replicas_in_sync,
        )
        with reported(self._checkpoints.path):
            file = self._checkpoints.save(values, progress, self._unevaluated)
            self._unevaluated = file if means else None
            self._saved(file, len(self.history), step)

    def keep_if_best(self, measured: Epoch) -> None:
        """Keep the weights if they are the best so far.

        This comes before `complete`: a training that is killed between the
        two measures the epoch again, and keeps them again.

        Args:
            measured: The measurements of the weights that the model has.
        """
        is_best = best_epoch([*self.history, measured]) is measured
        if is_best and self._keeps_best:
            with reported(self._checkpoints.best):
                self._checkpoints.save_best(self._model)

    def complete(self, measured: Epoch) -> None:
        """Take up what was measured in an epoch, and save.

        The checkpoint is written before the files that only show what it
        holds.

        Args:
            measured: The measurements of the epoch.

        Raises:
            RuntimeError: If weights are infinite or no number.
        """
        self.history.append(measured)
        self._before = 0.0
        self.save(step=0)
        self.write_history()

    def write_history(self) -> None:
        """Write `history.csv`; if it cannot be written, report that and go on."""
        if self._writes:
            with reported(self._folder.history):
                write_csv(self._folder.history, self.history)

    def _trained_names(self) -> set[str]:
        trained = {id(variable) for variable in self._model.trainable_variables}
        return {name for name, v in self._state().items() if id(v) in trained}


def _can_be_named(model: keras.Model) -> bool:
    try:
        named_variables(model)
    except ValueError as error:
        print(f"The best weights will not be kept: {error}", file=sys.stderr)
        return False
    return True
