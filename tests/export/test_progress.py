import io

from keras_resnet.export.progress import Counter


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_told_and_left_clean():
    terminal = Terminal()
    with Counter("images", 3, terminal) as counter:
        counter()
    shown = terminal.getvalue()
    assert "1 of 3 images" in shown
    assert shown.endswith("\r\x1b[K")


def test_a_log_is_left_free():
    log = io.StringIO()
    with Counter("images", 3, log) as counter:
        counter()
    assert log.getvalue() == ""
