"""Files that are written aside and renamed."""

import os

import pytest

from keras_resnet.files import write_aside, write_text


def test_appears_whole_and_alone(tmp_path):
    target = tmp_path / "new" / "model.weights.h5"
    with write_aside(target) as temporary:
        assert temporary.name.endswith(".weights.h5")
        temporary.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert os.listdir(target.parent) == ["model.weights.h5"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_older_file_survives_a_failure(tmp_path, error):
    target = tmp_path / "model.tflite"
    target.write_bytes(b"older")

    def fail_half_way():
        with write_aside(target) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail_half_way()
    assert target.read_bytes() == b"older"
    assert os.listdir(tmp_path) == ["model.tflite"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_mode_is_the_usual_one(tmp_path):
    write_text(tmp_path / "ours.txt", "text")
    (tmp_path / "usual.txt").write_text("text")
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "model.tflite", tmp_path):
        with pytest.raises(OSError, match=r"Cannot write '.*': .*\.$"):
            write_text(path, "text")
    assert (tmp_path / "file").read_text() == "in the way"


def test_text_has_unix_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\n".encode()
