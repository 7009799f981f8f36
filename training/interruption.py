"""Being told to stop: Ctrl-C, or the end of the time on a machine."""

import contextlib
import os
import signal
import threading

from keras_resnet.training.cluster.stop_agreement import SIGNALS, StopAgreement


class TrainingInterrupted(KeyboardInterrupt):
    """A training that was told to stop has saved its state and stopped.

    Args:
        signal_number: Which signal told it to.
        message: What is kept, as a sentence.
        is_complete: Whether nothing of the training is left to do: the signal
            came while its model was saved. Defaults to False.
    """

    def __init__(
        self, signal_number: int, message: str = "", is_complete: bool = False
    ):
        super().__init__(message)
        self.signal_number = signal_number
        self.is_complete = is_complete

    @property
    def exit_status(self) -> int:
        """What a program exits with that such a signal ended."""
        return 128 + self.signal_number


class Interruption:
    """Turns the first SIGINT or SIGTERM into a request; a second acts as ever.

    Use it as a context manager. It does nothing outside the main thread,
    where Python handles no signals, and leaves alone a signal that the
    process was started to ignore.

    The handler raises nothing itself: TensorFlow's native code makes another
    error of an exception that comes in the middle of it. Who works for long
    calls `stop_if_requested` between its parts.

    Of several workers none may stop alone: a signal that came to one of them
    is a request to all from the next place on at which they agree.

    Args:
        agreement: How they do that. Defaults to a process of its own.

    Attributes:
        place: Where a process of its own stops, as it says when a signal comes.
    """

    def __init__(self, agreement: StopAgreement | None = None):
        self.place = "after this step"
        self._agreement = agreement
        self._handlers = {}
        self._received = None
        self._requested = None

    @property
    def requested(self) -> bool:
        """Whether a signal has come, on whichever worker."""
        return self._requested is not None

    def agree_after_step(self) -> None:
        """Agree with the other workers, now and then; to be called each step."""
        if self._agreement is not None and not self.requested:
            self._requested = self._agreement.after_step(self._received)

    def agree(self) -> None:
        """Agree with the other workers, which all must be at this place."""
        if self._agreement is not None and not self.requested:
            self._requested = self._agreement.ask(self._received)

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

    def _put_back(self) -> None:
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _handle(self, number, frame) -> None:
        self._received = number
        if self._agreement is None:
            self._requested = number
        self._put_back()
        # `print` could fail here: a signal may come in the middle of another.
        name = signal.Signals(number).name
        what = self.place if self._agreement is None else "all workers soon"
        note = f"\n{name}: stopping {what}. Once more stops at once.\n"
        with contextlib.suppress(OSError):
            os.write(2, note.encode())
