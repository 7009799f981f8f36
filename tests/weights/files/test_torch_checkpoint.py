"""PyTorch checkpoints, against torch.save; what they must not do."""

import argparse
import os
import pickle
import sys
import warnings
import zipfile

import numpy as np
import pytest

from keras_resnet.weights.files import open_arrays, torch_checkpoint

torch = pytest.importorskip("torch")

LAYOUTS = pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])


def save(content, path, archive=True):
    torch.save(content, path, _use_new_zipfile_serialization=archive)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "w.pth"


@pytest.fixture
def tensors(arrays):
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@LAYOUTS
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".th", ".bin", ".PTH"])
def test_reads_what_pytorch_writes(
    tmp_path, arrays, tensors, assert_equal, archive, suffix
):
    tensors["columns"] = torch.from_numpy(arrays["half"]).T
    tensors["part"] = torch.arange(100.0)[10:30:2]
    tensors["parameter"] = torch.nn.Parameter(torch.ones(2))
    path = tmp_path / f"w{suffix}"
    save(tensors, path, archive)
    with open_arrays(path) as opened:
        assert opened.metadata == {}
        assert_equal(opened, {k: v.detach().numpy() for k, v in tensors.items()})
        kept = opened["conv1.weight"].read()
    path.write_bytes(b"")
    np.testing.assert_array_equal(kept, arrays["conv1.weight"])


@LAYOUTS
def test_bfloat16(path, archive):
    values = torch.linspace(-2, 2, 6, dtype=torch.bfloat16).reshape(2, 3).T
    save({"a": values, "b": values[0, 0]}, path, archive)
    with open_arrays(path) as opened:
        assert opened["a"].dtype.name == "bfloat16"
        read = {name: array.read() for name, array in opened.items()}
    np.testing.assert_array_equal(read["a"].astype("float32"), values.float().numpy())
    assert read["b"].shape == ()


def test_state_dict_of_a_module(path):
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    save(module.state_dict(), path)
    with open_arrays(path) as opened:
        assert list(opened) == list(module.state_dict())
        for name, tensor in module.state_dict().items():
            np.testing.assert_array_equal(opened[name].read(), tensor.numpy())


OURS, AVERAGE = {"w": torch.zeros(2)}, {"w": torch.ones(2)}


@pytest.mark.parametrize(
    ("content", "taken", "warning"),
    [
        ({"state_dict": OURS, "epoch": 3, "arch": "resnet50"}, "state_dict", None),
        (
            {"model": OURS, "optimizer": {"a": [1]}, "best": torch.ones(1)},
            "model",
            None,
        ),
        ({"net": OURS, "acc": 0.9}, "net", None),
        ({"model_state": OURS}, "model_state", None),
        ({"model_state_dict": OURS}, "model_state_dict", None),
        ({"model": "resnet50", "state_dict": OURS}, "state_dict", None),
        (
            {"state_dict_ema": AVERAGE, "state_dict": OURS},
            "state_dict",
            "'state_dict' are taken; 'state_dict_ema' left. Received: path=",
        ),
        (
            {"model_ema": AVERAGE, "model": OURS, "state_dict": OURS},
            "state_dict",
            "'state_dict' are taken; 'model', 'model_ema' left. Received: path=",
        ),
    ],
)
def test_state_dicts_inside_other_dicts(path, content, taken, warning):
    save(content, path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with open_arrays(path) as opened:
            assert opened.metadata == {"state_dict": taken}
            np.testing.assert_array_equal(opened["w"].read(), [0, 0])
    ours = [entry for entry in caught if "taken" in str(entry.message)]
    assert len(ours) == (warning is not None)
    if warning:
        assert warning in str(ours[0].message)
        assert ours[0].filename == __file__


def test_an_average_alone_is_taken_with_a_warning(path):
    save({"model_ema": AVERAGE}, path)
    with (
        pytest.warns(UserWarning, match=r"'model_ema' are taken. Received: path="),
        open_arrays(path) as opened,
    ):
        np.testing.assert_array_equal(opened["w"].read(), [1, 1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"w": torch.ones(1), "epoch": 3}, "under 'epoch' a int and no tensor"),
        ({"model": {"w": torch.ones(1), "n": None}}, "under 'n' a NoneType and no"),
        ({1: torch.ones(1)}, "names an array 1, which is no text"),
        ([torch.ones(1)], "holds a list and no dict"),
        (torch.ones(1), "holds a Tensor and no dict"),
        ({"w": torch.ones(1, dtype=torch.complex64)}, "values of type 'complex64'"),
        ({"w": torch.eye(2).to_sparse()}, "holds under 'w' no plain tensor"),
        ({"w": torch.ones(1, device="meta")}, "holds under 'w' no plain tensor"),
        ({"w": torch.ones(1).expand(2**30)}, "would unpack 'w' from 4 to"),
    ],
)
@LAYOUTS
def test_what_is_no_state_dict(path, content, message, archive):
    save(content, path, archive)
    with pytest.raises(ValueError, match=rf"{message}.* Received: path='.*w.pth'$"):
        open_arrays(path)


def test_quantized_tensors(path):
    # PyTorch warns that the type is on its way out.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save({"w": torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8)}, path)
        with pytest.raises(ValueError, match=r"no plain tensor.* Received: path="):
            open_arrays(path)


class Malicious:
    """An object whose unpickling runs a command."""

    def __init__(self, function, *arguments):
        self.arguments = function, arguments

    def __reduce__(self):
        return self.arguments


@LAYOUTS
@pytest.mark.parametrize("function", [os.system, eval, exec])
@pytest.mark.parametrize("forced", ["0", "1"])
def test_nothing_in_a_file_is_run(
    tmp_path, path, monkeypatch, archive, function, forced
):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", forced)
    touched = tmp_path / "touched"
    command = f'echo touched > "{touched}"'
    code = f"open({str(touched)!r}, 'w')"
    malice = Malicious(function, command if function is os.system else code)
    save({"w": torch.ones(1), "x": malice}, path, archive)
    pattern = r"it asks for '[\w.]+', and nothing but tensors.* Received: path='.*'$"
    with pytest.raises(ValueError, match=pattern) as error:
        open_arrays(path)
    assert "False" not in str(error.value)
    assert not touched.exists()
    # It would have run, had it been unpickled.
    torch.load(path, weights_only=False)
    assert touched.exists()


@LAYOUTS
@pytest.mark.parametrize(
    ("bomb", "message"),
    [
        (Malicious(bytearray, 2**33), "holds a bytearray"),
        (Malicious(torch.Tensor, 2**28), "declares 'x' of another size than it holds"),
    ],
)
def test_bombs_are_refused(path, bomb, message, archive):
    save({"w": torch.ones(1), "x": bomb}, path, archive)
    with pytest.raises(ValueError, match=rf"{message}.* Received: path="):
        open_arrays(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_bare_pickles_are_refused(tmp_path, path):
    touched = tmp_path / "touched"
    malice = Malicious(exec, f"open({str(touched)!r}, 'w')")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps({"w": malice}, protocol))
        with pytest.raises(ValueError, match=r"Received: path="):
            open_arrays(path)
    assert not touched.exists()


def test_objects_of_training_programs_are_refused(path):
    save({"state_dict": OURS, "args": argparse.Namespace(lr=0.1)}, path)
    with pytest.raises(ValueError, match="asks for 'argparse.Namespace'.*state dict"):
        open_arrays(path)


def test_torchscript_is_refused(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(2, 2)).save(path)
        with pytest.raises(
            ValueError, match="a program of TorchScript.*Received: path="
        ):
            open_arrays(path)


def test_packed_archives_are_refused(tmp_path, path):
    save({"w": torch.zeros(1000)}, tmp_path / "stored.pth")
    with (
        zipfile.ZipFile(tmp_path / "stored.pth") as stored,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    with pytest.raises(ValueError, match=r"packs 'stored/.*as PyTorch does not.*path="):
        open_arrays(path)


def test_pytorch_is_not_installed(path, monkeypatch):
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="pip install torch"):
        open_arrays(path)


def test_pytorch_is_too_old(path, monkeypatch):
    path.write_bytes(b"anything")
    oldest = ".".join(map(str, torch_checkpoint.OLDEST_TORCH))
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(ImportError, match=rf"before {oldest}.*version=2.5.1\+cpu"):
        open_arrays(path)
