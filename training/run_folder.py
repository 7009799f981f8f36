"""What a training leaves behind, and where it stands in the run's folder."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

from keras_resnet.files import write_text
from keras_resnet.training.checkpoint_folder import (
    CheckpointFolder,
    remove_unfinished,
)
from keras_resnet.training.continuation import standing


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The files of one training.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def model(self) -> Path:
        """The trained model: float32, softmax, takes raw pixels."""
        return self.path / "model.keras"

    @property
    def description(self) -> Path:
        """What was trained, how, with which versions, and how well."""
        return self.path / "run.json"

    @property
    def history(self) -> Path:
        """The measurements of every epoch."""
        return self.path / "history.csv"

    @property
    def metrics(self) -> Path:
        """What happened in the training, one event a line."""
        return self.path / "metrics.jsonl"

    @property
    def learning_curve(self) -> Path:
        """A picture of the measurements."""
        return self.path / "learning_curve.png"

    @property
    def tensorboard(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def checkpoints(self) -> Path:
        """The folder of the last checkpoints and the best weights."""
        return self.path / "checkpoints"

    def describe(self, description: dict) -> None:
        """Write `run.json`.

        Raises:
            OSError: If it cannot be written.
        """
        write_text(self.description, json.dumps(description, indent=2) + "\n")

    def replaces(self, path: Path) -> bool:
        """Whether a new training in this folder removes or replaces a file."""
        path = path.resolve()
        checkpoints = self.checkpoints.resolve()
        return path == self.model.resolve() or checkpoints in path.parents

    def tidy(self) -> None:
        """Remove what a process that was killed while it wrote left behind."""
        remove_unfinished(self.path)

    def clear(self) -> None:
        """Remove what an older run left, for a new one.

        `run.json` stays until the new run replaces it, which it does when it
        begins. The files of others, such as an evaluation, stay.
        """
        for file in (self.model, self.history, self.learning_curve, self.metrics):
            file.unlink(missing_ok=True)
        if self.tensorboard.is_dir():
            shutil.rmtree(self.tensorboard)
        self.tidy()
        # From these the older run would be whole again, should this not come
        # to its end.
        CheckpointFolder(self.checkpoints).clear()

    def standing(self) -> str:
        """Say in a sentence how much of a training is kept here.

        Raises:
            OSError: If a checkpoint cannot be read.
            ValueError: If all are damaged, or of another format.
        """
        return standing(CheckpointFolder(self.checkpoints).progress(), self.path)


def default_folder(recipe: str, model: str) -> Path:
    """Return where a run goes when no folder was named."""
    return Path("runs") / f"{recipe}_{model}"


def as_run_folder(path: str | os.PathLike) -> RunFolder:
    """Return the run folder at `path`.

    Raises:
        NotADirectoryError: If something else stands there.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(
            f"The output must be a folder, and '{path}' is a file."
        )
    return RunFolder(path)
