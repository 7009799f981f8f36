"""Trainings that were stopped, killed or disturbed, against whole ones."""

import csv
import dataclasses
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_resnet
from keras_resnet.training import datasets, train
from keras_resnet.training.checkpoint_folder import CheckpointFolder
from keras_resnet.training.checkpoints import read_checkpoint, read_progress
from keras_resnet.training.evaluation import Evaluator
from keras_resnet.training.history import COSTS
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.schedules import Constant
from keras_resnet.training.watching.watcher import Watcher

SCRIPT = Path(__file__).with_name("resumable_run.py")
on_posix = pytest.mark.skipif(os.name == "nt", reason="no such signals or limits")


def run(folder, **options):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=480,
    )


def finished(folder, **options):
    """Run to the end, and return the histories and what was said."""
    done = run(folder, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    histories = json.loads(done.stdout.splitlines()[-1])
    for epoch in itertools.chain(*histories):
        costs = {name: epoch.pop(name) for name in COSTS}
        assert costs["seconds"] > 0
    return histories, done.stderr


def weights_in(folder):
    return keras.models.load_model(folder / "model.keras").get_weights()


def assert_noted_as_saved(folder):
    """Compare what `run.json` notes with what `model.keras` makes of the images."""
    model = keras.models.load_model(folder / "model.keras")
    right, losses = [], []
    for images, labels in datasets.evaluation_batches(
        datasets.load("digits").test, (32, 32, 1), 100
    ):
        labels = labels.numpy()
        probabilities = model.predict_on_batch(images)
        right.extend(probabilities.argmax(axis=1) == labels)
        losses.extend(-np.log(probabilities[np.arange(len(labels)), labels]))
    noted = json.loads((folder / "run.json").read_text())["metrics"]
    assert noted["test_accuracy"] == pytest.approx(np.mean(right), abs=1e-9)
    # Statistics that are one replica's alone would already show in the sixth place.
    expected = np.mean(losses, dtype="float64")
    assert noted["test_loss"] == pytest.approx(expected, abs=2e-6)
    return noted


def newest(folder):
    return CheckpointFolder(folder / "checkpoints").progress()


@on_posix
@pytest.mark.parametrize(
    ("options", "kill", "at", "kept"),
    [
        ({"deterministic": True, "checkpoint_every": 4}, "SIGKILL", (1, 6), (1, 5)),
        ({"replicas": 2}, "SIGTERM", (2, 3), (2, 4)),
    ],
)
def test_a_killed_training_ends_as_a_whole_one(tmp_path, options, kill, at, kept):
    stopped = run(tmp_path / "parts", kill=kill, at=at, **options)
    if kill == "SIGKILL":
        assert stopped.returncode == -signal.SIGKILL
    else:
        assert "TrainingInterrupted: Kept in" in stopped.stderr
        assert "2 epochs and 4 of 11 steps of epoch 3." in stopped.stderr
    progress = newest(tmp_path / "parts")
    assert (progress.epochs, progress.step) == kept
    whole, ended = tmp_path / "whole", tmp_path / "ended"
    if kill == "SIGTERM":
        options = {**options, "ended": str(ended)}
    histories, _ = finished(tmp_path / "parts", whole=str(whole), **options)
    assert histories[0] == histories[1]
    if kill == "SIGTERM":
        # No epoch has measured it, and the replicas' statistics differ there.
        assert assert_noted_as_saved(ended)["best_epoch"] == 2
    for one, other in zip(
        weights_in(tmp_path / "parts"), weights_in(whole), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert newest(tmp_path / "parts").epochs == 4


@on_posix
def test_a_full_disk_costs_checkpoints_and_not_the_training(tmp_path):
    folder = tmp_path / "run"
    # The limit comes in epoch 2 and goes in epoch 3.
    histories, said = finished(folder, full_disk=True, checkpoint_every=10)
    assert len(histories[0]) == 4
    complaints = [line for line in said.splitlines() if "cannot be written" in line]
    # Step 20, the end of epoch 2 twice, and its best weights.
    assert len(complaints) >= 3
    assert all("the training goes on" in line for line in complaints)
    assert newest(folder).epochs == 4
    assert not list(folder.rglob(".writing-*"))
    with (folder / "history.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


@on_posix
def test_the_last_good_checkpoint_survives_a_full_disk(tmp_path):
    folder = tmp_path / "run"
    # Told to stop while nothing can be saved.
    stopped = run(
        folder, full_disk=True, checkpoint_every=10, kill="SIGTERM", at=(2, 4)
    )
    assert "TrainingInterrupted: Kept in" in stopped.stderr
    assert newest(folder).epochs == 1
    assert newest(folder).step == 0


class Recorder(keras.callbacks.Callback):
    """Notes the steps that callbacks are told, and does something in between."""

    def __init__(self, actions=None):
        super().__init__()
        self.actions = actions or {}
        self.steps = []
        self.begun = []
        self.ended = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append((self.begun[-1], batch))
        self.actions.get(self.steps[-1], lambda: None)()

    def on_epoch_end(self, epoch, logs=None):
        self.ended.append((epoch, "val_loss" in logs))


def send(name):
    return lambda: os.kill(os.getpid(), getattr(signal, name))


@pytest.fixture(scope="module")
def trained(small_network, quick_recipe):
    """Train the small network on the digits, 14 steps an epoch."""

    def run(folder, **arguments):
        defaults = {
            "recipe": quick_recipe,
            "dataset": "digits",
            "model": small_network,
            "epochs": 3,
            "verbose": False,
        }
        return train(output=folder, strategy="one_device", **defaults | arguments)

    return run


@pytest.fixture
def quick(trained, tmp_path):
    return lambda name="run", **arguments: trained(tmp_path / name, **arguments)


@pytest.fixture(scope="module")
def whole(trained, tmp_path_factory):
    """A training that was never stopped."""
    return trained(tmp_path_factory.mktemp("whole") / "run")


def measured(result):
    return [list(epoch.outcome().values()) for epoch in result.history]


def assert_same(result, other):
    np.testing.assert_array_equal(measured(result), measured(other))
    for one, another in zip(
        weights_in(result.folder), weights_in(other.folder), strict=True
    ):
        np.testing.assert_array_equal(one, another)


@on_posix
def test_callbacks_and_the_bar_count_the_steps_of_the_whole(
    quick, whole, capsys, monkeypatch, tmp_path
):
    with pytest.raises(TrainingInterrupted, match=r"1 epoch and 9 of 14 steps of"):
        quick(callbacks=[Recorder({(1, 8): send("SIGINT")})])
    capsys.readouterr()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    recorder = Recorder()
    result = quick(callbacks=[recorder], verbose=True)
    assert recorder.begun == [1, 2]
    assert recorder.ended == [(1, True), (2, True)]
    assert recorder.steps == [(1, s) for s in range(9, 14)] + [
        (2, s) for s in range(14)
    ]
    shown = capsys.readouterr().out
    assert "Epoch 2/3" in shown
    assert "resume   epoch 2, step 10 of 14; 1 epoch is trained" in shown
    assert "10/14" in shown
    assert shown.index("10/14") < shown.index("14/14") < shown.index("\x1b[1m 1/14")
    assert_same(result, whole)
    # The clock of an epoch went on, too.
    assert all(epoch.seconds > 0 for epoch in result.history)


@on_posix
def test_an_epoch_stopped_in_its_evaluation_is_not_trained_again(
    quick, whole, monkeypatch
):
    calls = []
    evaluate = Evaluator.__call__

    def interrupted(self, on_batch):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return evaluate(self, on_batch)

    monkeypatch.setattr(Evaluator, "__call__", interrupted)
    with pytest.raises(TrainingInterrupted, match="14 of 14 steps of epoch 2"):
        quick()
    recorder = Recorder()
    result = quick(callbacks=[recorder])
    assert recorder.begun == [2]
    assert result.epochs_run == 2
    assert_same(result, whole)


@on_posix
def test_a_training_stopped_in_its_last_evaluation_ends(quick, monkeypatch):
    whole = quick("whole", epochs=1)
    evaluate = Evaluator.__call__

    def interrupted(self, on_batch):
        os.kill(os.getpid(), signal.SIGTERM)
        return evaluate(self, on_batch)

    monkeypatch.setattr(Evaluator, "__call__", interrupted)
    with pytest.raises(TrainingInterrupted):
        quick(epochs=1)
    monkeypatch.undo()
    assert_same(quick(epochs=1), whole)


@on_posix
def test_stopped_again_and_again(quick, whole):
    places = [(0, 0), (0, 13), (2, 12)]
    for place in places:
        with pytest.raises(TrainingInterrupted):
            quick(callbacks=[Recorder({place: send("SIGTERM")})])
    assert_same(quick(), whole)


def test_a_damaged_checkpoint_costs_what_came_after_the_one_before(
    quick, whole, capsys, tmp_path
):
    with pytest.raises(ZeroDivisionError):
        quick(checkpoint_every=5, callbacks=[Recorder({(1, 12): lambda: 1 / 0})])
    folder = tmp_path / "run"
    *_, before, last = CheckpointFolder(folder / "checkpoints").files()
    assert (read_progress(before).step, read_progress(last).step) == (6, 11)
    last.write_bytes(last.read_bytes()[:-1000])
    recorder = Recorder()
    assert_same(quick(callbacks=[recorder]), whole)
    assert recorder.steps[0] == (1, 6)
    assert "is damaged" in capsys.readouterr().err


def test_the_best_weights_are_kept(quick, tmp_path):
    class Copies(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights.append(self.model.get_weights())

    weights = []
    result = quick(model="resnet8", epochs=2, callbacks=[Copies()])
    accuracies = [epoch.test_accuracy for epoch in result.history]
    best = accuracies.index(max(accuracies))
    run = json.loads((result.folder / "run.json").read_text())
    assert run["metrics"]["best_epoch"] == best + 1
    assert run["metrics"]["best_test_accuracy"] == accuracies[best]
    model = keras_resnet.create_model(
        "resnet8",
        weights=result.folder / "checkpoints" / "best.npz",
        input_shape=(32, 32, 1),
        classes=10,
        include_preprocessing=True,
    )
    for expected, found in zip(weights[best], model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_training_that_diverges_keeps_its_last_good_checkpoint(quick, tmp_path):
    def spoil():
        kernel = recorder.model.trainable_variables[0]
        kernel.assign(kernel * np.nan)

    recorder = Recorder({(1, 6): spoil})
    # The weights are not written, although the loss of their step was a number.
    message = r"weights 'conv2d.*' became infinite in epoch 2, after step 7\. The "
    message += r"last gradient norms were (\d\.\d+, ){5}\d\.\d+\."
    with pytest.raises(RuntimeError, match=message):
        quick(callbacks=[recorder], checkpoint_every=7)
    assert newest(tmp_path / "run").epochs == 1
    recorder = Recorder({(1, 6): spoil})
    with pytest.raises(RuntimeError, match=r"loss became nan at step 8 in epoch 2\."):
        quick(callbacks=[recorder])
    assert newest(tmp_path / "run").epochs == 1
    assert newest(tmp_path / "run").step == 0
    assert len(quick().history) == 3


def test_a_callback_may_stop_the_training_in_an_epoch(quick, whole):
    def stop():
        recorder.model.stop_training = True

    recorder = Recorder({(1, 6): stop})
    result = quick(callbacks=[recorder])
    assert len(result.history) == 1
    assert newest(result.folder).step == 7
    noted = assert_noted_as_saved(result.folder)
    assert noted["test_loss"] == result.test_loss
    assert result.test_loss != pytest.approx(result.history[0].test_loss, rel=1e-3)
    assert_same(quick(), whole)


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_weights_that_a_callback_restores_are_measured(
    quick, quick_recipe, monkeypatch, ema_decay
):
    evaluations = []
    evaluate = Evaluator.__call__

    def counted(self, on_batch=None):
        evaluations.append(1)
        return evaluate(self, on_batch)

    monkeypatch.setattr(Evaluator, "__call__", counted)
    # The weights of the first epoch, as the largest loss is the best.
    restoring = keras.callbacks.EarlyStopping(
        "loss", mode="max", patience=9, restore_best_weights=True
    )
    recipe = dataclasses.replace(quick_recipe, ema_decay=ema_decay)
    result = quick(recipe=recipe, epochs=2, callbacks=[Recorder(), restoring])
    first, last = result.history
    assert first.train_loss > last.train_loss
    noted = assert_noted_as_saved(result.folder)
    assert noted["test_loss"] == result.test_loss
    assert noted["test_accuracy"] == result.test_accuracy
    if ema_decay is None:
        assert result.test_loss == pytest.approx(first.test_loss, rel=1e-5)
        assert result.test_accuracy == first.test_accuracy
        assert len(evaluations) == 3
    else:
        # The callback has not seen the average, which is what is saved.
        assert result.test_loss == last.test_loss
        assert len(evaluations) == 2


@on_posix
def test_a_signal_at_the_very_end_stops_behind_it(quick, monkeypatch, tmp_path, capfd):
    end = Watcher.end

    def interrupted(self, *arguments):
        os.kill(os.getpid(), signal.SIGINT)
        end(self, *arguments)

    monkeypatch.setattr(Watcher, "end", interrupted)
    folder = tmp_path / "run"
    with pytest.raises(TrainingInterrupted, match="training is complete") as caught:
        quick(epochs=1)
    assert caught.value.is_complete
    assert caught.value.exit_status == 128 + signal.SIGINT
    assert "SIGINT: stopping when the model is saved." in capfd.readouterr().err
    assert json.loads((folder / "run.json").read_text())["finished"] is True
    assert '"end"' in (folder / "metrics.jsonl").read_text()
    saved = weights_in(folder)
    monkeypatch.undo()
    again = quick(epochs=1)
    assert again.epochs_run == 0
    assert all(map(np.array_equal, weights_in(folder), saved))


def test_a_callback_stops_a_training_before_it_has_measured(quick):
    def stop():
        recorder.model.stop_training = True

    recorder = Recorder({(0, 6): stop})
    with pytest.raises(RuntimeError, match="before its first epoch .* 7 of 14 steps"):
        quick(callbacks=[recorder])


def test_continues_with_changes_only_when_asked(quick, quick_recipe, tmp_path, capsys):
    with pytest.raises(ZeroDivisionError):
        quick(checkpoint_every=5, callbacks=[Recorder({(1, 12): lambda: 1 / 0})])
    slower = dataclasses.replace(quick_recipe, learning_rate=0.01)
    with pytest.raises(ValueError, match=r"learning_rate: 0\.1 before, 0\.01 now"):
        quick(recipe=slower)
    with pytest.raises(ValueError, match="seed: 0 before, 4 now"):
        quick(seed=4)
    recorder = Recorder()
    result = quick(recipe=slower, allow_changes=True, callbacks=[recorder])
    assert recorder.steps[0] == (1, 11)
    assert (
        "Continuing with changes: recipe.learning_rate: 0.1" in capsys.readouterr().err
    )
    assert result.history[0].learning_rate > 0.05
    assert result.history[1].learning_rate < 0.01
    # From now on this is the training.
    assert quick(recipe=slower).epochs_run == 0
    with pytest.raises(ValueError, match="belongs to another training"):
        quick()


def test_an_epoch_of_other_length_begins_anew(quick, tmp_path):
    with pytest.raises(ZeroDivisionError):
        quick(checkpoint_every=5, callbacks=[Recorder({(1, 12): lambda: 1 / 0})])
    recorder = Recorder()
    result = quick(batch_size=200, allow_changes=True, callbacks=[recorder])
    assert recorder.steps == [(e, s) for e in (1, 2) for s in range(7)]
    iterations = read_checkpoint(
        CheckpointFolder(tmp_path / "run" / "checkpoints").files()[-1]
    ).values["optimizer/0"]
    assert iterations.path.endswith("iteration")
    assert iterations.array == 3 * 7
    # The rate is that of the place in the training, in epochs: here the end.
    assert result.history[-1].learning_rate < 0.01


def test_a_finished_training_can_be_lengthened(quick, quick_recipe, whole, tmp_path):
    constant = dataclasses.replace(quick_recipe, schedule=Constant(), warmup_epochs=0)
    quick(recipe=constant, epochs=1)
    longer = quick(recipe=constant, epochs=2)
    assert longer.epochs_run == 1
    assert_same(longer, quick("whole", recipe=constant, epochs=2))
    shutil.copytree(whole.folder, tmp_path / "cosine")
    with pytest.raises(
        ValueError, match=r"epochs: 3 before, 4 now.* had another learning rate\."
    ):
        quick("cosine", epochs=4)
    assert quick("cosine", epochs=4, allow_changes=True).epochs_run == 1


def image_folder(root, rng):
    for split in ("train", "test"):
        for label in ("cat", "dog"):
            (root / split / label).mkdir(parents=True)
            for number in range(6):
                pixels = rng.integers(0, 255, (16, 16, 3), "uint8")
                encoded = tf.io.encode_png(pixels).numpy()
                (root / split / label / f"{number}.png").write_bytes(encoded)
    return root


def test_a_dataset_is_known_again_wherever_it_lies(quick, rng, tmp_path, monkeypatch):
    arguments = {"batch_size": 6, "image_side": 16}
    root = image_folder(tmp_path / "here", rng)
    quick(dataset=f"image_folder:{root}", epochs=1, **arguments)
    (tmp_path / "else").mkdir()
    root = root.rename(tmp_path / "else" / "where")
    monkeypatch.chdir(tmp_path)
    moved = "image_folder:else/where"
    assert quick(dataset=moved, epochs=1, **arguments).epochs_run == 0
    (root / "train" / "cat" / "0.png").unlink()
    with pytest.raises(ValueError, match=r"dataset\.content: .*train_images: 12 bef"):
        quick(dataset=moved, epochs=1, **arguments)
    file = root / "train" / "dog" / "0.png"
    file.rename(root / "train" / "cat" / "0.png")
    with pytest.raises(ValueError, match=r"dataset\.content: '\w+' before"):
        quick(dataset=moved, epochs=1, **arguments)


def test_another_number_of_replicas_is_told(quick, tmp_path, capsys):
    quick(epochs=1)
    folder = CheckpointFolder(tmp_path / "run" / "checkpoints")
    checkpoint = folder.newest()
    folder.save(checkpoint.values, dataclasses.replace(checkpoint.progress, replicas=2))
    quick(epochs=1, verbose=True)
    said = capsys.readouterr().err
    assert "ran on 2 replicas, and goes on with 1: not the same to the last bit" in said
