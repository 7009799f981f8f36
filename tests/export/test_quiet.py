import os
import sys

import pytest

from keras_resnet.export.quiet import quiet


def test_nothing_is_shown_meanwhile_and_everything_afterwards(capfd):
    print("before")
    with quiet():
        print("through Python")
        os.write(1, b"past Python\n")
        os.write(2, b"an error past Python\n")
        print("an error", file=sys.stderr)
    print("after")
    shown = capfd.readouterr()
    assert shown.out == "before\nafter\n"
    assert shown.err == ""


def test_an_error_passes_and_the_streams_come_back(capfd):
    descriptors = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0
    with pytest.raises(ValueError, match="inside"), quiet():
        raise ValueError("inside")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"
    if descriptors:
        assert len(os.listdir("/dev/fd")) == descriptors
