"""Finding out before long work whether its result can be written."""

import os

from keras_resnet.files import write_aside


class _EnoughKnown(Exception):
    """Leaves `write_aside` before it renames."""


def check_writable(path: str | os.PathLike) -> None:
    """Find out whether a file can be written, and leave nothing behind.

    Args:
        path: The file. Missing folders above it are made.

    Raises:
        OSError: If it cannot.
    """
    try:
        with write_aside(path):
            raise _EnoughKnown
    except _EnoughKnown:
        return
