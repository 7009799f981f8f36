"""Checkpoint files: everything from which a training continues, in one file.

A checkpoint is a `.npz` file: the values of the training's variables, and as
JSON how far it came, what was measured, and the identity of the run. Nothing
in it is pickled. The comment of the zip archive, its very end, is the SHA-256
of all that stands before it; a file is read only if that fits.
"""

import dataclasses
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from keras_resnet.files import write_aside
from keras_resnet.training.history import Epoch
from keras_resnet.training.training_state import State, Value, role_of

FORMAT = 2
DIGEST_LENGTH = 64
BLOCK = 1 << 20


class DamagedCheckpointError(ValueError):
    """A file is not, or no longer, what was written as a checkpoint."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a training came.

    Attributes:
        identity: What decides the result of the run, as plain JSON values.
        history: What was measured, one entry a completed epoch.
        step: Steps trained in the epoch that comes after those.
        steps_per_epoch: Steps of an epoch.
        seconds: How long those steps took.
        means: The means of the epoch's metrics, if all its steps are trained
            and only its evaluation is missing; else None.
        replicas: How many replicas trained.
    """

    identity: dict
    history: tuple[Epoch, ...] = ()
    step: int = 0
    steps_per_epoch: int = 0
    seconds: float = 0.0
    means: dict | None = None
    replicas: int = 1

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.history)


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        path: The file.
        progress: How far the training came.
        values: The values of its variables, by name.
    """

    path: Path
    progress: Progress
    values: dict[str, Value]

    def check_fits(self, state: State) -> None:
        """Accept variables that this checkpoint can fill.

        Args:
            state: Variables by name.

        Raises:
            ValueError: If they belong to another architecture, optimizer or
                set of metrics; the first difference is named.
        """
        for role in dict.fromkeys(map(role_of, [*self.values, *state])):
            had = {n: v for n, v in self.values.items() if role_of(n) == role}
            has = {n: v for n, v in state.items() if role_of(n) == role}
            other = f"The checkpoint '{self.path}' belongs to another {_noun(role)}: "
            if had.keys() != has.keys():
                odd = sorted(had.keys() ^ has.keys())
                raise ValueError(
                    f"{other}it has {len(had)} variables where this one has "
                    f"{len(has)}; only one of them has '{odd[0]}'."
                )
            for name, value in had.items():
                shape = value.array.shape[1 if value.by_replica else 0 :]
                if shape != tuple(has[name].shape):
                    path = getattr(has[name], "path", has[name].name)
                    raise ValueError(
                        f"{other}its '{value.path}' has the shape {shape} where "
                        f"'{path}' of this one has {tuple(has[name].shape)}."
                    )


def _noun(role: str) -> str:
    known = {"model": "architecture", "metrics": "set of metrics"}
    return known.get(role, role)


def save_checkpoint(
    path: str | os.PathLike, values: Mapping[str, Value], progress: Progress
) -> None:
    """Write a checkpoint; an older one at `path` is replaced as a whole.

    Args:
        path: File to write, `.npz`.
        values: The values of the training's variables, by name.
        progress: How far the training came.

    Raises:
        OSError: If `path` cannot be written.
    """
    head = {
        "format": FORMAT,
        "progress": dataclasses.asdict(progress),
        "values": [[name, v.path, v.by_replica] for name, v in values.items()],
    }
    text = json.dumps(head).encode("utf-8")
    arrays = {"head": np.frombuffer(text, dtype="uint8")}
    for place, value in enumerate(values.values()):
        arrays[f"value_{place}"] = value.array
    with write_aside(path) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
            archive.comment = b"0" * DIGEST_LENGTH
        digest = _digest(temporary)
        with temporary.open("r+b") as file:
            file.seek(-DIGEST_LENGTH, os.SEEK_END)
            file.write(digest)
            # A renamed file whose content is not on the disk yet would be
            # empty after a power failure.
            file.flush()
            os.fsync(file.fileno())


def _digest(path: Path) -> bytes:
    """Return the SHA-256, in hexadecimal, of all but the end of a file."""
    left = path.stat().st_size - DIGEST_LENGTH
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest().encode("ascii")


def _members(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Check a file as a whole, then give its arrays one by one."""
    with path.open("rb") as file:
        file.seek(-min(DIGEST_LENGTH, path.stat().st_size), os.SEEK_END)
        written = file.read()
    if written != _digest(path):
        raise DamagedCheckpointError(
            f"'{path}' is damaged or no checkpoint of a training."
        )
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            yield name, arrays[name]


def _read_head(path: Path, members: Iterator) -> dict:
    _, array = next(members)
    head = json.loads(array.tobytes())
    if head["format"] != FORMAT:
        raise ValueError(
            f"'{path}' is a checkpoint of format {head['format']}, and this version "
            f"of the package reads format {FORMAT}."
        )
    return head


def _progress(head: dict) -> Progress:
    fields = head["progress"]
    history = tuple(Epoch(**epoch) for epoch in fields["history"])
    return Progress(**{**fields, "history": history})


def read_progress(path: str | os.PathLike) -> Progress:
    """Read how far a training came, without its variables.

    Raises:
        OSError: If `path` cannot be read.
        DamagedCheckpointError: If it is no checkpoint, or damaged.
        ValueError: If it is one of another format.
    """
    path = Path(path)
    return _progress(_read_head(path, _members(path)))


def read_checkpoint(path: str | os.PathLike) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        OSError: If `path` cannot be read.
        DamagedCheckpointError: If it is no checkpoint, or damaged.
        ValueError: If it is one of another format.
    """
    path = Path(path)
    members = _members(path)
    head = _read_head(path, members)
    values = {
        name: Value(variable, array, by_replica)
        for (name, variable, by_replica), (_, array) in zip(
            head["values"], members, strict=True
        )
    }
    return Checkpoint(path=path, progress=_progress(head), values=values)
