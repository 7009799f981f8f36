"""Hashes by which a dataset is known again, wherever it lies."""

import hashlib
from collections.abc import Iterable

LENGTH = 16


def content_hash(parts: Iterable) -> str:
    """Return a short SHA-256 of values in a row.

    Args:
        parts: Strings, numbers, or bytes-like values such as arrays.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = str(part).encode("utf-8") if isinstance(part, str | int) else part
        data = memoryview(data).cast("B")
        # With its length, so that ("ab", "c") is not ("a", "bc").
        digest.update(str(data.nbytes).encode("ascii") + b":")
        digest.update(data)
    return digest.hexdigest()[:LENGTH]
