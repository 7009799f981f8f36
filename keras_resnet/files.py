"""Writing files so that an older good one is never left half overwritten."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def write_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed to it on success.

    The temporary file carries the suffix of `path`, because several writers
    choose their format by it. If the body raises, the temporary file is
    removed and whatever stood at `path` stays as it was.

    Args:
        path: Where the file shall stand in the end. Missing folders are made.

    Yields:
        The path to write to.

    Raises:
        OSError: If the folder cannot be made or written to; the message is
            one sentence that names `path`.
    """
    path = Path(path)
    # Every suffix counts: Keras tells `.weights.h5` from `.h5`.
    suffix = "".join(path.suffixes)
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=".writing-", suffix=suffix, dir=path.parent
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"Cannot write '{path}': {reason}.") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes the file private; give it the mode that `open` would.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, by way of `write_aside`."""
    with write_aside(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
