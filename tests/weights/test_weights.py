"""Files of weights: read, checked, refused."""

import dataclasses
import hashlib
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

import keras_resnet
from keras_resnet.normalization import TORCH
from keras_resnet.weights import (
    AdaptedWeightsWarning,
    catalogue,
    find_card,
    load,
    load_card,
    named_variables,
    transfer,
)
from keras_resnet.weights.card import Card, Evaluation, File
from keras_resnet.weights.card_tables import CARDS


def resnet20(**arguments):
    return keras_resnet.ResNet20(include_top=False, **arguments)


def equal(first, second):
    return all(map(np.array_equal, first.get_weights(), second.get_weights()))


def save_legacy(model, path):
    """Write a file in the old layout, with Keras's own writer."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


@pytest.fixture
def trained(randomize):
    return randomize(resnet20())


@pytest.mark.parametrize("file", ["w.keras", "w.h5", "w.weights.h5"])
def test_loads_what_keras_saves(tmp_path, trained, file):
    path = tmp_path / file
    if file == "w.h5":
        save_legacy(trained, path)
    elif file == "w.keras":
        trained.save(path)
    else:
        trained.save_weights(path)
    model = resnet20()
    assert not equal(model, trained)
    load(model, path)
    assert equal(model, trained)
    assert equal(resnet20(weights=path), trained)
    assert equal(resnet20(weights=str(path)), trained)


def test_file_of_a_flat_model_fills_a_nested_one(tmp_path, trained, rng):
    trained.save(tmp_path / "w.keras")
    nested = resnet20(weights=tmp_path / "w.keras", nested=True)
    x = rng.normal(size=(1, 32, 32, 3))
    np.testing.assert_allclose(nested(x), trained(x), atol=1e-5)


@pytest.mark.parametrize("name", ["ResNet50", "ResNet50V2"])
def test_file_of_keras_applications(tmp_path, randomize, rng, name):
    arguments = {"weights": None, "classifier_activation": None}
    theirs = randomize(getattr(keras.applications, name)(**arguments))
    save_legacy(theirs, tmp_path / "theirs.h5")
    ours = getattr(keras_resnet, name)(
        **arguments | {"weights": tmp_path / "theirs.h5"}
    )
    x = rng.normal(size=(1, 224, 224, 3)).astype("float32")
    a, b = (keras.ops.convert_to_numpy(model(x)) for model in (ours, theirs))
    np.testing.assert_allclose(a / b.std(), b / b.std(), atol=1e-5)


@pytest.mark.parametrize("file", ["w.keras", "w.h5"])
def test_other_architecture_is_refused_whole(tmp_path, randomize, file):
    other = randomize(
        keras_resnet.create_model("resnet20", shortcut="B", include_top=False)
    )
    path = tmp_path / file
    save_legacy(other, path) if file == "w.h5" else other.save(path)
    model = resnet20()
    before = model.get_weights()
    message = r"10 unexpected: .*conv3_block1_0_conv/kernel.*Received: 105 arrays"
    with pytest.raises(ValueError, match=message):
        load(model, path)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_missing_and_reshaped_are_named(tmp_path, randomize):
    wide = keras_resnet.create_model(
        "resnet20", widths=(16, 32, 128), include_top=False
    )
    wide.save(tmp_path / "wide.keras")
    with pytest.raises(ValueError, match=r"of another shape: conv4_block1_1_conv/ker"):
        load(resnet20(), tmp_path / "wide.keras")
    short = keras_resnet.create_model("resnet20", depths=(3, 3, 2), include_top=False)
    short.save(tmp_path / "short.keras")
    with pytest.raises(ValueError, match="10 missing: conv4_block3_1_conv/kernel"):
        load(resnet20(), tmp_path / "short.keras")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("resnet8", {}),
        ("resnet20", {"include_top": True}),
        ("resnet20", {"depths": (3, 3, 4)}),
        ("resnet20", {"depths": (3, 3, 4), "nested": True}),
        ("resnet20", {"depths": (3, 3, 2)}),
        # As many arrays, of other shapes.
        ("resnet20", {"widths": (16, 32, 128)}),
    ],
    ids=str,
)
def test_weights_h5_of_another_architecture(tmp_path, name, arguments):
    other = keras_resnet.create_model(name, **{"include_top": False, **arguments})
    other.save_weights(tmp_path / "w.weights.h5")
    model = resnet20(nested=arguments.get("nested", False))
    before = model.get_weights()
    with pytest.raises(ValueError, match="does not hold the weights of the model"):
        load(model, tmp_path / "w.weights.h5")
    assert all(map(np.array_equal, before, model.get_weights()))


def test_weights_h5_of_a_trained_model(tmp_path, rng):
    # The file then holds the optimizer and the seeds as well.
    model = resnet20(nested=True, survival_probability=0.5, pooling="avg")
    model.compile("adam", "mse")
    model.train_on_batch(rng.normal(size=(2, 32, 32, 3)), np.zeros((2, 64)))
    model.save_weights(tmp_path / "w.weights.h5")
    again = resnet20(nested=True, survival_probability=0.5, pooling="avg")
    load(again, tmp_path / "w.weights.h5")
    assert equal(again, model)


class Scaled(keras.layers.Layer):
    """A layer with a variable of its own beside a layer inside."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(), name="scale")
        self.inner = keras.layers.Dense(3, name="inner")
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs) * self.scale


def test_layers_made_of_layers_keep_their_own_variables():
    inputs = keras.Input((2,))
    first, second = (
        keras.Model(inputs, Scaled(name="scaled")(inputs)) for _ in range(2)
    )
    names = set(named_variables(first))
    assert names == {"scaled/scale", "inner/kernel", "inner/bias"}
    first.set_weights([np.full(v.shape, 7.0) for v in first.weights])
    transfer(first, second)
    assert equal(first, second)


class Twins(keras.layers.Layer):
    """A layer whose two variables have the same name."""

    def build(self, input_shape):
        self.pair = [self.add_weight(shape=(), name="same") for _ in range(2)]

    def call(self, inputs):
        return inputs * self.pair[0] + self.pair[1]


def test_transfer_of_something_else(tmp_path):
    with pytest.raises(
        TypeError, match=r"must be a Keras model. Received: source='w.k"
    ):
        transfer("w.keras", resnet20())


def test_names_that_are_not_unique_are_refused():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, Twins(name="twins")(inputs))
    with pytest.raises(ValueError, match="must be unique. Received: .*'twins/same'"):
        named_variables(model)


def test_legacy_file_of_a_nested_model(tmp_path, randomize):
    nested = randomize(resnet20(nested=True))
    save_legacy(nested, tmp_path / "nested.h5")
    model = resnet20(weights=tmp_path / "nested.h5")
    again = resnet20(nested=True)
    transfer(model, again)
    assert equal(again, nested)


def test_unknown_kinds_of_file(tmp_path):
    for name, message in (
        ("w.keras", "Not a `.keras` file.*Received: path="),
        ("w.txt", "must end in one of .*Received: path="),
        ("w.h5", "Not .*HDF5.*Received: path="),
    ):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(ValueError, match=message):
            load(resnet20(), tmp_path / name)
    with pytest.raises(ValueError, match="no such file.*Received: path="):
        load(resnet20(), tmp_path / "absent.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["data"] = [1]
    with pytest.raises(ValueError, match="(?i)layer_names.*Received"):
        load(resnet20(), tmp_path / "other.h5")


@pytest.fixture
def card(tmp_path, randomize):
    """A card whose files lie on this machine, as `file:` addresses."""
    source = randomize(keras_resnet.ResNet20())
    bare = keras_resnet.ResNet20(include_top=False)
    for variable, value in zip(bare.weights, source.weights, strict=False):
        variable.assign(value)
    files = []
    for name, model in (("top.h5", source), ("notop.h5", bare)):
        path = tmp_path / name
        save_legacy(model, path)
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        files.append(File(path.as_uri(), f"md5:{md5}"))
    top, no_top = files
    card = Card(
        model="resnet20",
        tag="here",
        architecture="resnet20",
        top=top,
        no_top=no_top,
        normalization=TORCH,
        evaluation=Evaluation(32),
        classes=10,
        source="a test",
        licence="none",
    )
    return card, source, bare


def test_card_is_found_downloaded_and_loaded(card, monkeypatch):
    entry, source, bare = card
    monkeypatch.setattr(catalogue, "CARDS", (entry,))
    assert find_card("resnet20", "here") is entry
    assert equal(keras_resnet.ResNet20(weights="here"), source)
    assert equal(keras_resnet.ResNet20(weights="here", include_top=False), bare)
    with pytest.raises(ValueError, match="'here', `None` or the path.*weights='there'"):
        keras_resnet.ResNet20(weights="there")
    with pytest.warns(
        AdaptedWeightsWarning, match="'resnet20.here' in .*classifier of 7"
    ):
        keras_resnet.ResNet20(weights="here", classes=7)
    assert equal(keras_resnet.ResNet20(weights=entry), source)
    shown = keras_resnet.ResNet20(weights="here", include_preprocessing=True)
    normalization = shown.get_layer("normalization")
    assert tuple(normalization.mean) == TORCH.mean


def test_classifier_of_an_older_name(card, tmp_path, monkeypatch, randomize):
    # As in the files of keras.applications, whose classifier is called `probs`.
    entry, source, _ = card
    path = tmp_path / "top.h5"
    with h5py.File(path, "a") as file:
        names = [str(v) for v in file.attrs["layer_names"]]
        file.attrs["layer_names"] = [
            ("probs" if v == "predictions" else v).encode() for v in names
        ]
        file.move("predictions", "probs")
        weights = [str(v) for v in file["probs"].attrs["weight_names"]]
        for name in weights:
            file["probs"].move(name, f"probs/{name.split('/')[-1]}")
        file["probs"].attrs["weight_names"] = [
            f"probs/{name.split('/')[-1]}".encode() for name in weights
        ]
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    top = File(path.as_uri(), f"md5:{md5}")
    with pytest.raises(ValueError, match="2 missing.*2 unexpected: probs/"):
        load_card(keras_resnet.ResNet20(), dataclasses.replace(entry, top=top))
    renamed = {"probs": "predictions"}
    model = keras_resnet.ResNet20()
    load_card(model, dataclasses.replace(entry, top=top, renamed=renamed))
    assert equal(model, source)
    of_keras = [
        card
        for card in CARDS
        if "keras-applications" in card.top.address and card.model.startswith("resne")
    ]
    assert len(of_keras) == 8
    assert all(card.renamed == renamed for card in of_keras)


@pytest.mark.parametrize("activation", [None, "softmax", keras.activations.softmax])
def test_activations_that_keras_accepts_beside_weights(tmp_path, activation):
    keras_resnet.ResNet20().save(tmp_path / "w.keras")
    keras_resnet.ResNet20(
        weights=tmp_path / "w.keras", classifier_activation=activation
    )


def test_weights_of_another_type():
    with pytest.raises(TypeError, match=r"a path. Received: weights=\['a'\]"):
        keras_resnet.ResNet20(weights=["a"])


def test_published_weights_and_scaled_branches(card, monkeypatch, recwarn):
    entry, *_ = card
    depth = {"weights": entry, "survival_probability": 0.5}
    with pytest.warns(AdaptedWeightsWarning, match="'resnet20.here' was trained with"):
        keras_resnet.ResNet20(**depth)
    recwarn.clear()
    keras_resnet.ResNet20(**depth, stochastic_depth_mode="sample")
    assert not [w for w in recwarn if w.category is AdaptedWeightsWarning]


def test_a_name_with_its_weights(card, monkeypatch):
    entry, source, _ = card
    monkeypatch.setattr(catalogue, "CARDS", (entry,))
    assert equal(keras_resnet.create_model("resnet20.here"), source)
    with pytest.raises(ValueError, match="names weights already. Received: weights="):
        keras_resnet.create_model("resnet20.here", weights="here")


@pytest.mark.parametrize("argument", ["pretrained", "num_classes", "in_chans"])
def test_arguments_as_timm_calls_them(argument):
    with pytest.raises(TypeError, match=f"`{argument}` is `.*` here. Received: "):
        keras_resnet.create_model("resnet20", **{argument: 3})


@pytest.mark.parametrize("name", ["w.pth", "./w", "~/nosuch/w.safetensors"])
def test_a_file_that_is_not_there_is_called_so(name):
    with pytest.raises(ValueError, match="does not exist. Received: weights="):
        keras_resnet.ResNet20(weights=name)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder. Received: weights="):
        keras_resnet.ResNet20(weights=tmp_path)


def test_wrong_hash_is_refused(card):
    entry, *_ = card
    wrong = dataclasses.replace(entry, top=File(entry.top.address, "md5:" + "0" * 32))
    with pytest.raises(ValueError, match=r"(?i)hash"):
        load_card(keras_resnet.ResNet20(), wrong)


def test_unreachable_address(tmp_path, card):
    entry, *_ = card
    gone = File((tmp_path / "gone.h5").as_uri(), "md5:" + "0" * 32)
    with pytest.raises(OSError, match=r"no file at file:.*gone.h5"):
        load_card(keras_resnet.ResNet20(), dataclasses.replace(entry, top=gone))


def test_classifier_that_fits_is_kept_where_it_may_change(card):
    entry, source, _ = card
    model = keras_resnet.ResNet20()
    load_card(model, entry, adapt=("classifier",))
    assert equal(model, source)


def test_weights_h5_into_a_compiled_model(tmp_path, randomize):
    source = randomize(keras_resnet.ResNet20())
    source.save_weights(tmp_path / "w.weights.h5")
    model = keras_resnet.ResNet20()
    model.compile("adam", "sparse_categorical_crossentropy")
    load(model, tmp_path / "w.weights.h5")
    assert equal(model, source)


@pytest.mark.parametrize("values", [np.ones(16, "int32"), np.ones(16, "S5")])
def test_weights_h5_of_other_values(tmp_path, values):
    model = resnet20()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        place = "layers/batch_normalization/vars/0"
        del file[place]
        file[place] = values
    before = model.get_weights()
    with pytest.raises(ValueError, match="floating-point|which no weights have"):
        load(model, tmp_path / "w.weights.h5")
    assert all(map(np.array_equal, before, model.get_weights()))


def test_weights_h5_that_unpacks_to_more_than_it_is(tmp_path):
    model = resnet20()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        place = "layers/batch_normalization/vars/0"
        del file[place]
        file.create_dataset(
            place, (10**9,), "float32", chunks=(10**6,), compression="gzip"
        )
    with pytest.raises(ValueError, match="otherwise than in one piece"):
        load(model, tmp_path / "w.weights.h5")


def test_weights_h5_of_other_shapes_says_which(tmp_path):
    keras_resnet.ResNet20(classes=7).save_weights(tmp_path / "w.weights.h5")
    message = r"1 of shape \(64, 7\).* where the model has .*1 of shape \(64, 10\)"
    with pytest.raises(ValueError, match=message):
        keras_resnet.ResNet20(weights=tmp_path / "w.weights.h5")


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_damaged_keras_file(tmp_path, member):
    resnet20().save(tmp_path / "w.keras")
    with (
        zipfile.ZipFile(tmp_path / "w.keras") as good,
        zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad,
    ):
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content[: len(content) // 2 * (name != member)])
    with pytest.raises(ValueError, match=r"Received: path='.*bad.keras'"):
        load(resnet20(), tmp_path / "bad.keras")


def test_damage_further_on_leaves_the_model_as_it_was(tmp_path, trained):
    keras_resnet.weights.save(trained, tmp_path / "w.npz", naming="keras_resnet")
    content = bytearray((tmp_path / "w.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "w.npz") as archive:
        last = max(archive.infolist(), key=lambda member: member.header_offset)
    content[last.header_offset + 300] ^= 0xFF
    (tmp_path / "w.npz").write_bytes(content)
    model = resnet20()
    before = model.get_weights()
    with pytest.raises(ValueError, match="damaged"):
        load(model, tmp_path / "w.npz")
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_arrays_of_no_real_numbers(tmp_path, trained, dtype):
    arrays = {
        name: np.asarray(variable)
        for name, variable in named_variables(trained).items()
    }
    arrays["conv1_conv/kernel"] = arrays["conv1_conv/kernel"].astype(dtype)
    np.savez(tmp_path / "w.npz", **arrays)
    message = f"1 not of floating-point numbers: conv1_conv/kernel {dtype}"
    with pytest.raises(ValueError, match=message):
        load(resnet20(), tmp_path / "w.npz")


class Counting(keras.layers.Layer):
    """Has a variable that is no real number."""

    def build(self, shape):
        self.batches = self.add_weight(
            shape=(), dtype="int32", name="batches", trainable=False
        )

    def call(self, inputs):
        return inputs


def test_variables_that_count_are_read_from_integers(tmp_path):
    def counting(value):
        model = keras.Sequential([keras.Input((4,)), Counting(name="counting")])
        model.layers[0].batches.assign(value)
        return model

    keras_resnet.weights.save(counting(7), tmp_path / "w.npz", naming="keras_resnet")
    model = counting(0)
    load(model, tmp_path / "w.npz")
    assert int(model.layers[0].batches) == 7
    np.savez(tmp_path / "w.npz", **{"counting/batches": np.float32(7.5)})
    with pytest.raises(ValueError, match="1 not of integers: counting/batches float32"):
        load(model, tmp_path / "w.npz")


def test_a_network_inside_of_another_model(tmp_path, randomize):
    source = randomize(keras_resnet.ResNet20())
    keras_resnet.weights.save(source, tmp_path / "w.npz", naming="keras_resnet")
    inner = keras_resnet.ResNet20()
    load(keras.Sequential([keras.Input((32, 32, 3)), inner]), tmp_path / "w.npz")
    assert equal(inner, source)


@pytest.mark.parametrize("path", [None, 3])
def test_load_of_no_path(path):
    with pytest.raises(TypeError, match="path of a file. Received: path="):
        load(resnet20(), path)
