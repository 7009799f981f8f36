"""Running a program that is not ours, for a limited time."""

import dataclasses
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# How often it is looked whether a program is still wanted.
SLICE_SECONDS = 0.5


class ProgramStoppedError(Exception):
    """A program was ended, for what it does is no longer wanted."""


@dataclasses.dataclass(frozen=True)
class FinishedProgram:
    """A program that came to an end.

    Attributes:
        status: Its exit status; below 0 if a signal ended it.
        output: What it printed, errors among the rest.
    """

    status: int
    output: str


def run_program(
    command: Sequence[str | os.PathLike],
    folder: str | os.PathLike,
    timeout: float | None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> FinishedProgram:
    """Run a program and everything that it starts.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        timeout: Seconds that it may take; None for as long as it likes.
        environment: Its environment. Defaults to that of this process.
        on_line: Called with every line that it prints, as it comes. Defaults
            to none.
        stop: Ends the program, too, when another thread sets it. Defaults to
            none.

    Raises:
        ProgramStoppedError: If `stop` was set before it came to its end; it has
            been ended as below.
        TimeoutError: If it took longer; it has been ended, and so have those
            that it started, where the system has process groups.
        OSError: If it cannot be started.
    """
    _check_wanted(command, stop)
    with subprocess.Popen(
        [os.fspath(part) for part in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A group of its own, so that the programs that it starts end with it.
        start_new_session=True,
    ) as process:
        try:
            if on_line is None:
                output = _collect(process, timeout, stop)
            else:
                output = _follow(process, on_line, timeout, stop)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(
                f"{Path(command[0]).name} did not finish in {timeout:g} seconds."
            ) from error
        finally:
            _end(process)
    return FinishedProgram(process.returncode, output.decode("utf-8", "replace"))


def _check_wanted(command: Sequence, stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise ProgramStoppedError(f"{Path(command[0]).name} was stopped.")


def _check_going_on(
    process: subprocess.Popen, timeout: float | None, end: float, stop
) -> None:
    """Refuse to wait any longer for what is late or no longer wanted."""
    _check_wanted(process.args, stop)
    if timeout is not None and time.monotonic() >= end:
        raise subprocess.TimeoutExpired(process.args, timeout)


def _slice(timeout: float | None, end: float, stop) -> float | None:
    """Return how long to wait before the next look; None for any time."""
    if timeout is None:
        return None if stop is None else SLICE_SECONDS
    left = max(0.0, end - time.monotonic())
    return left if stop is None else min(left, SLICE_SECONDS)


def _collect(
    process: subprocess.Popen, timeout: float | None, stop: threading.Event | None
) -> bytes:
    """Read a program's output when it has ended."""
    end = time.monotonic() + (timeout or 0.0)
    while True:
        try:
            output, _ = process.communicate(timeout=_slice(timeout, end, stop))
        except subprocess.TimeoutExpired:
            _check_going_on(process, timeout, end, stop)
        else:
            return output


def _follow(
    process: subprocess.Popen,
    on_line: Callable[[str], None],
    timeout: float | None,
    stop: threading.Event | None,
) -> bytes:
    """Read a program's output as it comes."""
    end = time.monotonic() + (timeout or 0.0)
    ended = threading.Event()
    errors: list[Exception] = []

    def watch() -> None:
        while not ended.wait(_slice(timeout, end, stop)):
            try:
                _check_going_on(process, timeout, end, stop)
            except (subprocess.TimeoutExpired, ProgramStoppedError) as error:
                errors.append(error)
                _end(process)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            on_line(line.decode("utf-8", "replace").rstrip())
        process.wait()
    finally:
        ended.set()
        watcher.join()
    if errors:
        raise errors[0]
    return b"".join(lines)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
