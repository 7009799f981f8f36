"""Trainings that begin with weights of another one, or train the classifier alone."""

import dataclasses
import json
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_resnet
from keras_resnet.normalization import UNIT
from keras_resnet.training import datasets, evaluate, train
from keras_resnet.training.description import identify
from keras_resnet.training.dry_run import dry_run
from keras_resnet.training.network_form import options_of
from keras_resnet.training.networks import network_of
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.schedules import Constant
from keras_resnet.training.setup import Setup
from keras_resnet.weights import AdaptedWeightsWarning, Card, named_variables
from keras_resnet.weights.card import Evaluation, File

SIDE = 16


@pytest.fixture
def recipe(quick_recipe):
    return dataclasses.replace(
        quick_recipe,
        model="resnet8",
        image_side=SIDE,
        epochs=1,
        warmup_epochs=0,
        batch_size=240,
        schedule=Constant(),
        weight_decay=0.0,
        clip_norm=1.0,
    )


@pytest.fixture
def quick(recipe, tmp_path):
    def run(name="run", **arguments):
        arguments = {"recipe": recipe} | arguments
        return train(
            dataset="digits",
            output=tmp_path / name,
            strategy="one_device",
            verbose=False,
            **arguments,
        )

    return run


def pretrained(path, classes=3, name="resnet8", **options):
    """Save a network of another task, none of whose variables is as it began."""
    keras.utils.set_random_seed(5)
    model = keras_resnet.create_model(
        name, classes=classes, include_preprocessing=True, **options
    )
    random = np.random.default_rng(0)
    model.set_weights(
        [w + random.normal(0.0, 0.01, w.shape) for w in model.get_weights()]
    )
    model.save(path)
    return model


def test_begins_with_the_weights_and_a_classifier_of_its_own(recipe, tmp_path):
    model = pretrained(tmp_path / "other.keras", name="resnet20")
    network = network_of(recipe, "resnet20", weights=tmp_path / "other.keras")
    with pytest.warns(AdaptedWeightsWarning, match="10 classes in place of one of 3"):
        begun = network.logits((SIDE, SIDE, 3), 10, "float32", pretrained=True)
    expected = named_variables(model)
    for name, variable in named_variables(begun).items():
        if name.startswith("predictions/"):
            assert variable.shape[-1] == 10
        else:
            np.testing.assert_array_equal(variable, expected[name])
    # The normalization of the pixels is in it.
    assert begun.get_layer("normalization").mean == list(
        model.get_layer("normalization").mean
    )
    # As many classes: the classifier is kept, too.
    same = network.logits((SIDE, SIDE, 3), 3, "float32", pretrained=True)
    np.testing.assert_array_equal(
        named_variables(same)["predictions/kernel"], expected["predictions/kernel"]
    )
    # Without reading the weights the architecture is the same.
    plain = network.logits((SIDE, SIDE, 3), 10, "float32")
    assert [w.shape for w in plain.weights] == [w.shape for w in begun.weights]


def test_a_classifier_alone_is_trained(quick, tmp_path):
    """The features of a frozen network are those of the weights, to the bit."""
    file = tmp_path / "other.keras"
    model = pretrained(file, input_shape=(32, 32, 1))
    with pytest.warns(AdaptedWeightsWarning):
        result = quick(weights=file, trainable="classifier")
    saved = keras.saving.load_model(result.model_path)
    expected = named_variables(model)
    changed = {
        name
        for name, variable in named_variables(saved).items()
        if not name.startswith("predictions/")
        and not np.array_equal(variable, expected[name])
    }
    # Moving statistics included.
    assert not changed
    assert all(layer.trainable for layer in saved.layers)
    # The head is one that gradient descent on these features would find.
    features = keras.Model(saved.input, saved.get_layer("avg_pool").output)
    images = np.stack([i for i, _ in datasets.load("digits").test.examples()])
    resized = keras.ops.image.resize(images.astype("float32"), (SIDE, SIDE))
    head = saved.get_layer("predictions")
    np.testing.assert_allclose(
        keras.ops.softmax(features(resized) @ head.kernel + head.bias),
        saved(resized),
        atol=1e-6,
    )
    assert np.ptp(np.asarray(head.bias)) > 0
    run = json.loads((result.folder / "run.json").read_text())
    assert run["model"]["trainable"] == "classifier"
    assert run["model"]["weights"].startswith("sha256:")
    assert run["first_weights"] == str(file)


def test_all_layers_are_trained_from_the_weights_on(quick, recipe, tmp_path):
    file = tmp_path / "other.keras"
    model = pretrained(file, 10, input_shape=(SIDE, SIDE, 1))
    still = dataclasses.replace(recipe, learning_rate=1e-12)
    with warnings.catch_warnings():
        # Nothing is to be adapted.
        warnings.simplefilter("error", AdaptedWeightsWarning)
        result = quick(recipe=still, weights=file)
    saved = named_variables(keras.saving.load_model(result.model_path))
    for name, variable in named_variables(model).items():
        is_statistic = "moving_" in name
        assert np.allclose(saved[name], variable, atol=1e-6) != is_statistic


def test_a_training_that_continues_does_not_read_them_again(quick, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    file = tmp_path / "other.keras"
    pretrained(file, input_shape=(SIDE, SIDE, 1))
    with pytest.warns(AdaptedWeightsWarning):
        whole = quick("whole", weights=file)
    with pytest.warns(AdaptedWeightsWarning), pytest.raises(KeyboardInterrupt):
        quick(weights=file, checkpoint_every=1, callbacks=[Stop()])
    moved = file.rename(tmp_path / "moved.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error", AdaptedWeightsWarning)
        parts = quick(weights=moved)
    one, other = (
        keras.saving.load_model(result.model_path).get_weights()
        for result in (whole, parts)
    )
    assert all(map(np.array_equal, one, other))
    pretrained(tmp_path / "third.keras", 4, input_shape=(SIDE, SIDE, 1))
    with pytest.raises(ValueError, match=r"model\.weights: 'sha256:.* now"):
        quick(weights=tmp_path / "third.keras")
    with pytest.raises(ValueError, match=r"model\.weights: 'sha256:.*None now"):
        quick()


def test_overwriting_removes_nothing_before_all_is_known_to_fit(quick, tmp_path):
    folder, other = tmp_path / "run", tmp_path / "other.keras"
    (folder / "checkpoints").mkdir(parents=True)
    model = pretrained(folder / "model.keras")
    best = folder / "checkpoints" / "best.npz"
    keras_resnet.weights.save(model, best, naming="keras_resnet")
    for name in ("checkpoints/checkpoint_000001.npz", "metrics.jsonl"):
        (folder / name).write_text("not read")
    pretrained(other, name="resnet20")

    def held():
        files = (file for file in folder.rglob("*") if file.is_file())
        return {file: file.read_bytes() for file in files}

    before = held()
    with pytest.raises(ValueError, match="weights"):
        quick(overwrite=True, model="resnet8", weights=other)
    for weights in (best, folder):
        with pytest.raises(ValueError, match="lie in the folder that is overwritten"):
            quick(overwrite=True, model="resnet8", weights=weights)
    assert held() == before


def test_names_of_weights_choose_the_network():
    network = network_of(get_recipe("digits"), weights="resnet50.a1_in1k")
    assert network.name == "resnet50"
    assert network.weights.identity == "resnet50.a1_in1k"
    facts = dry_run(
        get_recipe("digits"),
        weights="resnet18.a1_in1k",
        trainable="classifier",
    )
    assert "weights     resnet18.a1_in1k" in facts.splitlines()
    # 512 features for each of ten classes, and their biases.
    assert f"{512 * 10 + 10:,} of them trained" in facts
    # Their architecture and normalization, without a download.
    built = network.logits((64, 64, 3), 10, "float32")
    assert built.get_layer("normalization").mean == [123.675, 116.28, 103.53]
    assert not built.get_layer("conv1_conv").use_bias


def noted_run(folder, recipe, **arguments):
    """Write what a training notes of its network, and a model that it left."""
    folder.mkdir()
    pretrained(folder / "model.keras", 10, input_shape=(SIDE, SIDE, 1))
    network = network_of(recipe, **arguments)
    setup = Setup(
        recipe,
        network,
        datasets.load("digits"),
        RunFolder(folder),
        tf.distribute.get_strategy(),
        0,
        "float32",
    )
    setup.folder.describe(setup.facts("one_device", False))
    return network


def identity_of(recipe, network):
    return identify(recipe, datasets.load("digits"), network, 0, "float32")


@pytest.mark.parametrize(
    "arguments",
    [
        # Version 1.5, which the name alone does not say, and other pixels.
        {"weights": "resnet50.a1_in1k"},
        {"model": "resnet8", "options": {"activation": "elu", "depths": [1, 2, 1]}},
        {"model": "wrn_16_4", "options": {"survival_probability": 0.5}},
    ],
)
@pytest.mark.parametrize("is_older", [False, True])
def test_the_network_of_a_training_is_had_again(recipe, tmp_path, arguments, is_older):
    network = noted_run(tmp_path / "run", recipe, **arguments)
    if is_older:
        said = json.loads((tmp_path / "run" / "run.json").read_text())
        del said["form"]
        (tmp_path / "run" / "run.json").write_text(json.dumps(said))
    for weights in (tmp_path / "run", tmp_path / "run" / "model.keras"):
        again = network_of(recipe, weights=weights)
        assert again.name == network.name
        assert options_of(again.form) == options_of(network.form)
    # A checkpoint tells by it whether the network is still the same.
    assert identity_of(recipe, again)["model"]["inherited"]
    assert "inherited" not in identity_of(recipe, network)["model"]


def test_what_is_asked_of_the_network_of_a_training_comes_first(recipe, tmp_path):
    noted_run(tmp_path / "run", recipe, options={"activation": "elu", "epsilon": 0.01})
    with pytest.warns(AdaptedWeightsWarning, match=r"with activation='relu' in place "):
        network = network_of(
            recipe, weights=tmp_path / "run", options={"activation": "relu"}
        )
    assert network.form["fields"] == {"epsilon": 0.01}
    with pytest.warns(AdaptedWeightsWarning, match="'resnet20' is built for them"):
        network = network_of(recipe, "resnet20", weights=tmp_path / "run")
    assert (network.name, network.inherited) == ("resnet20", {})
    # A file that somebody else has put there is none of the training's.
    other = tmp_path / "run" / "other.keras"
    pretrained(other)
    assert network_of(recipe, weights=other).form["fields"] == {}


def test_a_training_goes_on_from_another_as_that_was_built(quick, recipe, tmp_path):
    """What is not written in a name: the pixels and the activation of a set."""
    model = pretrained(tmp_path / "set.keras", 10, activation="elu")
    keras_resnet.weights.save(model, tmp_path / "set.npz", naming="keras_resnet")
    card = Card(
        model="resnet8",
        tag="made_here",
        architecture="resnet8",
        top=File((tmp_path / "set.npz").as_uri()),
        normalization=UNIT,
        evaluation=Evaluation(SIDE),
        source="tests",
        licence="Apache-2.0",
        overrides={"activation": "elu"},
        classes=10,
    )
    first = tmp_path / "first"
    network = noted_run(first, recipe, weights=card)
    with pytest.warns(AdaptedWeightsWarning, match="channels"):
        begun = network.logits((SIDE, SIDE, 1), 10, "float32", pretrained=True)
    one = network.probabilities(begun, 10)
    one.save(first / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error", AdaptedWeightsWarning)
        second = quick("second", weights=first)
    two = keras.saving.load_model(second.model_path)
    configs = [[la.get_config() for la in m.layers[1:]] for m in (one, two)]
    assert configs[0] == configs[1]
    assert two.get_layer("normalization").mean == [127.5]
    # Its weights alone do not say either what they are of.
    best = second.folder / "checkpoints" / "best.npz"
    found = evaluate(best, output=tmp_path / "scored", verbose=False)
    assert found.top1.value == pytest.approx(second.test_accuracy, abs=1e-9)
    assert found.cross_entropy == pytest.approx(second.test_loss, rel=1e-4)


def test_what_cannot_be_fine_tuned_is_refused(quick, recipe, small_network, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        quick(weights=tmp_path / "none.keras")
    with pytest.raises(ValueError, match="loads them itself"):
        quick(weights="resnet50.a1_in1k", model=small_network)
    with pytest.raises(ValueError, match="Unknown trainable"):
        quick(trainable="head")
    with pytest.raises(ValueError, match="pass the file as `weights`"):
        quick(model=str(tmp_path / "model.keras"))
    with pytest.raises(TypeError, match="is given as `weights`"):
        quick(model=keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]))
    pretrained(tmp_path / "other.keras", input_shape=(SIDE, SIDE, 1))
    with pytest.raises(ValueError, match=r"missing.*mean_image/mean.* have no mean"):
        quick(
            recipe=dataclasses.replace(recipe, input_mean="pixel"),
            weights=tmp_path / "other.keras",
        )

    def one_layer(input_shape, classes, classifier_activation):
        inputs = keras.Input(input_shape)
        hidden = keras.layers.Flatten()(inputs)
        return keras.Model(inputs, keras.layers.Dense(classes)(hidden))

    with pytest.raises(ValueError, match="1 layers with weights"):
        quick(model=one_layer, trainable="classifier")
