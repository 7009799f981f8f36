"""NumPy archives, member by member and without pickles."""

import io
import zipfile
from contextlib import ExitStack

import numpy as np

from keras_resnet.weights.files.array_file import ArrayFile, brief
from keras_resnet.weights.files.signatures import NPZ

# NumPy writes no others, and some of the others take memory as the file likes.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# The longest header of an array that is looked at, several times that of any
# weights. NumPy takes a header of 4 GiB before it measures it, and hands one of
# 10 kB to Python's parser, which a deep enough nest of brackets exhausts.
LONGEST_HEADER = 1024


class NpzFile(ArrayFile):
    """An archive of `np.savez` or `np.savez_compressed`."""

    noun = NPZ.noun

    def _open(self, resources: ExitStack) -> None:
        self._size = self.path.stat().st_size
        self._archive = resources.enter_context(zipfile.ZipFile(self.path))
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._archive.infolist():
            if not member.filename.endswith(".npy"):
                raise self._refusal(
                    f"holds {brief(member.filename)}, which is no array"
                )
            if member.compress_type not in COMPRESSIONS:
                raise self._refusal(
                    f"packs {brief(member.filename)} in a way that NumPy does not"
                )
            self._declare_member(member)

    def _declare_member(self, member: zipfile.ZipInfo) -> None:
        with self._archive.open(member) as file:
            start = io.BytesIO(file.read(LONGEST_HEADER))
        version = np.lib.format.read_magic(start)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(start)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(start)
        else:
            # Version 3 is for the names of the fields of structured arrays.
            raise ValueError(f"an array of format version {version}")
        name = member.filename.removesuffix(".npy")
        stored = min(member.compress_size, self._size)
        self._declare(name, shape, dtype, stored=stored)
        if self._arrays[name].nbytes + start.tell() != member.file_size:
            raise self._refusal(f"declares {brief(name)} of another size than it holds")
        self._members[name] = member

    def _load(self, name: str) -> np.ndarray:
        # With the last byte of the member its checksum is compared.
        with self._archive.open(self._members[name]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
