import os
import sys
import threading
import time

import pytest

from keras_resnet.export.external_program import ProgramStoppedError, run_program

LINES = "import os; print('one'); print(os.environ.get('ANSWER'), flush=True)"
SLOW = "import time; print('begun', flush=True); time.sleep(60)"


@pytest.mark.parametrize("follows", [False, True])
def test_output_status_and_environment(tmp_path, follows):
    lines = []
    finished = run_program(
        [sys.executable, "-c", f"{LINES}; raise SystemExit(3)"],
        tmp_path,
        timeout=60,
        environment={**os.environ, "ANSWER": "42"},
        on_line=lines.append if follows else None,
    )
    assert finished.status == 3
    assert finished.output.splitlines() == ["one", "42"]
    assert lines == (["one", "42"] if follows else [])


@pytest.mark.parametrize("follows", [False, True])
def test_a_program_that_takes_too_long_is_ended(tmp_path, follows):
    lines = []
    with pytest.raises(TimeoutError, match="did not finish in 3 seconds"):
        run_program(
            [sys.executable, "-c", SLOW],
            tmp_path,
            timeout=3,
            on_line=lines.append if follows else None,
        )
    assert lines == (["begun"] if follows else [])


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("follows", [False, True])
def test_another_thread_ends_a_program(tmp_path, follows, timeout):
    stop, begun = threading.Event(), tmp_path / "begun"
    code = (
        "import pathlib, time; pathlib.Path('begun').touch(); time.sleep(60); "
        "pathlib.Path('woke').touch()"
    )

    def ask():
        while not begun.exists():
            time.sleep(0.05)
        stop.set()

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(ProgramStoppedError, match="was stopped"):
        run_program(
            [sys.executable, "-c", code],
            tmp_path,
            timeout,
            on_line=print if follows else None,
            stop=stop,
        )
    thread.join()
    assert not (tmp_path / "woke").exists()


def test_what_is_not_wanted_is_not_begun(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ProgramStoppedError, match="no-such-program was stopped"):
        run_program(["no-such-program"], tmp_path, None, stop=stop)


def test_what_the_listener_raises_ends_the_program(tmp_path):
    def refuse(line):
        raise ValueError(line)

    with pytest.raises(ValueError, match="begun"):
        run_program([sys.executable, "-c", SLOW], tmp_path, None, on_line=refuse)
