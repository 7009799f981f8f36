"""A training from where it begins, or goes on, to its end."""

import dataclasses
import functools
import time
from collections.abc import Sequence

import keras

from keras_resnet.training import console
from keras_resnet.training.checkpoint_folder import CheckpointFolder
from keras_resnet.training.cluster.exchange import from_chief
from keras_resnet.training.cluster.shared_run import standing
from keras_resnet.training.cluster.stop_agreement import stop_agreement
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.distribution import is_chief, quiet_logging
from keras_resnet.training.divergence import LossWatch
from keras_resnet.training.epoch_end import EpochEnd
from keras_resnet.training.epochs import fit_epochs
from keras_resnet.training.evaluation import Evaluator
from keras_resnet.training.input.data_service import DataService
from keras_resnet.training.interruption import Interruption, TrainingInterrupted
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.run_end import draw_curve, end_run, stop_if_requested
from keras_resnet.training.run_record import RunRecord
from keras_resnet.training.scored_weights import ScoredWeights
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import Start, restore_metrics
from keras_resnet.training.step_end import StepEnd
from keras_resnet.training.watching.summary import summary
from keras_resnet.training.watching.watcher import Watcher


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a call of `train` wants besides a training.

    Attributes:
        checkpoint_every: Write a checkpoint after each so many steps, too;
            None for none within an epoch.
        log_every: Write a line of `metrics.jsonl` after each so many steps;
            None for one about every ten seconds.
        data_service: A tf.data service that prepares the training images, or
            None.
        callbacks: Keras callbacks to run besides.
        verbose: Whether to print, on the chief.
    """

    checkpoint_every: int | None
    log_every: int | None
    data_service: DataService | None
    callbacks: Sequence[keras.callbacks.Callback]
    verbose: bool


def run_to_the_end(
    setup: Setup,
    begun: Start,
    checkpoints: CheckpointFolder,
    facts: dict,
    wishes: Wishes,
) -> TrainingResult:
    """Train to the last epoch, save the model and say what came of it.

    Args:
        setup: What to train.
        begun: Where it begins or goes on.
        checkpoints: The checkpoints of the run.
        facts: What `run.json` says of it.
        wishes: What is wanted besides.

    Raises:
        RuntimeError: If the training diverges, or a callback stops it before
            anything was measured.
        TrainingInterrupted: If the process was told to stop. What is trained
            to its end is saved whole before.
        OSError: If a file cannot be read or written.
    """
    began = time.perf_counter()
    devices, trained = setup.strategy, begun.model
    writes = is_chief(devices)
    verbose = wishes.verbose and writes
    interruption = Interruption(stop_agreement(devices))
    watch = LossWatch(trained.gradients_so_far, trained.loss_scale is not None)
    watcher = Watcher(
        setup.folder,
        setup.recipe,
        setup.dataset,
        setup.steps,
        begun.rate_now,
        trained.input_wait,
        writes=writes,
        log_every=wishes.log_every,
        verbose=verbose,
    )
    record = RunRecord(
        setup.folder,
        checkpoints,
        begun.network,
        trained.state,
        devices,
        watch,
        begun.progress,
        watcher.saved,
    )
    step_end = StepEnd(record, watch, interruption, wishes.checkpoint_every, watcher)
    scored = _scored(setup, begun, bool(wishes.callbacks))
    epoch_end = EpochEnd(
        scored,
        record,
        step_end,
        watch,
        interruption,
        begun.rate_now,
        watcher,
        trained.averaged_weights,
    )
    with interruption:
        if len(record.history) < setup.recipe.epochs:
            _train(setup, begun, facts, wishes, record, step_end, epoch_end, watcher)
        elif writes:
            # What a training that was stopped behind its last epoch, or a full
            # disk, has left out.
            record.write_history()
            draw_curve(setup, record)
        if not record.history:
            raise RuntimeError(
                "A callback stopped the training before its first epoch was complete. "
                f"{standing(devices, setup.folder)}"
            )
        # What is trained is saved before a signal ends the process.
        interruption.place = "when the model is saved"
        result = end_run(setup, begun, record, scored, watcher, facts)
        if verbose:
            seconds = time.perf_counter() - began
            print(f"\n{console.conclusion(result, seconds)}\n")
            print(summary(result, setup.dataset.name), flush=True)
        stop_if_requested(interruption, setup, record)
    return result


def _scored(setup: Setup, begun: Start, compared: bool) -> ScoredWeights:
    recipe, trained = setup.recipe, begun.model
    evaluator = Evaluator(
        trained,
        setup.strategy,
        setup.dataset.test,
        setup.test_shape,
        recipe.images_at_a_time(),
        Framing(recipe.evaluation_crop),
    )
    scored = ScoredWeights(evaluator, begun.network, compared)
    # The steps of `begun.progress` are those of epochs that may have other ones.
    if begun.checkpoint is not None and not begun.checkpoint.progress.step:
        with trained.averaged_weights():
            scored.note()
    return scored


def _train(
    setup: Setup,
    begun: Start,
    facts: dict,
    wishes: Wishes,
    record: RunRecord,
    step_end: StepEnd,
    epoch_end: EpochEnd,
    watcher: Watcher,
) -> None:
    """Train until the last epoch, or until a callback wants it to end."""
    devices, folder, progress = setup.strategy, setup.folder, begun.progress
    from_chief(devices, lambda: folder.describe({**facts, "finished": False}))
    try:
        watching = watcher.watching(facts, begun.network, record.history, progress.step)
        with quiet_logging(), watching:
            if progress.means is not None:
                epoch_end.finish(progress.means)
                progress = dataclasses.replace(progress, step=0, means=None)
            if len(record.history) < setup.recipe.epochs:
                fit_epochs(
                    begun.model,
                    setup.recipe,
                    setup.dataset,
                    setup.seed,
                    (len(record.history), progress.step),
                    [epoch_end, *wishes.callbacks],
                    step_end,
                    functools.partial(restore_metrics, setup, begun),
                    watcher,
                    wishes.verbose and is_chief(devices),
                    devices,
                    wishes.data_service,
                )
    except TrainingInterrupted as interrupted:
        number = interrupted.signal_number
        raise TrainingInterrupted(number, standing(devices, folder)) from None
    finally:
        if is_chief(devices):
            draw_curve(setup, record)
