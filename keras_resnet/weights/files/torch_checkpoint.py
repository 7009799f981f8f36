"""Checkpoints of PyTorch, through its loader of plain values alone."""

import io
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack

import numpy as np

from keras_resnet.weights.files.array_file import ArrayFile, brief
from keras_resnet.weights.files.signatures import TORCH

# Before this version a file could get round `weights_only` (CVE-2025-32434).
OLDEST_TORCH = (2, 6)

# Before it wrote archives, torch.save began a file with a magic number, the
# protocol, the machine, the content and the names of the storages.
LEGACY_PICKLES = 5

# Where training programs keep the state dict beside other things, the first
# that is there being taken; and where its moving average.
STATE_DICTS = ("state_dict", "model_state_dict", "model_state", "model", "net")
AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict")


class TorchCheckpoint(ArrayFile):
    """A checkpoint of `torch.save`: a state dict, or a dict that has one.

    A state dict inside another dict is looked for under `STATE_DICTS`, then
    under `AVERAGED`, and what else the outer dict holds is left. The key is
    `metadata["state_dict"]`. Where there are several, or only an average, a
    warning says which was taken.
    """

    noun = TORCH.noun

    def _open(self, resources: ExitStack) -> None:
        torch = _import_torch()
        self._size = self.path.stat().st_size
        if zipfile.is_zipfile(self.path):
            self._check_archive()
            content = torch.load(
                self.path, map_location="cpu", mmap=True, weights_only=True
            )
        else:
            with _BoundedFile(self.path.open("rb", buffering=0)) as file:
                for _ in range(LEGACY_PICKLES):
                    self._check_pickle(file)
                file.seek(0)
                content = torch.load(file, map_location="cpu", weights_only=True)
        self._tensors = self._state_dict(content)
        resources.callback(self._tensors.clear)
        for name, tensor in self._tensors.items():
            self._declare_tensor(torch, name, tensor)

    def _load(self, name: str) -> np.ndarray:
        tensor = self._tensors[name].detach().contiguous()
        dtype = self._arrays[name].dtype
        if dtype.name == "bfloat16":
            # NumPy itself has no such type to hand over.
            import torch

            return tensor.view(torch.uint16).numpy().view(dtype).copy()
        return tensor.numpy().copy()

    def _check_archive(self) -> None:
        with zipfile.ZipFile(self.path) as archive:
            members = archive.infolist()
            if any(member.filename.endswith("/constants.pkl") for member in members):
                raise self._refusal("is a program of TorchScript")
            for member in members:
                # Mapped into memory, packed bytes would be taken for values.
                if member.compress_type != zipfile.ZIP_STORED:
                    raise self._refusal(
                        f"packs {brief(member.filename)}, as PyTorch does not"
                    )
                if max(member.compress_size, member.file_size) > self._size:
                    raise self._refusal(
                        f"declares {brief(member.filename)} larger than it is itself"
                    )
                if member.filename.endswith("/data.pkl"):
                    self._check_pickle(io.BytesIO(archive.read(member)))

    def _check_pickle(self, file) -> None:
        import pickletools  # Reads a pickle's operations and runs none.

        # Of what PyTorch lets a pickle call, this takes any memory it is told to.
        for operation, argument, _ in pickletools.genops(file):
            if operation.name == "GLOBAL" and argument.split()[-1] == "bytearray":
                raise self._refusal("holds a bytearray")

    def _state_dict(self, content) -> dict:
        if not isinstance(content, Mapping):
            raise self._refusal(f"holds a {type(content).__name__} and no dict")
        found = [
            key
            for key in (*STATE_DICTS, *AVERAGED)
            if isinstance(content.get(key), Mapping)
        ]
        if not found:
            return dict(content)
        taken, *others = found
        self.metadata["state_dict"] = taken
        if others or taken in AVERAGED:
            rest = f"; {', '.join(map(repr, others))} left" if others else ""
            warnings.warn(
                f"The weights under {taken!r} are taken{rest}. "
                f"Received: path='{self.path}'",
                stacklevel=5,
            )
        return dict(content[taken])

    def _declare_tensor(self, torch, name, tensor) -> None:
        if not isinstance(tensor, torch.Tensor):
            raise self._refusal(
                f"holds under {brief(name)} a {type(tensor).__name__} and no tensor"
            )
        plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not plain or tensor.is_nested or tensor.is_quantized:
            raise self._refusal(f"holds under {brief(name)} no plain tensor")
        dtype = str(tensor.dtype).removeprefix("torch.")
        # A view can declare any shape over a few bytes.
        stored = tensor.untyped_storage().nbytes()
        if stored > self._size:
            raise self._refusal(f"declares {brief(name)} of another size than it holds")
        self._declare(name, tensor.shape, dtype, stored=stored)

    def _reason(self, error: Exception) -> str:
        # PyTorch's own words advise to unpickle the file without the check.
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        if asked:
            return (
                f"it asks for {brief(asked[1])}, and nothing but tensors and plain "
                "values is ever unpickled; where you trust it, save its state dict "
                "alone with PyTorch"
            )
        return super()._reason(error).partition(". In PyTorch 2.6")[0]


class _BoundedFile(io.BufferedReader):
    """A file that takes no memory for more bytes than it has left."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 0:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


def _import_torch():
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            "torch is not installed, which alone reads PyTorch checkpoints. Install "
            "it with: pip install torch",
            name="torch",
        ) from error
    if tuple(map(int, torch.__version__.split(".")[:2])) < OLDEST_TORCH:
        raise ImportError(
            "PyTorch before 2.6 does not read checkpoints safely. Upgrade it with: "
            f"pip install --upgrade torch. Received: version={torch.__version__}",
            name="torch",
        )
    return torch
