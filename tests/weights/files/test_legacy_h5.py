"""Legacy Keras files, against Keras's own writer."""

import re

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from keras_resnet.weights.files import open_arrays


def network():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv1_conv")(inputs)
    x = keras.layers.BatchNormalization(name="conv1_bn")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, keras.layers.Dense(5, name="predictions")(x))


def by_name(model):
    """The weights as Keras's own variables name them."""
    return {
        "/".join(variable.path.split("/")[-2:]): np.array(variable)
        for variable in model.weights
    }


@pytest.fixture
def model(randomize):
    return randomize(network())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "w.h5"


def test_reads_what_keras_writes(path, model, assert_equal):
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    with open_arrays(path) as opened:
        assert opened.metadata == {}
        assert_equal(opened, by_name(model))


@pytest.mark.filterwarnings("ignore")
def test_reads_whole_models(tmp_path, model, assert_equal):
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 8, 8, 3)), np.zeros((2, 5)))
    model.save(tmp_path / "whole.hdf5")
    with open_arrays(tmp_path / "whole.hdf5") as opened:
        assert_equal(opened, by_name(model))


def test_older_texts_and_names(path, assert_equal):
    # Before version 3, h5py wrote texts of a fixed length; Keras 1 named the
    # statistics otherwise; a long list was cut into numbered attributes.
    value = np.arange(4, dtype=">f4")
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["layer_names0"] = np.array([b"bn"])
        group = file.create_group("bn")
        group.attrs["weight_names"] = np.array([b"running_std:0"])
        group["running_std:0"] = value
        group["inner/conv/kernel:0"] = value
        file.create_group("pool")
    with open_arrays(path) as opened:
        assert_equal(opened, {"bn/moving_variance": value, "conv/kernel": value})


@pytest.fixture
def layer(path):
    """An open file with one group to put something into."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["conv"]
        yield file.create_group("conv")
        file.close()


@pytest.fixture
def refused(path, layer):
    def check(message):
        layer.file.close()
        with pytest.raises(ValueError, match=rf"{message}.* Received: path='.*w.h5'$"):
            open_arrays(path)

    return check


@pytest.mark.parametrize(
    "link",
    [
        h5py.ExternalLink("other.h5", "/secret"),
        h5py.SoftLink("/elsewhere"),
        h5py.SoftLink("/conv/nowhere"),
    ],
    ids=["external", "soft", "dangling"],
)
@pytest.mark.parametrize("place", ["array", "group", "model"])
def test_links_are_refused(tmp_path, layer, refused, link, place):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.ones(2)
    layer.file["elsewhere"] = np.ones(2)
    name = {"array": "conv/kernel:0", "group": "bn", "model": "model_weights"}[place]
    layer.file[name] = link
    refused(rf"only a link to elsewhere at '{re.escape(name.split('/')[-1])}'")


def test_arrays_in_other_files_are_refused(tmp_path, layer, refused):
    (tmp_path / "secret").write_bytes(bytes(16))
    external = [(tmp_path / "secret", 0, 16)]
    layer.create_dataset("kernel:0", (4,), "f4", external=external)
    refused("keeps 'conv/kernel' otherwise than in one piece")


def test_views_of_other_arrays_are_refused(layer, refused):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (4,))
    layer.create_virtual_dataset("kernel:0", layout)
    refused("keeps 'conv/kernel' otherwise than in one piece")


@pytest.mark.parametrize(
    "arguments",
    [{"compression": "gzip"}, {"chunks": (10,)}, {"shuffle": True}],
    ids=str,
)
def test_chunks_are_refused(layer, refused, arguments):
    layer.create_dataset("kernel:0", data=np.zeros(100, "f4"), **arguments)
    refused("keeps 'conv/kernel' otherwise than in one piece")


def test_bombs_are_refused(layer, refused):
    # Nothing of it was ever written.
    layer.create_dataset("kernel:0", (2**28,), "f4")
    refused("declares 'conv/kernel' of another size than it holds")


def test_great_bombs_are_refused(layer, refused):
    layer.create_dataset("kernel:0", (2**50,), "f4")
    refused("would unpack 'conv/kernel' from 0 to")


@pytest.mark.parametrize(
    "value",
    [b"text", "text", np.ones(2, complex), np.zeros(1, [("a", "f4"), ("b", "i4")])],
    ids=["bytes", "text", "complex", "structured"],
)
def test_dtypes_that_no_weights_have(layer, refused, value):
    layer["kernel:0"] = value
    refused("holds in 'conv/kernel' values of type")


def test_strange_contents_are_refused(layer, refused):
    layer["again"] = layer
    refused("has the group '/conv/again' twice")


def test_arrays_beside_the_layers_are_refused(layer, refused):
    layer.file["kernel:0"] = np.ones(2)
    refused("has '/kernel:0' beside its layers")


def test_arrays_of_one_name_are_refused(layer, refused):
    layer["kernel:0"] = layer["kernel:1"] = np.ones(2)
    refused("two arrays named 'conv/kernel'")


def test_arrays_that_are_empty_are_refused(layer, refused):
    layer["kernel:0"] = h5py.Empty("f4")
    refused("holds nothing at 'conv/kernel'")


def test_types_beside_the_layers_are_refused(layer, refused):
    layer["type"] = np.dtype("f4")
    refused("has '/conv/type' beside its layers")


def test_strange_names_are_read(layer, path, assert_equal):
    names = ["..", "a\nb\t\x1b[31m", "é漢😀", "b" * 5000, "a b"]
    for name in names:
        layer[f"{name}:0"] = np.ones(2)
    layer.file.close()
    with open_arrays(path) as opened:
        assert_equal(opened, {f"conv/{name}": np.ones(2) for name in names})


def test_files_of_another_layout(path, model):
    model.save_weights(path.with_suffix(".weights.h5"))
    with pytest.raises(
        ValueError, match=r"no attribute `layer_names`.*Received: path="
    ):
        open_arrays(path.with_suffix(".weights.h5"))
