"""Which reader a file gets, and what gets none."""

import sys
import zipfile

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.weights.files import FORMATS, UnreadableFile, open_arrays

SUFFIXES = pytest.mark.parametrize("suffix", FORMATS)


@SUFFIXES
@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"nothing", bytes(2000), b"PK\x03\x04"]
)
def test_files_of_nothing(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=rf"^[A-Z].* path='.*w{suffix}'$"):
        open_arrays(path)


@SUFFIXES
def test_folders_and_absent_files(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    with pytest.raises(ValueError, match=r"names no such file. Received: path="):
        open_arrays(path)
    path.mkdir()
    with pytest.raises(ValueError, match=r"is a folder.*Received: path="):
        open_arrays(path)


@pytest.mark.parametrize("name", ["w", "w.keras", "w.txt", ".npz", "w.npz.gz"])
def test_other_suffixes(tmp_path, name):
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(ValueError, match=r"'.safetensors', '.npz', .*Received: path="):
        open_arrays(tmp_path / name)


@pytest.mark.parametrize("path", [None, 3, b"w.npz", ["w.npz"]])
def test_what_is_no_path(path):
    with pytest.raises(TypeError, match="must be the path of a file. Received: path="):
        open_arrays(path)


def test_names_that_no_file_can_have():
    with pytest.raises(ValueError, match="Received: path="):
        open_arrays("\x00.npz")


def samples(folder):
    """A file of each format, by its usual suffix, from the format's own library."""
    array = np.ones(3, "float32")
    np.savez(folder / "w.npz", a=array)
    np.save(folder / "w.npy", array)
    keras_resnet.ResNet8().save(folder / "w.keras")
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(folder / "w.h5")
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file({"a": array}, folder / "w.safetensors")
    torch = pytest.importorskip("torch")
    for file, archive in ("w.pth", True), ("legacy.pth", False):
        content = {"a": torch.ones(3)}
        torch.save(content, folder / file, _use_new_zipfile_serialization=archive)
    (folder / "w.html").write_text("\n<!DOCTYPE html><title>Not found</title>")
    (folder / "w.lfs").write_text("version https://git-lfs.github.com/spec/v1\noid ")
    (folder / "w.gz").write_bytes(b"\x1f\x8b\x08\x00")
    return folder


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    return samples(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("w.npz", "a NumPy archive, which ends in '.npz'"),
        ("w.npy", "a single NumPy array, which ends in '.npy'"),
        ("w.keras", "a Keras file, which ends in '.keras'"),
        ("w.h5", "an HDF5 file, which ends in '.h5'"),
        ("w.safetensors", "a safetensors file, which ends in '.safetensors'"),
        ("w.pth", "a PyTorch checkpoint, which ends in '.pth'"),
        ("legacy.pth", "a PyTorch checkpoint, which ends in '.pth'"),
        ("w.html", "a web page, as a failed download leaves one"),
        ("w.lfs", "the pointer of a Git LFS file that was not fetched"),
        ("w.gz", "a gzip archive"),
    ],
)
@SUFFIXES
@pytest.mark.filterwarnings("ignore")
def test_content_and_name_must_agree(sampled, tmp_path, file, said, suffix):
    path = tmp_path / f"w{suffix}"
    path.write_bytes((sampled / file).read_bytes())
    source = (sampled / file).suffix
    if FORMATS.get(source) is FORMATS[suffix]:
        with open_arrays(path) as opened:
            assert len(opened) > 0
    else:
        message = rf"ends in '{suffix}', but its content is that of {said}. Received"
        with pytest.raises(UnreadableFile, match=message):
            open_arrays(path)


def test_other_archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(UnreadableFile, match="holds 'readme.txt', which is no array"):
        open_arrays(tmp_path / "w.npz")


@pytest.mark.parametrize(
    "file", ["w.npz", "w.h5", "w.safetensors", "w.pth", "legacy.pth"]
)
def test_a_closed_file(sampled, file):
    opened = open_arrays(sampled / file)
    array = next(iter(opened.values()))
    value = array.read()
    before = value.copy()
    opened.close()
    opened.close()
    np.testing.assert_array_equal(value, before)
    value += 1
    with pytest.raises(ValueError, match=r"The file is closed.*Received: path="):
        array.read()


def test_a_mapping_as_any(sampled):
    with open_arrays(sampled / "w.npz") as opened:
        assert "a" in opened
        assert "b" not in opened
        assert list(opened.items()) == [("a", opened["a"])]
        with pytest.raises(KeyError, match="b"):
            opened["b"]
        assert repr(opened).startswith("<NpzFile of 1 arrays, path='")
        assert repr(opened["a"]) == (
            "LazyArray(name='a', shape=(3,), dtype=dtype('float32'))"
        )


def test_safetensors_is_not_installed(sampled, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"pip install .*\[hub\]"):
        open_arrays(sampled / "w.safetensors")
