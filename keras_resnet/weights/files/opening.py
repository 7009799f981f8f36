"""Opening a file of arrays, in the format that its name and content agree on."""

import os
from pathlib import Path

from keras_resnet.weights.files.array_file import ArrayFile, UnreadableFile
from keras_resnet.weights.files.legacy_h5 import LegacyH5File
from keras_resnet.weights.files.npz import NpzFile
from keras_resnet.weights.files.safetensors_file import SafetensorsFile
from keras_resnet.weights.files.signatures import (
    HDF5,
    NPZ,
    SAFETENSORS,
    TORCH,
    recognize,
)
from keras_resnet.weights.files.torch_checkpoint import TorchCheckpoint

READERS = {
    SAFETENSORS: SafetensorsFile,
    NPZ: NpzFile,
    HDF5: LegacyH5File,
    TORCH: TorchCheckpoint,
}

# The end of a file's name, and what reads it.
FORMATS: dict[str, type[ArrayFile]] = {
    suffix: reader for kind, reader in READERS.items() for suffix in kind.suffixes
}


def open_arrays(path: str | os.PathLike) -> ArrayFile:
    """Open a file of arrays, to read them one at a time.

    ```python
    with open_arrays("model.safetensors") as arrays:
        kernel = arrays["conv1.weight"].read()
    ```

    The format is the one that the end of the name says, and the content must
    be of it. Nothing in a file is run: a PyTorch checkpoint is read by
    PyTorch's loader of plain values alone. What a file declares is compared
    with what it holds before memory is taken for it.

    Args:
        path: The file: `.safetensors`; `.npz`; `.h5` or `.hdf5` as Keras wrote
            it before version 3; `.pth`, `.pt`, `.th` or `.bin` of PyTorch.

    Returns:
        A mapping from names to `LazyArray`, and a context manager that closes
        the file at the end.

    Raises:
        TypeError: If `path` is not a path.
        ValueError: If there is no such file, its name has another end, or its
            content is of another format, damaged or suspicious.
        ImportError: If the library that reads the format is not installed.
        OSError: If the file may not be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"`path` must be the path of a file. Received: path={path!r}")
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        listed = ", ".join(repr(known) for known in FORMATS)
        raise ValueError(
            f"A file of arrays must end in one of {listed}. Received: path='{path}'"
        )
    if not path.is_file():
        fault = "is a folder, not a file" if path.is_dir() else "names no such file"
        raise ValueError(f"`path` {fault}. Received: path='{path}'")
    if path.stat().st_size == 0:
        raise UnreadableFile(f"The file is empty. Received: path='{path}'")
    kind = recognize(path)
    if kind and suffix not in kind.suffixes:
        remedy = f", which ends in {kind.suffixes[0]!r}" if kind.suffixes else ""
        raise UnreadableFile(
            f"The file ends in {path.suffix!r}, but its content is that of "
            f"{kind.noun}{remedy}. Received: path='{path}'"
        )
    return FORMATS[suffix](path)
