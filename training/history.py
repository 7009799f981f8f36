"""The measurements of a training, one row an epoch."""

import csv
import dataclasses
import io
import os
from collections.abc import Sequence

from keras_resnet.files import write_text


@dataclasses.dataclass(frozen=True)
class Epoch:
    """What was measured in and after one epoch.

    Attributes:
        epoch: Which one, counted from 1.
        learning_rate: Learning rate of its last step.
        train_loss: Mean loss over its steps, as trained: while the weights
            moved, augmented, with label smoothing if the recipe has it.
        train_accuracy: Accuracy over the same images.
        test_loss: Cross entropy on the test split afterwards, in nats.
        test_accuracy: Accuracy on the test split afterwards.
        seconds: Wall-clock time, evaluation included.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch with the best test accuracy, the first of equal ones.

    Raises:
        ValueError: If `history` is empty.
    """
    if not history:
        raise ValueError(f"`history` must not be empty. Received: history={history!r}")
    return max(history, key=lambda epoch: epoch.test_accuracy)


def write_csv(path: str | os.PathLike, history: Sequence[Epoch]) -> None:
    """Write `history` as CSV with a head line.

    Raises:
        OSError: If `path` cannot be written.
    """
    text = io.StringIO()
    names = [field.name for field in dataclasses.fields(Epoch)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dataclasses.asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())
