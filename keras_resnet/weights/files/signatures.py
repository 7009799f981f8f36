"""Telling the format of a file by its first bytes."""

import dataclasses
from pathlib import Path

# Enough for the longest signature and the name of the first member of a ZIP.
EXAMINED_BYTES = 1024


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        noun: What one is called.
        suffixes: The ends of its files' names, the usual one first; none for
            what is never a file of weights.
    """

    noun: str
    suffixes: tuple[str, ...] = ()


SAFETENSORS = Kind("a safetensors file", (".safetensors",))
NPZ = Kind("a NumPy archive", (".npz",))
NPY = Kind("a single NumPy array", (".npy",))
HDF5 = Kind("an HDF5 file", (".h5", ".hdf5"))
KERAS = Kind("a Keras file", (".keras",))
TORCH = Kind("a PyTorch checkpoint", (".pth", ".pt", ".th", ".bin", ".ckpt", ".tar"))
TFLITE = Kind("a TFLite model", (".tflite",))
GZIP = Kind("a gzip archive")
GIT_LFS = Kind("the pointer of a Git LFS file that was not fetched")
WEB_PAGE = Kind("a web page, as a failed download leaves one")

STARTS = (
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"\x93NUMPY", NPY),
    # The magic number that torch.save pickled before it wrote ZIP archives.
    (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", TORCH),
    (b"\x1f\x8b", GZIP),
    (b"version https://git-lfs", GIT_LFS),
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
)


def recognize(path: Path) -> Kind | None:
    """Tell what kind of file stands at `path`.

    Returns:
        The kind, or `None` where the first bytes are of none that is known.

    Raises:
        OSError: If the file cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(EXAMINED_BYTES)
    for signature, kind in STARTS:
        if start.lstrip().lower().startswith(signature.lower()):
            return kind
    if start[4:8] == b"TFL3":
        return TFLITE
    # A length of eight bytes, of which the format allows 100 MB, then JSON.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= 100_000_000:
        return SAFETENSORS
    if start.startswith(b"PK\x03\x04"):
        return _kind_of_archive(start)
    return None


def _kind_of_archive(start: bytes) -> Kind | None:
    length = int.from_bytes(start[26:28], "little")
    first = start[30 : 30 + length]
    if first.endswith(b".npy"):
        return NPZ
    if first in (b"metadata.json", b"config.json", b"model.weights.h5"):
        return KERAS
    # All that torch.save writes stands in one folder of the archive.
    if first.endswith((b"/data.pkl", b"/version", b"/byteorder", b"/.format_version")):
        return TORCH
    return None
