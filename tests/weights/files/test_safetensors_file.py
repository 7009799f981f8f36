"""Safetensors files, against the library's own writers and reader."""

import json

import numpy as np
import pytest

from keras_resnet.weights.files import open_arrays, write_safetensors

library = pytest.importorskip("safetensors.numpy")

STRANGE_NAMES = (
    "",
    "..",
    "../../up",
    "/root",
    "a\nb\t\x00\x1b[31m",
    "é漢😀",
    "a" * 5000,
)


def test_reads_what_the_library_writes(tmp_path, arrays, bfloat16, assert_equal):
    path = tmp_path / "w.safetensors"
    library.save_file(arrays, path, metadata={"format": "np", "é": "漢"})
    with open_arrays(path) as opened:
        assert opened.metadata == {"format": "np", "é": "漢"}
        assert_equal(opened, arrays)
    write_safetensors(path, {"conv": bfloat16}, {})
    with open_arrays(str(path)) as opened:
        assert opened.metadata == {}
        assert_equal(opened, {"conv": bfloat16})


def test_reads_what_pytorch_writes(tmp_path, arrays, assert_equal):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    path = tmp_path / "w.safetensors"
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    values = torch.linspace(-2, 2, 7, dtype=torch.bfloat16)
    save_file(tensors, path)
    with open_arrays(path) as opened:
        assert_equal(opened, arrays)
    save_file({"conv": values}, path)
    with open_arrays(path) as opened:
        assert opened["conv"].dtype.name == "bfloat16"
        read = opened["conv"].read()
    np.testing.assert_array_equal(read.astype("float32"), values.float().numpy())


def test_the_library_reads_what_is_written(tmp_path, arrays):
    path = tmp_path / "folder" / "w.safetensors"
    write_safetensors(path, arrays, {"made": "here"})
    read = library.load_file(path)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_writes_arrays_as_they_are_indexed(tmp_path, rng):
    # The library alone writes the memory of these as it lies.
    base = rng.normal(size=(4, 6)).astype("float32")
    arrays = {
        "transposed": base.T,
        "steps": base[::2, ::-1],
        "broadcast": np.broadcast_to(base[0], (5, 6)),
        "big endian": base.astype(">f4"),
        "scalar": np.asarray(base[0, 0]),
    }
    write_safetensors(tmp_path / "w.safetensors", arrays)
    read = library.load_file(tmp_path / "w.safetensors")
    for name, array in arrays.items():
        assert read[name].shape == array.shape
        np.testing.assert_array_equal(read[name], array)


def test_strange_names_survive(tmp_path, rng, assert_equal):
    arrays = {name: rng.normal(size=3) for name in STRANGE_NAMES}
    write_safetensors(tmp_path / "w.safetensors", arrays, {"..": "\x00"})
    with open_arrays(tmp_path / "w.safetensors") as opened:
        assert_equal(opened, arrays)
        assert opened.metadata == {"..": "\x00"}


@pytest.mark.parametrize(
    ("arrays", "metadata", "error", "message"),
    [
        ({"a": [1.0]}, {}, TypeError, "text to `np.ndarray`. Received: list under 'a'"),
        ({1: np.ones(1)}, {}, TypeError, "Received: ndarray under 1"),
        ({"a": np.ones(1, complex)}, {}, ValueError, "Received: complex128 under 'a'"),
        ({"a": np.array(["x"])}, {}, ValueError, "Received: <U1 under 'a'"),
        ({"a": np.array([{}])}, {}, ValueError, "Received: object under 'a'"),
        ({"__metadata__": np.ones(1)}, {}, ValueError, "reserves.*'__metadata__'"),
        ({"a": np.ones(1)}, {"epoch": 3}, TypeError, r"Received: metadata=\{'epoch'"),
    ],
)
def test_what_is_not_written(tmp_path, arrays, metadata, error, message):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"older")
    with pytest.raises(error, match=message):
        write_safetensors(path, arrays, metadata)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_writes_no_other_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"end in '.safetensors'. Received: path="):
        write_safetensors(tmp_path / "w.npz", {})


def write_header(path, header, size):
    text = json.dumps(header) if isinstance(header, dict) else header
    path.write_bytes(len(text).to_bytes(8, "little") + text.encode() + b"\x00" * size)


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
    "header",
    [
        {"a": entry(offsets=(0, 4))},
        {"a": entry(offsets=(8, 0))},
        {"a": entry(offsets=(0, 2**63))},
        {"a": entry(shape=(2**40,))},
        {"a": entry(shape=(2**40, 2**40))},
        {"a": entry(shape=(-2,))},
        {"a": entry(), "b": entry()},
        {"a": entry("C64", (1,))},
        {"a": entry("F8_E4M3", (8,))},
        {"a": entry("S8", (1,))},
        {"a": {}},
        {"a": None},
        {"__metadata__": {"a": 1}},
        {"__metadata__": ["a"], "a": entry()},
        '{"a": ' * 5000,
        "[" * 50_000,
        "{}",
        "{",
    ],
    ids=lambda header: str(header)[:40],
)
def test_headers_that_lie(tmp_path, header):
    path = tmp_path / "w.safetensors"
    write_header(path, header, 8)
    with pytest.raises(ValueError, match=r"Received: path='.*w.safetensors'$"):
        open_arrays(path)


def test_dtypes_that_no_weights_have(tmp_path):
    library.save_file({"a": np.ones(2, "complex64")}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"holds in 'a' values of type 'C64'.*path="):
        open_arrays(tmp_path / "w.safetensors")
