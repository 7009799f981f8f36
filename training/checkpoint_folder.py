"""The folder of a training's checkpoints: the last few of them, and the best."""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

import keras

from keras_resnet import weights
from keras_resnet.training.checkpoints import (
    Checkpoint,
    DamagedCheckpointError,
    Progress,
    read_checkpoint,
    read_progress,
    save_checkpoint,
)
from keras_resnet.training.training_state import Value

PREFIX, SUFFIX = "checkpoint_", ".npz"
KEEP = 3


class CheckpointFolder:
    """Checkpoints in the order in which they were written.

    They are named by a running number. The newest that can be read counts;
    one that cannot be is passed over with a warning for the one before it.

    Args:
        path: The folder; it need not exist.
        keep: How many checkpoints stay. Defaults to 3.
    """

    def __init__(self, path: Path, keep: int = KEEP):
        self.path = path
        self.keep = keep
        self._damaged = []

    @property
    def best(self) -> Path:
        """The weights with the best test accuracy, for `keras_resnet.weights.load`."""
        return self.path / "best.npz"

    def files(self) -> list[Path]:
        """Return the checkpoint files, oldest first."""
        numbered = {
            int(file.name[len(PREFIX) : -len(SUFFIX)]): file
            for file in self.path.glob(f"{PREFIX}*{SUFFIX}")
            if file.name[len(PREFIX) : -len(SUFFIX)].isdecimal()
        }
        return [numbered[number] for number in sorted(numbered)]

    def newest(self) -> Checkpoint | None:
        """Read the newest checkpoint that is whole.

        Returns:
            The checkpoint, or None if there is no file of one.

        Raises:
            OSError: If a file cannot be read.
            ValueError: If there are files and all are damaged, or one is of
                another format.
        """
        return self._first_whole(read_checkpoint)

    def progress(self) -> Progress | None:
        """Read how far the newest checkpoint that is whole came.

        Returns and raises as `newest`.
        """
        return self._first_whole(read_progress)

    def _first_whole(self, read):
        files = self.files()
        self._damaged = []
        for file in reversed(files):
            try:
                whole = read(file)
            except DamagedCheckpointError as error:
                self._damaged.append(file)
                if file != files[0]:
                    print(f"{error} The one before it is used.", file=sys.stderr)
                continue
            return whole
        if files:
            raise DamagedCheckpointError(
                f"All {len(files)} checkpoints in '{self.path}' are damaged. "
                "Overwrite the training, or choose another folder."
                if len(files) > 1
                else f"'{files[0]}' is damaged or no checkpoint of a training, and "
                "there is no other. Overwrite the training, or choose another folder."
            )
        return None

    def save(
        self,
        values: Mapping[str, Value],
        progress: Progress,
        replaces: Path | None = None,
    ) -> Path:
        """Write a checkpoint, then remove what need not be kept any more.

        Args:
            values: The values of the training's variables, by name.
            progress: How far the training came.
            replaces: A checkpoint that this one makes superfluous.

        Returns:
            The file.

        Raises:
            OSError: If it cannot be written; all older ones are kept then.
        """
        files = self.files()
        number = int(files[-1].name[len(PREFIX) : -len(SUFFIX)]) + 1 if files else 1
        path = self.path / f"{PREFIX}{number:06d}{SUFFIX}"
        save_checkpoint(path, values, progress)
        useless = [*self._damaged, *([replaces] if replaces else [])]
        kept = [file for file in files if file not in useless]
        for file in [*useless, *kept[: max(len(kept) + 1 - self.keep, 0)]]:
            file.unlink(missing_ok=True)
        self._damaged = []
        return path

    def save_best(self, model: keras.Model) -> None:
        """Keep the weights of `model` as the best ones.

        Raises:
            OSError: If they cannot be written; older ones are kept then.
            ValueError: If variables of the model have the same name.
        """
        # As NumPy writes it: HDF5 ends the process where the disk is full.
        weights.save(model, self.best, naming="keras_resnet")

    def tidy(self) -> None:
        """Remove what a process that was killed while it wrote left behind."""
        remove_unfinished(self.path)

    def clear(self) -> None:
        """Remove all checkpoints, and the best weights."""
        for file in [*self.files(), self.best]:
            file.unlink(missing_ok=True)
        self.tidy()


def remove_unfinished(folder: Path) -> None:
    """Remove the files of a folder that a process was killed while it wrote.

    Args:
        folder: The folder; it need not exist. What stands in folders within it
            stays.
    """
    for file in folder.glob(".writing-*"):
        # It may belong to a process that still writes to it.
        with contextlib.suppress(PermissionError):
            file.unlink(missing_ok=True)
