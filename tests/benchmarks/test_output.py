import pytest

from keras_resnet.benchmarks.output import check_writable


def test_a_probe_leaves_nothing(tmp_path):
    path = tmp_path / "host.json"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("older")
    check_writable(path)
    assert path.read_text() == "older"


def test_a_file_in_the_way_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Cannot write"):
        check_writable(tmp_path / "file" / "host.json")
