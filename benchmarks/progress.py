"""One line on the terminal that says what is being done."""

import shutil
import sys


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
        message = message[: shutil.get_terminal_size().columns - 1]
        self._stream.write("\r" + message.ljust(self._width))
        self._stream.flush()
        self._width = len(message)

    def __enter__(self):
        """Start with an empty line."""
        return self

    def __exit__(self, *exception):
        """Clear the line."""
        if self._shown:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
