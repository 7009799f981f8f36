"""`evaluate` and `keras-resnet-train --evaluate`, from weights to written files."""

import csv
import dataclasses
import errno
import importlib
import json
import shutil

import keras
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf
from absl import flags
from PIL import Image

import keras_resnet
from keras_resnet.normalization import TORCH
from keras_resnet.preprocessing import evaluation_transform
from keras_resnet.training import datasets, evaluate, program, train
from keras_resnet.training.datasets.class_map import ClassMap
from keras_resnet.training.evaluation.earlier import FILES, keep_earlier
from keras_resnet.training.evaluation.trained_run import find_run
from keras_resnet.training.networks import network_of
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.setup import Setup
from keras_resnet.weights import Card
from keras_resnet.weights.card import Evaluation, File

CLASSES = ("ant", "bee", "cow", "dog")
# The package has a function of its name.
evaluation_module = importlib.import_module("keras_resnet.training.evaluation.evaluate")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A training of one epoch."""
    output = tmp_path_factory.mktemp("evaluation") / "run"
    train("digits", output=output, epochs=1, batch_size=200, verbose=False)
    return output


@pytest.fixture
def image_folder(tmp_path, rng):
    """Noise of several sizes, in four classes."""
    root = tmp_path / "images"
    for split, number in (("train", 1), ("test", 3)):
        for name in CLASSES:
            (root / split / name).mkdir(parents=True)
            for index in range(number):
                size = rng.integers(20, 60, 2)
                pixels = rng.integers(0, 256, (*size, 3), "uint8")
                Image.fromarray(pixels).save(root / split / name / f"{index}.png")
    return root


@pytest.fixture
def card(tmp_path, randomize):
    """A set of weights for ten classes."""
    network = randomize(keras_resnet.create_model("resnet8", input_shape=(32, 32, 3)))
    file = tmp_path / "weights.npz"
    keras_resnet.weights.save(network, file, naming="keras_resnet")
    return Card(
        model="resnet8",
        tag="made_here",
        architecture="resnet8",
        top=File(file.as_uri()),
        normalization=TORCH,
        evaluation=Evaluation(32, 0.75, "bicubic"),
        source="tests",
        licence="Apache-2.0",
        classes=10,
    )


def probabilities_of(run_folder):
    model = keras.saving.load_model(run_folder / "model.keras")
    batches = list(
        datasets.evaluation_batches(
            datasets.load("digits").test, model.input_shape[1:], 90
        )
    )
    labels = np.concatenate([labels for _, labels in batches])
    found = np.concatenate([model.predict_on_batch(images) for images, _ in batches])
    return labels, np.float64(found) / np.sum(np.float64(found), axis=1, keepdims=True)


def test_figures_are_scikit_learns(run_folder, tmp_path, capsys):
    result = evaluate(run_folder, output=tmp_path)
    labels, probabilities = probabilities_of(run_folder)
    predicted = probabilities.argmax(axis=1)
    confusion = sklearn.metrics.confusion_matrix(labels, predicted)
    top5 = sklearn.metrics.top_k_accuracy_score(labels, probabilities, k=5)
    np.testing.assert_array_equal(result.confusion_matrix, confusion)
    assert result.count == 360
    assert result.top1.successes == np.trace(confusion)
    assert result.top5.value == pytest.approx(top5)
    # scikit-learn's own loss knows no probability below 1e-16.
    loss = -np.log(probabilities[np.arange(360), labels]).mean()
    assert result.cross_entropy == pytest.approx(loss, rel=1e-4)

    written = json.loads((tmp_path / "evaluation.json").read_text())
    assert written["top1"]["right"] == np.trace(confusion)
    with (tmp_path / "per_class.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    recall = sklearn.metrics.recall_score(labels, predicted, average=None)
    np.testing.assert_allclose(
        [float(row["accuracy"]) for row in rows], recall, atol=1e-6
    )
    assert [int(row["images"]) for row in rows] == confusion.sum(axis=1).tolist()
    assert (tmp_path / "confusion_matrix.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert f"({np.trace(confusion):,} of 360)" in said
    assert "The most frequent confusions" in said
    assert len(result.confusions(3)) == 3
    wrong = confusion - np.diag(np.diag(confusion))
    assert result.confusions(1)[0].count == wrong.max()


def test_weights_in_a_runs_folder_know_their_network(run_folder, tmp_path):
    whole = evaluate(run_folder, output=tmp_path / "a", verbose=False)
    best = evaluate(
        run_folder / "checkpoints" / "best.npz", output=tmp_path / "b", verbose=False
    )
    # The only epoch is the best one.
    np.testing.assert_array_equal(best.confusion_matrix, whole.confusion_matrix)
    assert best.cross_entropy == pytest.approx(whole.cross_entropy, rel=1e-5)
    other = evaluate(
        run_folder / "model.keras",
        "digits",
        "resnet8",
        tmp_path / "c",
        image_side=40,
        verbose=False,
    )
    assert other.image_shape == (40, 40, 1)


def test_a_saved_model_is_scored_over_crops_and_scales(run_folder, tmp_path, capsys):
    said = {}
    for crops in ("multi_scale", "10"):
        result = evaluate(run_folder, output=tmp_path, evaluation_crops=crops)
        said[crops] = capsys.readouterr().out
        assert result.count == 360
        assert json.loads((tmp_path / "evaluation.json").read_text())["crops"] == crops
    kept = f"An earlier evaluation is kept in {tmp_path / 'earlier_evaluations' / '1'}."
    assert "earlier" not in said["multi_scale"]
    assert said["10"].splitlines()[-1] == kept
    # What the first one wrote is kept, and the same again is not kept twice.
    evaluate(run_folder, output=tmp_path, evaluation_crops="10", verbose=False)
    earlier = tmp_path / "earlier_evaluations"
    assert [path.name for path in earlier.iterdir()] == ["1"]
    first = json.loads((earlier / "1" / "evaluation.json").read_text())
    assert first["crops"] == "multi_scale"
    assert {path.name for path in (earlier / "1").iterdir()} == {
        "evaluation.json",
        "per_class.csv",
        "confusion_matrix.png",
    }


def test_an_evaluation_is_kept_as_a_whole(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).write_text(name)
    copies = []

    def stopped(source, target):
        if len(copies) == 1:
            raise KeyboardInterrupt
        copies.append(target)
        return copy(source, target)

    copy = shutil.copy2
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copy2", stopped)
        with pytest.raises(KeyboardInterrupt):
            keep_earlier(tmp_path, "other")
    assert {path.name for path in tmp_path.iterdir()} > set(FILES)
    kept = keep_earlier(tmp_path, "other")
    assert kept == tmp_path / "earlier_evaluations" / "1"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {
        name: name for name in FILES
    }
    assert list(kept.parent.iterdir()) == [kept]
    assert list(tmp_path.iterdir()) == [kept.parent]
    assert keep_earlier(tmp_path, "other") is None


def test_images_are_prepared_as_the_card_says(card, image_folder, tmp_path):
    labels_file = tmp_path / "classes.txt"
    order = ["w", "dog", "x", "y", "ant", "bee", "z", "cow", "v", "u"]
    labels_file.write_text("\n".join(order))
    result = evaluate(
        card,
        f"image_folder:{image_folder}",
        output=tmp_path / "out",
        class_map=labels_file,
        verbose=False,
    )
    network = keras_resnet.create_model(
        "resnet8", weights=card, classifier_activation=None, include_preprocessing=False
    )
    transform = evaluation_transform(card)
    losses = {}
    for name in CLASSES:
        for file in sorted((image_folder / "test" / name).iterdir()):
            logits = network(transform(Image.open(file))[None], training=False)
            log = keras.ops.convert_to_numpy(keras.ops.log_softmax(logits))[0]
            losses.setdefault(order.index(name), []).append(-log[order.index(name)])
    assert result.class_names == tuple(order)
    for label, expected in losses.items():
        found = result.outcomes.losses[result.outcomes.labels == label]
        np.testing.assert_allclose(sorted(found), sorted(expected), rtol=1e-3)
    # Classes without an image have no accuracy.
    assert [score.accuracy is None for score in result.per_class] == [
        name not in CLASSES for name in order
    ]


def test_refuses_a_dataset_of_other_classes(card, image_folder, run_folder, tmp_path):
    folder = f"image_folder:{image_folder}"
    with pytest.raises(ValueError, match=r"tells 10 classes.*has 4: `class_map` says"):
        evaluate(card, folder, output=tmp_path)
    digits = datasets.load("digits")
    others = dataclasses.replace(digits, class_names=("0", "one", *"23456789"))
    with pytest.raises(ValueError, match="its class 1 is '1', and .* is 'one'"):
        evaluate(run_folder, others, output=tmp_path)
    empty = dataclasses.replace(digits, test=digits.test.subset(np.zeros(0, int)))
    with pytest.raises(ValueError, match="no image to evaluate on"):
        evaluate(run_folder, empty, output=tmp_path)
    with pytest.raises(ValueError, match="of 3 channels, and those of .* have 1"):
        evaluate(card, "digits", output=tmp_path)


@pytest.fixture
def described(tmp_path, image_folder, randomize):
    """Writes what a training on the image folder leaves to evaluate."""
    recipe = get_recipe("digits").adapted(None, 4, 16)
    network = network_of(recipe, "resnet8")
    folder = RunFolder(tmp_path / "described")
    folder.path.mkdir()
    model = keras_resnet.create_model(
        "resnet8", input_shape=(16, 16, 3), classes=4, include_preprocessing=True
    )
    randomize(model).save(folder.model)

    def describe(class_map=None):
        dataset = datasets.load(image_folder, class_map=class_map)
        devices = tf.distribute.get_strategy()
        setup = Setup(recipe, network, dataset, folder, devices, 0, "float32")
        folder.describe(setup.facts("one_device", False))
        return folder.path

    return describe


def test_classes_keep_the_order_that_a_training_read(described, image_folder, tmp_path):
    class_map = tmp_path / "classes.csv"
    class_map.write_text("folder,name\ncow,moo\nant,tiny\ndog,woof\nbee,buzz\n")
    (image_folder / "test" / "dog" / "0.png").unlink()
    folder = described(class_map)
    # Also where the dataset is typed again.
    for dataset in (None, find_run(folder / "model.keras").dataset):
        result = evaluate(folder, dataset, verbose=False)
        assert result.class_names == ("moo", "tiny", "woof", "buzz")
        labels = sorted(result.outcomes.labels.tolist())
        assert labels == [0] * 3 + [1] * 3 + [2] * 2 + [3] * 3


def test_a_class_map_may_give_names_to_the_folders_of_a_training(described, tmp_path):
    folder = described()
    names = ("tiny", "buzz", "moo", "woof")
    result = evaluate(
        folder, class_map=ClassMap(CLASSES, names, "names"), verbose=False
    )
    assert result.class_names == names
    other = ClassMap(CLASSES[::-1], names[::-1], "other")
    with pytest.raises(ValueError, match="its class 0 is 'ant', and .* is 'woof'"):
        evaluate(folder, class_map=other, verbose=False)
    description = folder / "run.json"
    said = json.loads(description.read_text())
    said["class_names"] = CLASSES[:3]
    description.write_text(json.dumps(said))
    with pytest.raises(ValueError, match="its class 3 is None, and .* is 'dog'"):
        evaluate(folder, verbose=False)


def test_what_was_found_is_shown_where_it_cannot_be_written(
    described, monkeypatch, capsys
):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(evaluation_module, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        evaluate(described())
    assert "top-1" in capsys.readouterr().out


def test_an_image_that_breaks_is_named(described, image_folder):
    folder = described()
    dataset = datasets.load(image_folder)
    (image_folder / "test" / "ant" / "0.png").unlink()
    with pytest.raises(OSError, match=r"0\.png: No such") as caught:
        evaluate(folder, dataset, verbose=False)
    assert str(caught.value).endswith("the evaluation leaves them out.")


def typed(*arguments):
    values = flags.FlagValues()
    program.define_flags(values)
    left = values(["keras-resnet-train", *map(str, arguments)])
    return program.train_by_flags(left, values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--evaluate"], "needs --weights"),
        (["--evaluate", "--weights=RUN", "--epochs=3"], "Received: --epochs"),
        (["--evaluate", "--weights=RUN", "--set=mixup=1"], "Received: --set"),
        (["--evaluation_crops=10"], "--evaluation_crops is for --evaluate"),
        (
            ["--evaluate", "--weights=RUN", "--evaluation_crops=5"],
            "Unknown evaluation_crops",
        ),
        (["--evaluate", "--weights=RUN", "--image_side=4"], "at least .* image_side=4"),
        (["--evaluate", "--weights=RUN", "--image_side=0"], "Received: image_side=0"),
        (["--evaluate", "--weights=RUN", "--model=resnet20"], "resnet20"),
        (["--evaluate", "--weights=RUN", "--model=resnet9"], "Unknown model"),
        (["--evaluate", "--weights=RUN", "--batch_size=0"], "batch_size=0"),
        (["--evaluate", "--weights=nowhere.npz"], "nowhere.npz"),
        (["--evaluate", "--weights=resnet50"], "name one of its sets"),
        (["--evaluate", "--weights=OTHER"], "no trained model"),
        (["--evaluate", "--weights=LONE"], "`dataset` must say"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence(arguments, message, run_folder, tmp_path):
    (tmp_path / "other").mkdir()
    lone = tmp_path / "lone.keras"
    lone.write_bytes((run_folder / "model.keras").read_bytes())
    for placeholder, path in (
        ("RUN", run_folder),
        ("OTHER", tmp_path / "other"),
        ("LONE", lone),
    ):
        arguments = [a.replace(placeholder, str(path)) for a in arguments]
    with pytest.raises((ValueError, OSError), match=message) as caught:
        typed(*arguments)
    assert len(str(caught.value).splitlines()) == 1


def test_the_program_scores_a_training(run_folder, tmp_path, capsys):
    typed("--evaluate", f"--weights={run_folder}", f"--output={tmp_path}")
    assert "top-1" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {
        "evaluation.json",
        "per_class.csv",
        "confusion_matrix.png",
    }


def test_every_image_counts_once_on_two_devices(run_folder, tmp_path, run_python):
    # A process of its own: the CPU is split before TensorFlow starts.
    code = """
import sys
from keras_resnet.training import evaluate
evaluate(sys.argv[1], output=sys.argv[2], virtual_devices=2, batch_size=70,
         evaluation_crops="10", verbose=False)
"""
    run_python(code, run_folder, tmp_path / "two")
    evaluate(run_folder, output=tmp_path / "one", evaluation_crops=10, verbose=False)
    one, two = (
        json.loads((tmp_path / name / "evaluation.json").read_text())
        for name in ("one", "two")
    )
    assert two["devices"] == "2 replicas (CPU)"
    assert two["top1"] == one["top1"]
    assert two["per_class"] == one["per_class"]
    assert two["cross_entropy"] == pytest.approx(one["cross_entropy"], rel=1e-5)
