"""What a training says in the end: a table, its cost, its files, what comes next."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from keras_resnet.program import typed
from keras_resnet.tables import Column, text_table
from keras_resnet.training.history import Epoch, best_epoch
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.watching import words

LABEL_WIDTH = 9
PERCENT = {"unit": "%", "number_format": ".2f"}
NATS = {"unit": "nats", "number_format": ".4f"}
EPOCHS = (
    Column("", align="left"),
    Column("epoch", number_format=",d"),
    Column("test accuracy", **PERCENT),
    Column("test loss", **NATS),
    Column("train accuracy", **PERCENT),
    Column("train loss", **NATS),
)


def summary(result: TrainingResult, dataset: str) -> str:
    """Return what a training reached and cost, and where things are.

    Args:
        result: The result of the training.
        dataset: Name of its dataset.
    """
    trained = result.history[len(result.history) - result.epochs_run :]
    facts = {
        "speed": _speed(trained),
        "memory": _memory(result.history[-1]) if trained else "",
        "folder": f"{result.folder} with {', '.join(_files(result.folder))}",
    }
    folder, model, target, data = (
        typed(value)
        for value in (
            result.folder,
            result.model_path,
            result.folder / "tflite",
            dataset,
        )
    )
    following = (
        f"keras-resnet-train --evaluate --weights={folder}",
        f"keras-resnet-export --model={model} --dataset={data} --output={target}",
    )
    lines = [f"{label:<{LABEL_WIDTH}}{text}" for label, text in facts.items() if text]
    lines += [
        f"{'next' if not place else '':<{LABEL_WIDTH}}{command}"
        for place, command in enumerate(following)
    ]
    return f"{epochs_table(result.history)}\n\n" + "\n".join(lines)


def epochs_table(history: Sequence[Epoch]) -> str:
    """Return the best and the last epoch of a training as a table."""
    best, last = best_epoch(history), history[-1]
    chosen = {"best": best, "last": last} if best is not last else {"best, last": last}
    rows = [
        (
            name,
            epoch.epoch,
            100 * epoch.test_accuracy,
            epoch.test_loss,
            100 * epoch.train_accuracy,
            epoch.train_loss,
        )
        for name, epoch in chosen.items()
    ]
    return text_table(EPOCHS, rows)


def _files(folder: Path) -> list[str]:
    return sorted(
        f"{path.name}{os.sep if path.is_dir() else ''}"
        for path in folder.iterdir()
        if not path.name.startswith(".")
    )


def _speed(trained: Sequence[Epoch]) -> str:
    measured = [epoch for epoch in trained if epoch.images_per_second is not None]
    if not measured:
        return ""
    middle = statistics.median(epoch.images_per_second for epoch in measured)
    said = words.speed(middle)
    shares = [epoch.input_wait_share for epoch in measured]
    if None not in shares:
        waited = words.percentage(statistics.median(shares))
        said += f", {waited} of the time waiting for images"
    return f"{said}{' (median epoch)' if len(measured) > 1 else ''}"


def _memory(last: Epoch) -> str:
    parts = []
    if last.peak_memory_bytes is not None:
        parts.append(f"{words.memory(last.peak_memory_bytes)} of main memory")
    if last.peak_device_memory_bytes is not None:
        parts.append(f"{words.memory(last.peak_device_memory_bytes)} of a GPU's")
    return f"at most {', '.join(parts)}" if parts else ""
