"""Saying on the terminal how far long work has come."""

import sys
import time

INTERVAL_SECONDS = 0.2


class Counter:
    """A line on the error stream that counts what has been done.

    Where the stream is no terminal, nothing is written, so that logs stay
    free of it. Use it as a context manager; leaving clears the line.

    Args:
        what: What is being counted, such as `"images verified"`.
        total: How many there will be.
        stream: Where to write. Defaults to `sys.stderr`.
    """

    def __init__(self, what: str, total: int, stream=None):
        self._what = what
        self._total = total
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._count = 0
        self._written_at = float("-inf")

    def __call__(self) -> None:
        """Count one more."""
        self._count += 1
        now = time.monotonic()
        if self._shown and now - self._written_at >= INTERVAL_SECONDS:
            self._written_at = now
            self._write(f"{self._count} of {self._total} {self._what}")

    def __enter__(self):
        """Start counting."""
        return self

    def __exit__(self, *exception):
        """Clear the line."""
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        clear_to_end = "\x1b[K"
        self._stream.write(f"\r{text}{clear_to_end}")
        self._stream.flush()
