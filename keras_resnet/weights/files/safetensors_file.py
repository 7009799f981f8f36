"""Safetensors files, through the library of that name."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside
from keras_resnet.weights.files.array_file import DTYPES, ArrayFile
from keras_resnet.weights.files.signatures import SAFETENSORS

# What the format calls the dtypes.
DTYPE_NAMES = {
    "BOOL": "bool",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "BF16": "bfloat16",
}

# The format keeps this name in its header for itself.
RESERVED = "__metadata__"


class SafetensorsFile(ArrayFile):
    """A safetensors file; its header's `__metadata__` is `metadata`."""

    noun = SAFETENSORS.noun

    def _open(self, resources: ExitStack) -> None:
        safetensors = import_extra("safetensors", "hub")
        # Mapped into memory, all that was ever read would count as ours.
        self._tensors = resources.enter_context(
            safetensors.safe_open(self.path, "numpy", backend="pread")
        )
        self.metadata = dict(self._tensors.metadata() or {})
        size = self.path.stat().st_size
        for name in self._tensors.keys():  # noqa: SIM118 - it is no mapping
            declared = self._tensors.get_slice(name)
            dtype = declared.get_dtype()
            # The library has checked that the arrays fill the file exactly.
            self._declare(
                name, declared.get_shape(), DTYPE_NAMES.get(dtype, dtype), stored=size
            )

    def _load(self, name: str) -> np.ndarray:
        return self._tensors.get_tensor(name)


def write_safetensors(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write arrays to a safetensors file.

    The library takes them from where they are in memory, so that no second
    copy is made, except of an array that is not contiguous.

    Args:
        path: The file, which ends in `.safetensors`. An older one is replaced
            once the new one is complete.
        arrays: The arrays by name: booleans, integers or floats, bfloat16 of
            `ml_dtypes` among them.
        metadata: Texts by name about them. Defaults to none.

    Raises:
        TypeError: If a name or metadata is not text, or an array is no
            `np.ndarray`.
        ValueError: If the file ends otherwise, an array has a dtype that
            weights do not have, or the name that the format reserves.
        ImportError: If safetensors is not installed.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SAFETENSORS.suffixes:
        raise ValueError(
            f"The file must end in '.safetensors'. Received: path='{path}'"
        )
    metadata = dict(metadata or {})
    for pair in metadata.items():
        if not all(isinstance(text, str) for text in pair):
            raise TypeError(
                f"`metadata` must map text to text. Received: metadata={metadata!r}"
            )
    ready = {name: _writable(name, array) for name, array in arrays.items()}
    library = import_extra("safetensors.numpy", "hub")
    with write_aside(path) as temporary:
        library.save_file(ready, temporary, metadata=metadata or None)


def _writable(name: str, array: np.ndarray) -> np.ndarray:
    if not isinstance(name, str) or not isinstance(array, np.ndarray):
        raise TypeError(
            "`arrays` must map text to `np.ndarray`. "
            f"Received: {type(array).__name__} under {name!r}"
        )
    if name == RESERVED:
        raise ValueError(f"The format reserves this name. Received: name={name!r}")
    if array.dtype.name not in DTYPES:
        raise ValueError(
            f"An array of weights must be of one of {', '.join(DTYPES)}. "
            f"Received: {array.dtype} under {name!r}"
        )
    return np.asarray(array, DTYPES[array.dtype.name], order="C")
