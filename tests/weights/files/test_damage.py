"""Damaged files of every format: always one `ValueError`, never more memory."""

import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keras_resnet.weights.files import UnreadableFile, open_arrays

MEBIBYTE = 2**20

# PyTorch and Python warn of what they stumble over a moment later.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Detected pickle protocol"),
    pytest.mark.filterwarnings("ignore:invalid escape sequence"),
]

# The same examples in every run, and nothing kept between runs.
repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ARRAYS = {"conv1.weight": np.linspace(0, 1, 60, dtype="float32"), "n": np.array(7)}


def write_safetensors(path):
    pytest.importorskip("safetensors.numpy").save_file(ARRAYS, path, {"a": "b"})


def write_npz(path):
    np.savez(path, **ARRAYS)


def write_packed_npz(path):
    np.savez_compressed(path, **ARRAYS)


def write_h5(path, libver=None, texts=list):
    with h5py.File(path, "w", libver=libver) as file:
        file.attrs["layer_names"] = texts([b"conv", b"bn"])
        for layer in ("conv", "bn"):
            group = file.create_group(layer)
            group.attrs["weight_names"] = texts([b"kernel:0"])
            group["kernel:0"] = ARRAYS["conv1.weight"]


def write_newer_h5(path):
    write_h5(path, libver="latest", texts=np.array)


def write_torch(path, archive=True):
    torch = pytest.importorskip("torch")
    content = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}
    torch.save(content, path, _use_new_zipfile_serialization=archive)


def write_legacy_torch(path):
    write_torch(path, archive=False)


WRITERS = {
    write_safetensors: ".safetensors",
    write_npz: ".npz",
    write_packed_npz: ".npz",
    write_h5: ".h5",
    write_newer_h5: ".h5",
    write_torch: ".pth",
    write_legacy_torch: ".pth",
}

every_format = pytest.mark.parametrize(
    "write", WRITERS, ids=lambda write: write.__name__.removeprefix("write_")
)


@pytest.fixture
def good(tmp_path, write):
    """The path of a good file, and its bytes."""
    path = tmp_path / f"w{WRITERS[write]}"
    write(path)
    return path, path.read_bytes()


def read_all(path):
    with open_arrays(path) as opened:
        return {name: array.read() for name, array in opened.items()}


def check(path, content):
    """Read `content` as a file: it may be whole still, or a `ValueError` tells."""
    path.write_bytes(content)
    try:
        arrays = read_all(path)
    except UnreadableFile as error:
        message = str(error)
        assert message.endswith(f". Received: path='{path}'")
        assert "\n" not in message
        assert len(message) < 500 + len(str(path))
        return None
    assert sum(array.nbytes for array in arrays.values()) <= 10 * len(content)
    return arrays


@every_format
def test_truncated_files(good):
    path, content = good
    lengths = {1, 7, 8, 9, 100, *range(0, len(content), len(content) // 60 + 1)}
    for length in sorted({*lengths, len(content) - 8, len(content) - 1}):
        if length < len(content):
            assert check(path, content[:length]) is None, length


@every_format
def test_flipped_bits(good):
    path, content = good
    for place in range(0, len(content), len(content) // 150 + 1):
        for bit in (0, 3, 7):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            check(path, flipped)


@every_format
@repeatable
@given(data=st.data())
def test_overwritten_headers(good, data):
    path, content = good
    written = bytearray(content)
    # Where nothing stands, nothing is told.
    places = [place for place, byte in enumerate(content[:8192]) if byte]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(places))
        piece = data.draw(
            st.binary(min_size=1, max_size=8)
            | st.sampled_from([b"\xff" * 8, b"\x00" * 8, b"\x7f" + b"\xff" * 7])
        )
        written[place : place + len(piece)] = piece
    check(path, written)


@every_format
@repeatable
@given(tail=st.binary(max_size=400), kept=st.integers(0, 600))
@example(tail=b"", kept=0)
def test_bytes_after_a_good_start(good, tail, kept):
    path, content = good
    if kept < len(content):
        check(path, content[:kept] + tail)


@every_format
def test_damage_takes_no_memory(good):
    path, content = good
    read_all(path)
    tracemalloc.start()
    try:
        for place in range(0, len(content) - 8, len(content) // 100 + 1):
            for piece in (
                b"\xff" * 8,
                (2**40).to_bytes(8, "little"),
                b"\xff\xff\xff\x7f",
            ):
                written = bytearray(content)
                written[place : place + len(piece)] = piece
                check(path, written)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    finally:
        tracemalloc.stop()
