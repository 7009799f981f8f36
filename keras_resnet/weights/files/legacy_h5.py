"""HDF5 files of weights as Keras wrote them before version 3."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from keras_resnet.weights.files.array_file import ArrayFile, brief
from keras_resnet.weights.files.signatures import HDF5

# The attribute that lists the layers; cut into numbered ones where it is long.
MARKS = ("layer_names", "layer_names0")

# Keras 1 and 2 wrote these two names for the variables of batch normalization.
OLDER_NAMES = {"running_mean": "moving_mean", "running_std": "moving_variance"}


class LegacyH5File(ArrayFile):
    """A legacy Keras file; its arrays are named `"layer/variable"`.

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
        group = resources.enter_context(h5py.File(self.path, "r"))
        if group.id.links.exists(b"model_weights"):
            group = self._member(group, "model_weights")
        if not any(mark in group.attrs for mark in MARKS):
            raise self._refusal(
                "has no attribute `layer_names`, by which a legacy Keras file of "
                "weights lists its layers"
            )
        # The groups say the same as the lists of names in the attributes. Of the
        # two only the groups are read, because the texts of an attribute stand
        # in a heap that makes the HDF5 library hang or crash where it is damaged.
        for layer in group:
            for weight, dataset in self._walk(self._member(group, layer)):
                self._declare_dataset(_name(layer, weight), dataset)

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


def _name(layer: str, weight: str) -> str:
    # A layer made of layers says which of them a weight belongs to.
    *scopes, variable = weight.split("/")
    variable = variable.split(":")[0]
    owner = scopes[-1] if scopes else layer
    return f"{owner}/{OLDER_NAMES.get(variable, variable)}"
