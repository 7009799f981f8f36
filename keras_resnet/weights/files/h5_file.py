"""HDF5 files whose arrays stand in them in one piece."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from keras_resnet.weights.files.array_file import ArrayFile, brief
from keras_resnet.weights.files.signatures import HDF5


class H5File(ArrayFile):
    """An HDF5 file as Keras writes it.

    Only what Keras writes is read: arrays that stand in the file itself, each
    in one piece. Chunks and compression, links to elsewhere, arrays kept in
    other files and views of other arrays are refused: each of them lets a small
    file ask for unbounded memory, or for another file of the reader's machine.
    """

    noun = HDF5.noun

    def _open(self, resources: ExitStack) -> None:
        # h5py comes with Keras; it is imported here to keep `import keras_resnet`
        # as light as `import keras`.
        import h5py

        self._size = self.path.stat().st_size
        self._datasets: dict[str, h5py.Dataset] = {}
        self._visited: set[int] = set()
        self._declare_all(resources.enter_context(h5py.File(self.path, "r")))

    def _declare_all(self, file) -> None:
        """Declare the arrays of an open file; a subclass says which."""
        raise NotImplementedError(
            f"{type(self).__name__} must say which arrays it has in `_declare_all`."
        )

    def _load(self, name: str) -> np.ndarray:
        return self._datasets[name][()]

    def _walk(self, group, above: tuple[str, ...] = ()) -> Iterator[tuple]:
        """Give the path below a layer of each of its arrays, and the array."""
        import h5py

        if not isinstance(group, h5py.Group):
            raise self._refusal(f"has {brief(group.name)} beside its layers")
        address = h5py.h5o.get_info(group.id).addr
        if address in self._visited:
            raise self._refusal(f"has the group {brief(group.name)} twice")
        self._visited.add(address)
        for name in group:
            member, path = self._member(group, name), (*above, name)
            if isinstance(member, h5py.Dataset):
                yield "/".join(path), member
            else:
                yield from self._walk(member, path)

    def _member(self, group, name: str):
        import h5py

        # h5py's own look-up of a link would follow it first.
        link = group.id.links.get_info(name.encode("utf-8", "surrogateescape"))
        if link.type != h5py.h5l.TYPE_HARD:
            raise self._refusal(f"has only a link to elsewhere at {brief(name)}")
        return group[name]

    def _declare_dataset(self, name: str, dataset) -> None:
        import h5py

        if dataset.shape is None:
            raise self._refusal(f"holds nothing at {brief(name)}")
        layout = dataset.id.get_create_plist()
        in_one_piece = layout.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
        if not in_one_piece or layout.get_nfilters() or layout.get_external_count():
            raise self._refusal(
                f"keeps {brief(name)} otherwise than in one piece, as Keras does"
            )
        stored = dataset.id.get_storage_size()
        self._declare(name, dataset.shape, dataset.dtype, stored=stored)
        if self._arrays[name].nbytes != stored or stored > self._size:
            raise self._refusal(f"declares {brief(name)} of another size than it holds")
        self._datasets[name] = dataset
