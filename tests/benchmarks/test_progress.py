import io

from keras_resnet.benchmarks.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_each_message_covers_the_last_one_and_the_end_clears_it():
    terminal = Terminal()
    with ProgressLine(terminal) as progress:
        progress("a long message")
        progress("short")
    shown = terminal.getvalue()
    assert shown.split("\r")[1:3] == ["a long message", "short".ljust(14)]
    assert shown.endswith("\r")
    assert "\n" not in shown


def test_a_message_never_wraps(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    ProgressLine(terminal)("x" * 100)
    assert len(terminal.getvalue().lstrip("\r")) == 19


def test_files_get_nothing():
    stream = io.StringIO()
    with ProgressLine(stream) as progress:
        progress("message")
    assert stream.getvalue() == ""
