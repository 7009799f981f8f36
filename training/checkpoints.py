"""Checkpoints at the end of an epoch, from which a training continues.

A checkpoint is one `.npz` file: the variables of the model and of the
optimizer, and as JSON the identity of the run and what was measured so far.
Nothing in it is pickled, and it does not depend on how many replicas there
were.
"""

import dataclasses
import json
import os
import zipfile
from pathlib import Path

import keras
import numpy as np

from keras_resnet.files import write_aside
from keras_resnet.training.history import Epoch

FORMAT = 1
ROLES = ("model", "optimizer")


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a training came.

    Attributes:
        identity: What decides the result of the run, as plain JSON values;
            only a run with an equal one may continue from here.
        history: What was measured, one entry an epoch.
    """

    identity: dict
    history: tuple[Epoch, ...]


def _variables(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> dict:
    return {"model": model.variables, "optimizer": optimizer.variables}


def save_checkpoint(
    path: str | os.PathLike,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    progress: Progress,
) -> None:
    """Write a checkpoint; an older one at `path` is replaced as a whole.

    Args:
        path: File to write, `.npz`.
        model: A built model, with the moving statistics of its replicas
            merged.
        optimizer: A built optimizer.
        progress: How far the training came.

    Raises:
        OSError: If `path` cannot be written.
    """
    head = {
        "format": FORMAT,
        "identity": progress.identity,
        "history": [dataclasses.asdict(epoch) for epoch in progress.history],
        "variables": {},
    }
    arrays = {}
    for role, variables in _variables(model, optimizer).items():
        head["variables"][role] = [variable.path for variable in variables]
        for index, variable in enumerate(variables):
            arrays[f"{role}/{index}"] = keras.ops.convert_to_numpy(variable)
    text = json.dumps(head).encode("utf-8")
    arrays["head"] = np.frombuffer(text, dtype="uint8")
    with write_aside(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _open(path: Path):
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"'{path}' is damaged or no checkpoint of a training."
        ) from error


def _head(path: Path, arrays) -> dict:
    try:
        head = json.loads(arrays["head"].tobytes())
        found = head["format"]
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"'{path}' is damaged or no checkpoint of a training."
        ) from error
    if found != FORMAT:
        raise ValueError(
            f"'{path}' is a checkpoint of format {found}, and this version of the "
            f"package reads format {FORMAT}."
        )
    return head


def read_progress(path: str | os.PathLike) -> Progress:
    """Read how far a training came, without its weights.

    Raises:
        OSError: If `path` cannot be read.
        ValueError: If it is no checkpoint, damaged, or of another format.
    """
    path = Path(path)
    with _open(path) as arrays:
        head = _head(path, arrays)
    history = tuple(Epoch(**epoch) for epoch in head["history"])
    return Progress(identity=head["identity"], history=history)


def restore_checkpoint(
    path: str | os.PathLike,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
) -> Progress:
    """Set all variables of `model` and `optimizer` to those of a checkpoint.

    Everything is read and compared before the first variable changes.

    Args:
        path: File to read.
        model: A built model of the same architecture.
        optimizer: An optimizer built for it.

    Returns:
        How far the training came.

    Raises:
        OSError: If `path` cannot be read.
        ValueError: If it is no checkpoint, damaged, or of another
            architecture or optimizer; the first difference is named.
    """
    path = Path(path)
    progress = read_progress(path)
    assignments = []
    with _open(path) as arrays:
        names = _head(path, arrays)["variables"]
        for role, variables in _variables(model, optimizer).items():
            if len(names[role]) != len(variables):
                raise ValueError(
                    f"The checkpoint '{path}' belongs to another {_noun(role)}: it "
                    f"has {len(names[role])} variables where this one has "
                    f"{len(variables)}."
                )
            for index, variable in enumerate(variables):
                try:
                    value = arrays[f"{role}/{index}"]
                except (KeyError, ValueError, zipfile.BadZipFile) as error:
                    raise ValueError(f"The checkpoint '{path}' is damaged.") from error
                if value.shape != tuple(variable.shape):
                    raise ValueError(
                        f"The checkpoint '{path}' belongs to another {_noun(role)}: "
                        f"its '{names[role][index]}' has the shape {value.shape} "
                        f"where '{variable.path}' of this one has "
                        f"{tuple(variable.shape)}."
                    )
                assignments.append((variable, value))
    for variable, value in assignments:
        variable.assign(value)
    return progress


def _noun(role: str) -> str:
    return {"model": "architecture", "optimizer": "optimizer"}[role]


def differences(before: dict, now: dict, prefix: str = "") -> list[str]:
    """Name the values in which two identities differ.

    Returns:
        One phrase each, such as `"recipe.epochs: 12 before, 20 now"`.
    """
    found = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key}: {old!r} before, {new!r} now")
    return found
