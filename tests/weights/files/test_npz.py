"""NumPy archives, against NumPy's own writers."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from keras_resnet.weights.files import open_arrays

MEBIBYTE = 2**20


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes(tmp_path, arrays, assert_equal, save):
    arrays["swapped"] = arrays["double"].astype(">f8")
    arrays["columns"] = np.asfortranarray(arrays["half"])
    arrays["../a\nb"] = arrays["double"]
    save(tmp_path / "w.npz", **arrays)
    with open_arrays(tmp_path / "w.npz") as opened:
        assert opened.metadata == {}
        assert_equal(opened, arrays)


def test_opening_unpacks_no_array(tmp_path):
    np.savez_compressed(
        tmp_path / "w.npz", **{str(i): np.zeros(MEBIBYTE) for i in "ab"}
    )
    tracemalloc.start()
    try:
        with open_arrays(tmp_path / "w.npz") as opened:
            assert tracemalloc.get_traced_memory()[1] < 2 * MEBIBYTE
            opened["a"].read()
        assert tracemalloc.get_traced_memory()[1] < 12 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}]),
        np.array(["text"]),
        np.array([b"text"]),
        np.array([1j]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        np.array(["2015-12-10"], "datetime64[D]"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_dtypes_that_no_weights_have(tmp_path, array):
    np.savez(tmp_path / "w.npz", good=np.ones(3), bad=array)
    with pytest.raises(ValueError, match=r"holds in 'bad' values of type.*path='"):
        open_arrays(tmp_path / "w.npz")


def header(shape, descr="<f4", version=1):
    """The start of a member, with a shape that need not be true."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode()


def write_members(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.npy", header((2,)) + bytes(4))], "of another size than it holds"),
        ([("a.npy", header((2,)) + bytes(12))], "of another size than it holds"),
        ([("a.npy", header((10**12,)))], "would unpack 'a' from"),
        ([("a.npy", header((10**30, 10**30)))], "would unpack 'a' from"),
        ([("a.npy", header((-2, -2)) + bytes(16))], r"the shape \(-2, -2\)"),
        ([("a.npy", header((0, 10**30)))], "Not a NumPy archive, or a damaged one"),
        ([("a.npy", header("(2,", version=1))], "Not a NumPy archive"),
        ([("a.npy", header((1,), version=3) + bytes(4))], r"format version \(3, 0\)"),
        ([("a.npy", header((1,), version=9) + bytes(4))], r"format version \(9, 0\)"),
        ([("a.npy", header("-" * 9000 + "1"))], "Not a NumPy archive"),
        ([("a.npy", header("(" * 9000))], "Not a NumPy archive"),
        ([("a.npy", b"")], "Not a NumPy archive"),
        ([("a.npy", header((1,)) + bytes(4))] * 2, "two arrays named 'a'"),
        ([("a.npy", header((1,)) + bytes(4)), ("b.txt", "")], "'b.txt', which is no"),
        ([("a.npy", header((1,)) + bytes(4)), ("b/", "")], "'b/', which is no array"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_members_that_lie(tmp_path, members, message):
    write_members(tmp_path / "w.npz", members)
    with (
        pytest.raises(ValueError, match=rf"{message}.* Received: path='.*w.npz'$"),
        open_arrays(tmp_path / "w.npz") as opened,
    ):
        opened["a"].read()


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_numpy_does_not_write(tmp_path, compression):
    members = [("a.npy", header((1,)) + bytes(4))]
    write_members(tmp_path / "w.npz", members, compression)
    with pytest.raises(ValueError, match=r"packs 'a.npy' in a way.*Received: path="):
        open_arrays(tmp_path / "w.npz")


def write_zeros(path, name, start, size):
    """Write a member of many zeros without holding them."""
    zeros = bytes(8 * MEBIBYTE)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        member.write(start)
        for _ in range(size // len(zeros)):
            member.write(zeros)


def test_bombs_are_refused_before_they_unpack(tmp_path):
    size = 1032 * MEBIBYTE
    write_zeros(tmp_path / "array.npz", "a.npy", header((size // 4,)), size)
    # A header alone may declare four gigabytes of itself.
    start = b"\x93NUMPY\x02\x00" + struct.pack("<I", 64 * MEBIBYTE)
    write_zeros(tmp_path / "header.npz", "a.npy", start, 64 * MEBIBYTE)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"from [\d,]+ to 1,082,130,432 bytes"):
            open_arrays(tmp_path / "array.npz")
        with pytest.raises(ValueError, match=r"Not a NumPy archive.*Received: path="):
            open_arrays(tmp_path / "header.npz")
        assert tracemalloc.get_traced_memory()[1] < 2 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_zeros_as_a_new_classifier_has_them_are_read(tmp_path, assert_equal):
    arrays = {"fc.weight": np.zeros((1000, 2048), "float32")}
    np.savez_compressed(tmp_path / "w.npz", **arrays)
    assert (tmp_path / "w.npz").stat().st_size < 10_000
    with open_arrays(tmp_path / "w.npz") as opened:
        assert_equal(opened, arrays)


def test_flipped_bits_are_told_by_the_checksum(tmp_path, arrays, rng):
    arrays["conv1.weight"] = rng.normal(size=(64, 3, 7, 7))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    content = bytearray(buffer.getvalue())
    at = content.find(arrays["conv1.weight"].tobytes())
    content[at + 50_000] ^= 1
    (tmp_path / "w.npz").write_bytes(content)
    with open_arrays(tmp_path / "w.npz") as opened:
        np.testing.assert_array_equal(opened["double"].read(), arrays["double"])
        with pytest.raises(ValueError, match=r"\(Bad CRC-32.*Received: path="):
            opened["conv1.weight"].read()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_checksums_are_compared(tmp_path, rng, save):
    save(tmp_path / "w.npz", w=rng.normal(size=(64, 3, 7, 7)))
    content = bytearray((tmp_path / "w.npz").read_bytes())
    # Where the list of members keeps the checksum of the first.
    content[content.find(b"PK\x01\x02") + 16] ^= 1
    (tmp_path / "w.npz").write_bytes(content)
    with (
        pytest.raises(ValueError, match=r"\(Bad CRC-32.*Received: path="),
        open_arrays(tmp_path / "w.npz") as opened,
    ):
        opened["w"].read()
