"""What a training leaves behind, and where it stands in the run's folder."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

from keras_resnet.files import write_text
from keras_resnet.training.checkpoints import Progress, differences, read_progress
from keras_resnet.wording import counted


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
    def learning_curve(self) -> Path:
        """A picture of the measurements."""
        return self.path / "learning_curve.png"

    @property
    def tensorboard(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of the last epoch that was completed."""
        return self.path / "checkpoints" / "last.npz"

    def describe(self, description: dict) -> None:
        """Write `run.json`.

        Raises:
            OSError: If it cannot be written.
        """
        write_text(self.description, json.dumps(description, indent=2) + "\n")

    def clear(self) -> None:
        """Remove what an older run would add to a new one.

        Its other files stay until the new run replaces them.
        """
        self.checkpoint.unlink(missing_ok=True)
        if self.tensorboard.is_dir():
            shutil.rmtree(self.tensorboard)

    def progress(self, identity: dict, resume: bool) -> Progress:
        """Return how far a run with this identity came here.

        Args:
            identity: What decides the result of the run.
            resume: Whether an unfinished run may be continued.

        Returns:
            The progress, with an empty history if there is none.

        Raises:
            ValueError: If there is the checkpoint of another run, or of one
                that may not be continued, or a damaged one.
        """
        if not self.checkpoint.is_file():
            return Progress(identity=identity, history=())
        progress = read_progress(self.checkpoint)
        if not resume:
            raise ValueError(
                f"'{self.path}' already holds a training of "
                f"{counted(len(progress.history), 'epoch')}. Resume it, "
                "overwrite it, or choose another folder. "
                "Received: resume=False, overwrite=False"
            )
        different = differences(progress.identity, identity)
        if different:
            more = f" (and {len(different) - 3} more)" if len(different) > 3 else ""
            raise ValueError(
                f"The checkpoint in '{self.path}' belongs to another training: "
                f"{'; '.join(different[:3])}{more}. Repeat the arguments of that "
                "training, overwrite it, or choose another folder. "
                f"Received: output='{self.path}', overwrite=False"
            )
        return progress


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
