"""One training of several workers: the same arguments, and the chief's folder."""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from keras_resnet.training.checkpoint_folder import CheckpointFolder
from keras_resnet.training.checkpoints import Checkpoint, read_checkpoint
from keras_resnet.training.cluster.exchange import from_chief, gather
from keras_resnet.training.cluster.members import (
    addresses_of,
    is_chief,
    worker_name,
    workers_of,
)
from keras_resnet.training.continuation import differences
from keras_resnet.training.run_folder import RunFolder

if TYPE_CHECKING:
    import tensorflow as tf

TOLD = 3
Loaded = TypeVar("Loaded")


def load_in_turn(
    strategy: "tf.distribute.Strategy", load: Callable[[], Loaded]
) -> Loaded:
    """Load something on each worker, the chief first.

    What it downloads, or notes down about its files, the others find where
    they share a disk.

    Args:
        strategy: The strategy that all train under.
        load: Called once on each worker.

    Raises:
        Exception: What `load` raises; if it does on the chief, then on all
            workers, as `from_chief` does.
    """
    loaded = []
    from_chief(strategy, lambda: loaded.append(load()))
    return loaded[0] if loaded else load()


def check_same_call(strategy: "tf.distribute.Strategy", arguments: dict) -> None:
    """Accept workers that were all started to do the same.

    Args:
        strategy: The strategy that all train under.
        arguments: What must be the same, as plain JSON values.

    Raises:
        ValueError: If it is not; the first worker that differs from the chief
            is named, on all of them.
    """
    calls = [json.loads(c) for c in gather(strategy, json.dumps(arguments).encode())]
    for index, call in enumerate(calls):
        found = differences(calls[0], call, words=("at the chief", "there"))
        if found:
            name = worker_name(addresses_of(strategy), index)
            raise ValueError(
                f"All workers must train the same, and {name} was started with other "
                f"arguments than the chief. Received: {'; '.join(found[:TOLD])}"
            )


def start_of_run(
    strategy: "tf.distribute.Strategy", checkpoints: CheckpointFolder, overwrite: bool
) -> Checkpoint | None:
    """Tidy the folder of a run, and return the checkpoint to continue from.

    Only the chief looks at the folder. The others get what it has read, so
    that all continue from the same place whatever their own disks hold.

    Args:
        strategy: The strategy that all train under.
        checkpoints: The checkpoints of the run.
        overwrite: Whether the folder is to be cleared, which is not done
            here: what it holds stays until the new training is known to begin.

    Returns:
        The newest checkpoint that is whole, or None; None too where the folder
        is to be cleared.

    Raises:
        OSError: If a file cannot be read or removed.
        ValueError: If there are checkpoints, but none that can be read.
    """
    if overwrite:
        return None
    chosen = None

    def on_chief():
        nonlocal chosen
        checkpoints.tidy()
        chosen = checkpoints.newest()
        if chosen is None or workers_of(strategy) == 1:
            return None
        return json.dumps(str(chosen.path)).encode() + b"\n" + chosen.path.read_bytes()

    message = from_chief(strategy, on_chief)
    if not message or is_chief(strategy):
        return chosen
    path, content = message.split(b"\n", 1)
    # Read as a file is, which checks that it came whole.
    with tempfile.TemporaryDirectory() as here:
        copy = Path(here) / "checkpoint.npz"
        copy.write_bytes(content)
        return dataclasses.replace(read_checkpoint(copy), path=Path(json.loads(path)))


def standing(strategy: "tf.distribute.Strategy", folder: RunFolder) -> str:
    """Say in a sentence how much of a training the chief's folder holds."""
    return from_chief(strategy, lambda: folder.standing().encode()).decode()
