import io

import pytest

from keras_resnet import progress
from keras_resnet.progress import Counter, ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_each_message_covers_the_last_one_and_the_end_clears_it():
    terminal = Terminal()
    with ProgressLine(terminal) as line:
        line("a long message")
        line("short")
    shown = terminal.getvalue()
    assert shown.split("\r")[1:3] == ["a long message", "short".ljust(14)]
    assert shown.endswith("\r")
    assert "\n" not in shown


def test_wide_characters_are_covered_too():
    terminal = Terminal()
    with ProgressLine(terminal) as line:
        line("日本")
        line("x")
    assert terminal.getvalue() == "\r日本\rx   \r \r"


@pytest.mark.parametrize(("character", "count"), [("x", 19), ("日", 9)])
def test_a_message_never_wraps(monkeypatch, character, count):
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    ProgressLine(terminal)(character * 100)
    assert terminal.getvalue() == "\r" + character * count


def test_a_count_is_told_and_the_terminal_left_clean():
    terminal = Terminal()
    with Counter("images", 1234, terminal) as counter:
        counter()
    message = "1 of 1,234 images"
    assert terminal.getvalue() == f"\r{message}\r{' ' * len(message)}\r"


def test_counting_fast_writes_seldom(monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 3600)
    terminal = Terminal()
    counter = Counter("images", 100, terminal)
    for _ in range(100):
        counter()
    assert terminal.getvalue().count("\r") == 1
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0)
    counter()
    assert "101 of 100" in terminal.getvalue()


@pytest.mark.parametrize("make", [ProgressLine, lambda s: Counter("images", 3, s)])
def test_files_get_nothing(make):
    stream = io.StringIO()
    with make(stream) as shown:
        shown(*(["message"] if make is ProgressLine else []))
    assert stream.getvalue() == ""
