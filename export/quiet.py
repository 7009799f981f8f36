"""Keeping the converter's and the runtime's own notes off the terminal."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard what is written to standard output and error meanwhile.

    The converter and the interpreter write from C++, past `sys.stdout`, so
    the file descriptors themselves are turned away. That holds for the whole
    process: what another thread prints at the same time is lost too.
    """
    with contextlib.ExitStack() as stack:
        try:
            saved = {fd: os.dup(fd) for fd in (STANDARD_OUTPUT, STANDARD_ERROR)}
        except OSError:
            # Started without a terminal or files in its place: nothing to keep
            # clean.
            saved = {}
        aside = stack.enter_context(tempfile.TemporaryFile())
        _flush()
        for descriptor, copy in saved.items():
            stack.callback(_restore, descriptor, copy)
            os.dup2(aside.fileno(), descriptor)
        # In a notebook these do not lead to the descriptors.
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


def _restore(descriptor: int, copy: int) -> None:
    os.dup2(copy, descriptor)
    os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
