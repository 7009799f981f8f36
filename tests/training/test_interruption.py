import os
import signal
import subprocess
import sys
import threading

import pytest

from keras_resnet.training.interrupted_program import tell_interrupted
from keras_resnet.training.interruption import (
    SIGNALS,
    Interruption,
    TrainingInterrupted,
)

on_posix = pytest.mark.skipif(os.name == "nt", reason="a signal ends a process there")


def handlers():
    return [signal.getsignal(number) for number in SIGNALS]


@on_posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_is_a_request(name, capfd):
    before = handlers()
    number = getattr(signal, name)
    with Interruption() as interruption:
        interruption.stop_if_requested()
        os.kill(os.getpid(), number)
        assert interruption.requested
        assert name in capfd.readouterr().err
        # A second one acts as it did before.
        assert handlers() == before
        with pytest.raises(TrainingInterrupted) as caught:
            interruption.stop_if_requested()
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.exit_status == 128 + number
    assert handlers() == before


@on_posix
def test_a_second_interrupt_stops_at_once():
    def interrupt(times):
        with Interruption():
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    interrupt(1)
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupt(2)
    assert not isinstance(caught.value, TrainingInterrupted)


@on_posix
def test_a_signal_raises_nothing_where_it_comes():
    places = []
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        places.append("behind")
        with pytest.raises(TrainingInterrupted):
            interruption.stop_if_requested()
    assert places == ["behind"]


def test_handlers_are_put_back():
    before = handlers()

    def fail():
        with Interruption():
            assert handlers() != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert handlers() == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interruption():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_does_nothing_outside_the_main_thread():
    before, found = handlers(), []

    def run():
        with Interruption() as interruption:
            found.extend(handlers())
            interruption.stop_if_requested()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == before


@on_posix
def test_a_second_sigterm_ends_the_process():
    code = (
        "import os, signal\n"
        "from keras_resnet.training.interruption import Interruption\n"
        "with Interruption():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "print('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == -signal.SIGTERM
    assert "went on" not in done.stdout


def test_a_program_says_how_to_go_on_where_something_is_left(capsys):
    assert tell_interrupted(TrainingInterrupted(2, "Kept.")) == 130
    assert capsys.readouterr().err == (
        "\nInterrupted. Kept. Run the same command again to continue.\n"
    )
    assert tell_interrupted(TrainingInterrupted(15, "Complete.", True), None) == 143
    assert capsys.readouterr().err == "\nInterrupted. Complete.\n"
