"""Which model and which machine a record is about."""

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from keras_resnet.benchmarks.machine import Machine, this_machine
from keras_resnet.benchmarks.records.schema import Device, Model, hashed_serial
from keras_resnet.export.operators import describe_file
from keras_resnet.program import typed

HOST = "host"


def model_of(path: str | os.PathLike, name: str | None = None) -> Model:
    """Describe a `.tflite` file for a record.

    Args:
        path: The file.
        name: What it is called. Defaults to its name without the folder.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a `.tflite` file, or is a damaged one.
        ImportError: If LiteRT is not installed.
    """
    description = describe_file(path)
    return Model(
        name=Path(path).name if name is None else name,
        sha256=sha256_of(path),
        size_bytes=description.size_bytes,
        operators=dict(description.operators),
        input_types=tuple(tensor.type for tensor in description.inputs),
        output_types=tuple(tensor.type for tensor in description.outputs),
    )


def sha256_of(path: str | os.PathLike) -> str:
    """Return the hash of a file in hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def this_device(machine: Machine | None = None) -> Device:
    """Describe this machine for a record.

    Args:
        machine: Its description. Defaults to `this_machine()`.
    """
    machine = this_machine() if machine is None else machine
    return Device(
        name=machine.processor,
        kind=HOST,
        cores=machine.cores,
        memory_bytes=machine.memory_bytes,
    )


def command_line(serials: Iterable[str] = ()) -> str:
    """Return the command line of this process as a person would type it.

    Args:
        serials: Serial numbers of devices; each is replaced by its hash, for
            the number itself is never kept. Defaults to none.
    """
    program = Path(sys.argv[0])
    if program.name.endswith(".py"):
        name = f"python -m keras_resnet.{program.parent.name}"
        if program.name != "__main__.py":
            name += f".{program.stem}"
    else:
        name = program.name
    arguments = sys.argv[1:]
    # One may be the beginning of another.
    for serial in sorted(filter(None, set(serials)), key=len, reverse=True):
        hidden = hashed_serial(serial)
        arguments = [argument.replace(serial, hidden) for argument in arguments]
    return " ".join([name, *map(typed, arguments)])
