"""What has been computed already, so that a long study can be interrupted."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from keras_resnet.studies.module import Module

# What every line begins with.
BEGINNING = b'{"key": '


class EvaluationCache:
    """Figures by key, in a file that grows by a line a figure.

    A figure is on the disk as soon as it is put here. A last line that an
    interruption left half written is taken off.

    Args:
        path: The file, JSON lines; it is made with the first figure. `None`
            keeps the figures in memory alone. Defaults to `None`.

    Raises:
        ValueError: If the file holds something else.
        OSError: If it cannot be read.
    """

    def __init__(self, path: str | os.PathLike | None = None):
        self.path = None if path is None else Path(path)
        self._figures = {}
        if self.path is not None and self.path.exists():
            self._read()

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        torn = content[len(whole) :]
        try:
            if not (torn.startswith(BEGINNING) or BEGINNING.startswith(torn)):
                raise ValueError(f"a last line that begins {torn[:40]!r}")
            for line in whole.decode("utf-8").splitlines():
                entry = json.loads(line)
                self._figures[entry["key"]] = entry["figure"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"'{self.path}' is not a file of evaluations, or a damaged one: move "
                f"it away to compute everything anew. Received: {error!r}"
            ) from error
        if torn:
            os.truncate(self.path, len(whole))

    def __len__(self) -> int:
        """How many figures there are."""
        return len(self._figures)

    def get(self, *key: str):
        """Return the figure of a key, or None."""
        return self._figures.get(" | ".join(key))

    def put(self, *key: str, figure) -> None:
        """Keep a figure.

        Args:
            *key: What it is a figure of.
            figure: A number, or a list of numbers.

        Raises:
            OSError: If the file cannot be written.
        """
        joined = " | ".join(key)
        self._figures[joined] = figure
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": joined, "figure": figure})
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")


def hash_of_arrays(*arrays: np.ndarray) -> str:
    """Hash arrays, by their shapes, dtypes and contents."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def hash_of_model(model: keras.Model) -> str:
    """Hash a model, by its layers and weights."""
    digest = hashlib.sha256(model.to_json().encode())
    digest.update(hash_of_arrays(*model.get_weights()).encode())
    return digest.hexdigest()[:16]


def hash_of_modules(modules: Iterable[Module], plain: bool) -> str:
    """Hash what is numbered in a network, by the names and kinds.

    Args:
        modules: Its modules, in order.
        plain: Whether stretches without shortcuts were looked for.
    """
    known = [plain, *([module.name, module.kind] for module in modules)]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
