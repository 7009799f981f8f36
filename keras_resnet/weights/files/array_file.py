"""What every format has in common: arrays by name, read when asked for."""

import abc
import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import ml_dtypes
import numpy as np

# The dtypes that an array of a checkpoint may have.
DTYPES = {
    dtype.name: dtype
    for dtype in map(
        np.dtype,
        (
            "bool",
            *("int8", "int16", "int32", "int64"),
            *("uint8", "uint16", "uint32", "uint64"),
            *("float16", "float32", "float64"),
            ml_dtypes.bfloat16,
        ),
    )
}

# An array that unpacks to more than this must take a fair part of its size in
# the file. The ratio alone says nothing: a new classifier is all zeros, and
# these pack a thousandfold, the most that Deflate can. But no tensor of a
# residual network that is known reaches this size: the largest, the classifier
# of BiT R152x4 for the 21,843 classes of ImageNet-21k, has 0.72e9 bytes.
UNSUSPECTED_BYTES = 2**30
HIGHEST_RATIO = 100


class UnreadableFile(ValueError):
    """A file that is not what it says, is damaged, or asks for too much."""


@dataclasses.dataclass(frozen=True, eq=False)
class LazyArray:
    """An array of an open file, of which only shape and dtype are known yet.

    Attributes:
        name: Its name in the file.
        shape: Its shape.
        dtype: Its NumPy dtype, in this machine's byte order; the one of
            `ml_dtypes` for bfloat16.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    _file: "ArrayFile" = dataclasses.field(repr=False)

    @property
    def nbytes(self) -> int:
        """How many bytes of memory `read` takes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> np.ndarray:
        """Read it from the file; nothing of it stays there.

        Raises:
            UnreadableFile: If the file is damaged here; a `ValueError`.
            ValueError: If the file is closed.
        """
        return self._file._read(self)


class ArrayFile(Mapping[str, LazyArray], abc.ABC):
    """An open file of arrays: a mapping from their names, and a context manager.

    Args:
        path: The file, which exists.

    Attributes:
        path: The file.
        metadata: What the file says about itself beside the arrays.

    Raises:
        UnreadableFile: If it is not of this format, is damaged, or declares
            what no checkpoint holds. It is a `ValueError`.
    """

    noun: ClassVar[str]

    def __init__(self, path: Path):
        self.path = path
        self.metadata: dict[str, str] = {}
        self._arrays: dict[str, LazyArray] = {}
        self._closed = False
        with contextlib.ExitStack() as resources:
            with self._damage_told():
                self._open(resources)
            self._resources = resources.pop_all()

    @abc.abstractmethod
    def _open(self, resources: contextlib.ExitStack) -> None:
        """Open the file, leave what is to close in `resources`, declare arrays."""

    @abc.abstractmethod
    def _load(self, name: str) -> np.ndarray:
        """Read one of the declared arrays."""

    def _declare(self, name: str, shape, dtype, *, stored: int) -> None:
        """Add an array, if it is one that a checkpoint may hold.

        Args:
            name: Its name.
            shape: Its shape.
            dtype: Its dtype, as NumPy's or as a name of `DTYPES`.
            stored: The bytes that it takes in the file.
        """
        if not isinstance(name, str):
            raise self._refusal(f"names an array {brief(name)}, which is no text")
        if name in self._arrays:
            raise self._refusal(f"has two arrays named {brief(name)}")
        if isinstance(dtype, np.dtype) and dtype.name in DTYPES:
            dtype = dtype.name
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise self._refusal(
                f"holds in {brief(name)} values of type {brief(str(dtype))}, which no "
                "weights have"
            )
        shape = tuple(map(int, shape))
        if any(size < 0 for size in shape):
            raise self._refusal(f"gives {brief(name)} the shape {brief(shape)}")
        array = LazyArray(name, shape, DTYPES[dtype], self)
        if array.nbytes > max(UNSUSPECTED_BYTES, HIGHEST_RATIO * stored):
            raise self._refusal(
                f"would unpack {brief(name)} from {stored:,} to {array.nbytes:,} bytes"
            )
        self._arrays[name] = array

    def _refusal(self, fault: str) -> UnreadableFile:
        return UnreadableFile(
            f"{self.noun[0].upper()}{self.noun[1:]} that {fault}, is not read. "
            f"Received: path='{self.path}'"
        )

    @contextlib.contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except (UnreadableFile, ImportError, MemoryError):
            raise
        # A parser meets damage with whatever its next step raises: zipfile
        # alone has eight types of error for it.
        except Exception as error:
            raise UnreadableFile(
                f"Not {self.noun}, or a damaged one ({self._reason(error)}). "
                f"Received: path='{self.path}'"
            ) from error

    def _reason(self, error: Exception) -> str:
        """Say in a few words what the format's library said."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return brief(lines[0], quoted=False).rstrip(".")

    def _read(self, array: LazyArray) -> np.ndarray:
        if self._closed:
            raise ValueError(
                f"The file is closed: read its arrays inside `with open_arrays(path)`. "
                f"Received: path='{self.path}'"
            )
        with self._damage_told():
            value = np.asarray(self._load(array.name), array.dtype)
            if value.shape != array.shape:
                raise ValueError(f"{array.name!r} is not of the shape that it declares")
        return value

    def close(self) -> None:
        """Close the file. What was read stays valid."""
        self._closed = True
        self._resources.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getitem__(self, name: str) -> LazyArray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} arrays, path='{self.path}'>"


def brief(value, *, quoted: bool = True) -> str:
    """Write a value from a file on one line of a message, however strange it is."""
    text = repr(value)
    if isinstance(value, str) and not quoted:
        text = text[1:-1]
    return text if len(text) <= 120 else f"{text[:117]}..."
