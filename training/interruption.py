"""Being told to stop: Ctrl-C, or the end of the time on a machine."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

# SIGBREAK is Windows' Ctrl-Break, which alone reaches a process group there.
SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGBREAK")
    if hasattr(signal, name)
)


class TrainingInterrupted(KeyboardInterrupt):
    """A training that was told to stop has saved its state and stopped.

    Args:
        signal_number: Which signal told it to.
        message: What is kept, as a sentence.
    """

    def __init__(self, signal_number: int, message: str = ""):
        super().__init__(message)
        self.signal_number = signal_number

    @property
    def exit_status(self) -> int:
        """What a program exits with that such a signal ended."""
        return 128 + self.signal_number


class Interruption:
    """Turns the first SIGINT or SIGTERM into a request; a second acts as ever.

    Use it as a context manager. It does nothing outside the main thread,
    where Python handles no signals, and leaves alone a signal that the
    process was started to ignore.
    """

    def __init__(self):
        self._handlers = {}
        self._requested = None
        self._at_once = False

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self._requested is not None

    def __enter__(self) -> "Interruption":
        """Install the handlers."""
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                # None: installed by something other than Python, which could
                # not be put back.
                if handler not in (signal.SIG_IGN, None):
                    self._handlers[number] = handler
                    signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception) -> None:
        """Put the old handlers back."""
        self._put_back()

    def stop_if_requested(self) -> None:
        """Stop here if a signal has come.

        Raises:
            TrainingInterrupted: If one has.
        """
        if self.requested:
            raise TrainingInterrupted(self._requested)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal stop what runs inside, at whatever place.

        For work that changes nothing that a training continues from.

        Raises:
            TrainingInterrupted: When a signal comes, or if one has.
        """
        self._at_once = True
        try:
            self.stop_if_requested()
            yield
        finally:
            self._at_once = False

    def _put_back(self) -> None:
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _handle(self, number, frame) -> None:
        self._requested = number
        self._put_back()
        if self._at_once:
            raise TrainingInterrupted(number)
        # `print` could fail here: a signal may come in the middle of another.
        name = signal.Signals(number).name
        note = f"\n{name}: stopping after this step. Once more stops at once.\n"
        with contextlib.suppress(OSError):
            os.write(2, note.encode())
