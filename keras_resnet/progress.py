"""Saying on one line of the terminal what is being done, and how far it is."""

import shutil
import sys
import time

from keras_resnet.tables import display_width

INTERVAL_SECONDS = 0.2


class ProgressLine:
    """A line on the error stream that every message overwrites.

    Where the stream is no terminal, nothing is written, so that logs stay
    free of it. Use it as a context manager; leaving clears the line.

    Args:
        stream: Where to write. Defaults to `sys.stderr`.
    """

    def __init__(self, stream=None):
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._width = 0

    def __call__(self, message: str) -> None:
        """Show a message in place of the last one."""
        if not self._shown:
            return
        # A line that wraps could not be overwritten.
        message = _cut(message, shutil.get_terminal_size().columns - 1)
        width = display_width(message)
        self._stream.write("\r" + message + " " * (self._width - width))
        self._stream.flush()
        self._width = width

    def __enter__(self):
        """Start with an empty line."""
        return self

    def __exit__(self, *exception):
        """Clear the line."""
        if self._shown:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()


class Counter:
    """A `ProgressLine` that counts what has been done.

    The line is renewed a few times a second at most, so that counting costs
    nothing beside the work. Use it as a context manager; leaving clears the
    line.

    Args:
        what: What is being counted, such as `"images verified"`.
        total: How many there will be.
        stream: Where to write. Defaults to `sys.stderr`.
    """

    def __init__(self, what: str, total: int, stream=None):
        self._what = what
        self._total = total
        self._line = ProgressLine(stream)
        self._count = 0
        self._written_at = float("-inf")

    def __call__(self) -> None:
        """Count one more."""
        self._count += 1
        now = time.monotonic()
        if now - self._written_at >= INTERVAL_SECONDS:
            self._written_at = now
            self._line(f"{self._count:,} of {self._total:,} {self._what}")

    def __enter__(self):
        """Start counting."""
        return self

    def __exit__(self, *exception):
        """Clear the line."""
        self._line.__exit__(*exception)


def _cut(text: str, width: int) -> str:
    """Cut a text to at most so many cells of the terminal."""
    while display_width(text) > width:
        text = text[:-1]
    return text
