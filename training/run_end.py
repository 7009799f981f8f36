"""The end of a training: its model scored and saved, and the records written."""

from keras_resnet.files import write_aside
from keras_resnet.training import description
from keras_resnet.training.cluster.exchange import from_chief, sum_over_workers
from keras_resnet.training.cluster.shared_run import standing
from keras_resnet.training.distribution import quiet_logging
from keras_resnet.training.interruption import Interruption, TrainingInterrupted
from keras_resnet.training.learning_curve import draw_learning_curve
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.run_record import RunRecord, reported
from keras_resnet.training.scored_weights import ScoredWeights
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import Start
from keras_resnet.training.watching.watcher import Watcher


def end_run(
    setup: Setup,
    begun: Start,
    record: RunRecord,
    scored: ScoredWeights,
    watcher: Watcher,
    facts: dict,
) -> TrainingResult:
    """Save the model, and say what came of a training; every worker calls it.

    What is noted of the model is the score of the weights that are saved. No
    epoch has measured them where a callback changed them since, or where the
    training is within an epoch.

    Args:
        setup: What was trained.
        begun: Where it began, with the model as it is now.
        record: At least one epoch.
        scored: Scores the model.
        watcher: Tells of the end.
        facts: What `run.json` says besides.

    Raises:
        OSError: If the model or `run.json` cannot be written.
    """
    folder, history = setup.folder, record.history
    epochs_run = len(history) - begun.progress.epochs
    finished = len(history) >= setup.recipe.epochs
    measured = {
        **description.metrics(history),
        **_score_if_unknown(setup, begun, scored),
    }

    def save():
        with (
            begun.model.averaged_weights() as averaged,
            write_aside(folder.model) as aside,
        ):
            saved = setup.network.probabilities(
                averaged, setup.dataset.classes, setup.test_shape
            )
            saved.save(aside)
        folder.describe({**facts, "finished": finished, "metrics": measured})
        tell = watcher.end if epochs_run else watcher.end_if_untold
        tell(saved, history, measured)

    from_chief(setup.strategy, save)
    return TrainingResult(
        folder=folder.path,
        model_path=folder.model,
        history=tuple(history),
        test_accuracy=measured["test_accuracy"],
        test_loss=measured["test_loss"],
        test_count=setup.dataset.test.size,
        epochs_run=epochs_run,
    )


def _score_if_unknown(
    setup: Setup, begun: Start, scored: ScoredWeights
) -> dict[str, float]:
    """Return the score of weights that were not measured, by the names of `run.json`.

    One worker whose callbacks changed something is enough: all score together.
    """
    trained = begun.model
    with trained.averaged_weights():
        is_unknown = not scored.is_current()
    if not sum_over_workers(setup.strategy, [is_unknown])[0]:
        return {}
    with quiet_logging():
        trained.merge_replicas()
        with trained.averaged_weights():
            score = scored()
    return {"test_accuracy": score.accuracy, "test_loss": score.loss}


def draw_curve(setup: Setup, record: RunRecord) -> None:
    """Draw `learning_curve.png`, or report that it cannot be written."""
    if not record.history:
        return
    title = f"{setup.network.name} on {setup.dataset.name}, recipe {setup.recipe.name}"
    with reported(setup.folder.learning_curve):
        draw_learning_curve(setup.folder.learning_curve, record.history, title)


def stop_if_requested(
    interruption: Interruption, setup: Setup, record: RunRecord
) -> None:
    """Stop behind a training if a signal has come; every worker calls it.

    Who trains several networks must not go on with the next one.

    Raises:
        TrainingInterrupted: If one has, to whichever worker.
    """
    interruption.agree()
    try:
        interruption.stop_if_requested()
    except TrainingInterrupted as interrupted:
        is_complete = len(record.history) >= setup.recipe.epochs
        raise TrainingInterrupted(
            interrupted.signal_number,
            (_complete if is_complete else standing)(setup.strategy, setup.folder),
            is_complete,
        ) from None


def _complete(strategy, folder) -> str:
    model = from_chief(strategy, lambda: str(folder.model).encode()).decode()
    return f"The training is complete: its model is '{model}'."
