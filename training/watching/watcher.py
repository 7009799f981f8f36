"""`Watcher`: tells what a training does, to the terminal and to files."""

import contextlib
import dataclasses
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import keras

from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.history import Epoch
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.networks import evaluation_shape_of
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.run_record import reported
from keras_resnet.training.watching import captions, memory, terminal
from keras_resnet.training.watching.event_log import (
    SCHEMA,
    EventLog,
    missing_epochs,
    read_events,
)
from keras_resnet.training.watching.image_sheet import draw_sheet
from keras_resnet.training.watching.input_wait import InputWait
from keras_resnet.training.watching.step_window import StepWindow
from keras_resnet.training.watching.tensorboard import TensorBoard
from keras_resnet.training.watching.time_estimate import TimeEstimate

EVENT_SECONDS = 10
LINE_SECONDS = 180
ESTIMATE_STEPS = 20
# An estimate of less is not worth a line.
LONG_SECONDS = 60
MISTAKES_BATCH = 32


class Watcher:
    """Tells the steps and epochs of a training to whoever watches it.

    What it cannot write is reported, and the training goes on. A step that is
    compiled first is left out of every speed.

    Args:
        folder: Where to write.
        recipe: The recipe.
        dataset: What is trained on.
        steps: Steps of an epoch.
        rate: Returns the learning rate of the newest step.
        wait: What the steps wait for their batches.
        writes: Whether this process writes files; of several only one does.
        log_every: Write an event after each so many steps, counted from the
            very first. Defaults to one about every ten seconds.
        verbose: Whether to print. Defaults to True.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        dataset: ImageDataset,
        steps: int,
        rate: Callable[[], float],
        wait: InputWait,
        *,
        writes: bool,
        log_every: int | None = None,
        verbose: bool = True,
    ):
        self._folder = folder
        self._recipe = recipe
        self._dataset = dataset
        self._steps = steps
        self._rate = rate
        self._writes = writes
        self._log_every = log_every
        self._verbose = verbose
        self._events = EventLog(folder.metrics)
        self._board = TensorBoard(folder.tensorboard)
        self._whole, self._event, self._line = (
            StepWindow(recipe.batch_size, wait) for _ in range(3)
        )
        self._epoch = self._done = 0
        self._compiled = self._estimated = False
        self._told = self._printed = time.perf_counter()
        self._speed = {}

    @contextlib.contextmanager
    def watching(
        self, facts: Mapping, network: keras.Model, history: Sequence[Epoch], step: int
    ) -> Iterator[None]:
        """Tell that a training begins or goes on, and within this how it ends.

        Args:
            facts: What is trained, how, and with what.
            network: The network.
            history: Its epochs so far.
            step: Steps trained in the epoch that comes after those.
        """
        self._epoch, self._done = len(history), step
        is_new = not history and not step
        sizes = {
            "schema": SCHEMA,
            "epochs": self._recipe.epochs,
            "steps_per_epoch": self._steps,
            "batch_size": self._recipe.batch_size,
        }
        place = {} if is_new else self._place()
        self._tell("start" if is_new else "resumed", {**sizes, **place, **facts})
        for epoch in self._untold(history):
            self._tell("epoch", self._fields(epoch))
        # The graph is one of TensorFlow's operations.
        has_graph = keras.backend.backend() == "tensorflow"
        if is_new and self._writes and has_graph:
            with reported(self._folder.tensorboard):
                self._board.graph("train", network)
        try:
            yield
        except TrainingInterrupted as interrupted:
            self._board.close()
            name = signal.Signals(interrupted.signal_number).name
            self._tell("interrupted", {**self._place(), "signal": name})
            raise
        except BaseException as error:
            self._board.close()
            reason = f"{type(error).__name__}: {error}"
            self._tell("failed", {**self._place(), "reason": reason})
            raise

    def _untold(self, history: Sequence[Epoch]) -> list[Epoch]:
        if not self._writes:
            return []
        with reported(self._folder.metrics):
            try:
                return missing_epochs(self._folder.metrics, history)
            except ValueError as error:
                # A training does not end because of what only tells of it.
                print(f"{error} What it lacks is not added.", file=sys.stderr)
        return []

    def begin_phase(self, make_batches: Callable) -> None:
        """Take note that the next step is compiled.

        Of a training that begins, the first images are shown as the network
        sees them.

        Args:
            make_batches: Returns a `tf.data.Dataset` of `(images, labels)`
                like those that come.
        """
        self._compiled = False
        if self._epoch or self._done or not self._writes:
            return
        for images, labels in make_batches().take(1):
            shown = captions.of_a_batch(images, labels, self._dataset.class_names)
            self._show("train", 0, "training_images", shown)

    def begin_epoch(self, epoch: int, step: int) -> None:
        """Begin an epoch.

        Args:
            epoch: Which one, counted from 0.
            step: Steps of it that were trained before.
        """
        self._epoch, self._done = epoch, step
        self._speed = {}
        for window in (self._whole, self._event, self._line):
            window.begin(step)

    def step(self, done: int, logs: Mapping | None) -> None:
        """Take note of a step.

        Args:
            done: Steps of the epoch so far, with this one.
            logs: The epoch's means so far, as tensors or numbers.
        """
        earlier, self._done = self._done, done
        if not self._compiled:
            self._compiled = True
            if self._log_every is not None and self._is_due(earlier):
                means = self._event.means(done, logs)
                self._tell("step", {**self._place(), **means, **self._rate_now()})
            for window in (self._whole, self._event, self._line):
                window.begin(done, logs)
            return
        if self._is_due(earlier):
            self._tell("step", {**self._place(), **self._measured(self._event, logs)})
            self._told = time.perf_counter()
        if self._verbose:
            self._print(logs)

    def end_steps(self) -> None:
        """Take note that the steps of an epoch are done, all of them."""
        self._speed = self._whole.speed(self._done)

    def costs(self) -> dict[str, float | int | None]:
        """Return what the epoch has cost so far, by the names of `Epoch`."""
        return {**self._speed, **memory.peaks()}

    def saved(self, file: Path, epochs: int, step: int) -> None:
        """Tell that a checkpoint was written.

        Args:
            file: The checkpoint.
            epochs: Epochs that it holds.
            step: Steps that it holds of the one after those.
        """
        self._tell("checkpoint", {**self._place(epochs, step), "file": file.name})

    def epoch(self, measured: Epoch) -> None:
        """Tell what an epoch has come to.

        Args:
            measured: Its measurements.
        """
        self._tell("epoch", self._fields(measured))
        if self._writes:
            with reported(self._folder.tensorboard):
                self._board.epoch(measured)

    def end_if_untold(
        self, model: keras.Model, history: Sequence[Epoch], metrics: dict
    ) -> None:
        """Tell the end of a training whose process was stopped before it could.

        Args:
            model: As of `end`.
            history: Likewise.
            metrics: Likewise.
        """
        if self._lacks_end():
            for epoch in self._untold(history):
                self._tell("epoch", self._fields(epoch))
            self.end(model, history, metrics)

    def _lacks_end(self) -> bool:
        if not (self._writes and self._folder.metrics.exists()):
            return False
        with reported(self._folder.metrics):
            try:
                events = read_events(self._folder.metrics)
            except ValueError as error:
                print(f"{error} What it lacks is not added.", file=sys.stderr)
                return False
            return all(one["event"] != "end" for one in events)
        return False

    def end(self, model: keras.Model, history: Sequence[Epoch], metrics: dict) -> None:
        """Tell that the training has ended, after `watching`.

        Args:
            model: The model that was saved.
            history: Its epochs.
            metrics: The final measurements.
        """
        if not self._writes:
            return
        is_complete = len(history) >= self._recipe.epochs
        self._tell("end", {"finished": is_complete, "metrics": metrics})
        self._show_mistakes(model, len(history))
        self._board.close()

    def _show_mistakes(self, model: keras.Model, epoch: int) -> None:
        import tensorflow as tf

        try:
            mistakes = captions.of_mistakes(
                model,
                self._dataset.test,
                evaluation_shape_of(self._recipe, self._dataset.image_shape[2]),
                # One device looks at them, which many may have shared a batch with.
                min(self._recipe.batch_size, MISTAKES_BATCH),
                self._dataset.class_names,
                Framing(self._recipe.evaluation_crop),
            )
        except (tf.errors.OpError, MemoryError, OSError) as error:
            # The training is complete, and its model is saved.
            print(f"The mistakes cannot be shown: {error}", file=sys.stderr)
            return
        if mistakes is not None:
            self._show("test", epoch, "wrongly_classified", mistakes)

    def _tell(self, event: str, fields: Mapping) -> None:
        if self._writes:
            with reported(self._folder.metrics):
                self._events.write(event, fields)

    def _show(self, split: str, step: int, name: str, shown) -> None:
        sheet = draw_sheet(shown.images, shown.captions)
        with reported(self._folder.tensorboard):
            self._board.image(split, step, name, sheet)

    def _place(self, epochs: int | None = None, step: int | None = None) -> dict:
        epochs = self._epoch if epochs is None else epochs
        step = self._done if step is None else step
        return {
            "step": epochs * self._steps + step,
            "epoch": epochs + 1,
            "epoch_step": step,
        }

    def _fields(self, measured: Epoch) -> dict:
        step = measured.epoch * self._steps
        return {"step": step, **dataclasses.asdict(measured)}

    def _is_due(self, earlier: int) -> bool:
        if self._log_every is None:
            return time.perf_counter() - self._told >= EVENT_SECONDS
        before = self._epoch * self._steps
        return (before + self._done) // self._log_every > (
            (before + earlier) // self._log_every
        )

    def _measured(self, window: StepWindow, logs: Mapping | None) -> dict:
        """Measure the steps of a window, and begin it anew."""
        # The means come first: reading them waits for the step.
        means = window.means(self._done, logs)
        measured = {
            **means,
            **self._rate_now(),
            **window.speed(self._done),
            **memory.peaks(),
        }
        window.begin(self._done, logs)
        return measured

    def _rate_now(self) -> dict:
        return {"learning_rate": self._rate()}

    def _print(self, logs: Mapping | None) -> None:
        if not self._estimated:
            self._estimate(logs)
        if terminal.is_one():
            return
        if time.perf_counter() - self._printed >= LINE_SECONDS:
            measured = self._measured(self._line, logs)
            terminal.say(terminal.step_line(self._done, self._steps, measured))
            self._printed = time.perf_counter()

    def _estimate(self, logs: Mapping | None) -> None:
        enough = min(ESTIMATE_STEPS, max(self._steps // 2, 1))
        if self._done - self._whole.first < enough:
            return
        self._estimated = True
        self._whole.means(self._done, logs)
        estimate = TimeEstimate(
            steps=self._steps_left(),
            epochs=self._recipe.epochs - self._epoch,
            batch_size=self._recipe.batch_size,
            test_images=self._dataset.test.size,
            seconds_a_step=self._whole.seconds_a_step(self._done),
        )
        if estimate.seconds >= LONG_SECONDS:
            terminal.say(f"time     {estimate.sentence()}")

    def _steps_left(self) -> float:
        """Count the steps left, each by its pixels over those of a step now."""
        sides = [
            self._recipe.side_of_epoch(epoch)
            for epoch in range(self._epoch, self._recipe.epochs)
        ]
        epochs = sum((side / sides[0]) ** 2 for side in sides)
        return epochs * self._steps - self._done
