import csv
import dataclasses
import json
import os
import signal
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training import train
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.watching import watcher
from keras_resnet.training.watching.event_log import SCHEMA, read_events
from keras_resnet.training.watching.input_wait import InputWait

STEPS = 14


@pytest.fixture
def quick(small_network, quick_recipe, tmp_path):
    """Train the small network on the digits, 14 steps an epoch."""

    def run(name="run", **arguments):
        defaults = {"epochs": 2, "log_every": 4, "verbose": False}
        return train(
            quick_recipe,
            "digits",
            small_network,
            tmp_path / name,
            strategy="one_device",
            **defaults | arguments,
        )

    return run


class At(keras.callbacks.Callback):
    """Does something behind a step."""

    def __init__(self, epoch, step, action):
        super().__init__()
        self.place = epoch, step
        self.action = action
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.action()


class Losses(keras.callbacks.Callback):
    """Notes the means that `fit` reports."""

    def __init__(self):
        super().__init__()
        self.means = {}
        self.before = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * STEPS

    def on_train_batch_end(self, batch, logs=None):
        self.means[self.before + batch + 1] = float(logs["loss"])


def events_of(result, event=None):
    found = read_events(result.folder / "metrics.jsonl")
    return [one for one in found if event in (None, one["event"])]


def test_a_run_is_told_line_by_line(quick):
    losses = Losses()
    result = quick(callbacks=[losses], checkpoint_every=10)
    events = events_of(result)
    assert [event["event"] for event in events] == [
        *("start", "step", "step", "checkpoint", "step"),
        *("checkpoint", "checkpoint", "epoch"),
        *("step", "step", "checkpoint", "step", "step"),
        *("checkpoint", "checkpoint", "epoch", "end"),
    ]
    start = events[0]
    assert start["schema"] == SCHEMA
    assert start["recipe"]["name"] == "quick"
    assert start["versions"]["keras"] == keras.__version__
    assert start["strategy"]["devices"].startswith("one device")
    assert (start["steps_per_epoch"], start["batch_size"]) == (STEPS, 100)
    steps = events_of(result, "step")
    assert [event["step"] for event in steps] == [4, 8, 12, 16, 20, 24, 28]
    assert [event["epoch_step"] for event in steps] == [4, 8, 12, 2, 6, 10, 14]
    for event in steps:
        assert event["images_per_second"] > 0
        assert 0 <= event["input_wait_share"] <= 1
    # The loss is that of the steps since the line before.
    means = losses.means
    assert steps[1]["loss"] == pytest.approx((8 * means[8] - 4 * means[4]) / 4)
    assert steps[4]["loss"] == pytest.approx((6 * means[20] - 2 * means[16]) / 4)
    for event, epoch in zip(events_of(result, "epoch"), result.history, strict=True):
        assert {name: event[name] for name in vars(epoch)} == vars(epoch)
    files = {event["file"] for event in events_of(result, "checkpoint")}
    assert {path.name for path in result.folder.glob("checkpoints/c*")} <= files
    assert events[-1]["finished"] is True
    assert events[-1]["metrics"]["test_accuracy"] == result.test_accuracy
    # The same is in the history and in TensorBoard.
    for epoch in result.history:
        assert epoch.images_per_second > 0
        assert 0 <= epoch.input_wait_share <= 1
    with (result.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[1]["images_per_second"]) == result.history[1].images_per_second
    (file,) = (result.folder / "tensorboard" / "train").iterdir()
    values = {
        (event.step, value.tag): value
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert values[2, "images_per_second"].simple_value == pytest.approx(
        result.history[1].images_per_second
    )
    assert (0, "training_images") in values


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_what_a_continued_run_did_again_is_told_once(quick):
    with pytest.raises(TrainingInterrupted):
        quick(callbacks=[At(1, 4, lambda: os.kill(os.getpid(), signal.SIGTERM))])
    with pytest.raises(ZeroDivisionError):
        quick(callbacks=[At(1, 9, lambda: 1 / 0)])
    result = quick()
    events = events_of(result)
    (interrupted,) = events_of(result, "interrupted")
    assert interrupted["signal"] == "SIGTERM"
    assert (interrupted["epoch"], interrupted["epoch_step"]) == (2, 5)
    places = [event["step"] for event in events_of(result, "step")]
    assert places == [4, 8, 12, 16, 20, 24, 28]
    assert [event["step"] for event in events_of(result, "resumed")] == [19, 19]
    assert [event["epoch"] for event in events_of(result, "epoch")] == [1, 2]
    assert events[-1]["event"] == "end"
    # The failure came after the place from which it was done again.
    text = (result.folder / "metrics.jsonl").read_text()
    assert '"failed"' in text
    assert "ZeroDivisionError" in text
    assert not events_of(result, "failed")


def test_epochs_whose_line_was_lost_are_told_again(quick, tmp_path):
    path = tmp_path / "run" / "metrics.jsonl"
    with pytest.raises(ZeroDivisionError):
        quick(callbacks=[At(1, 3, lambda: 1 / 0)])
    kept = [line for line in path.read_text().splitlines() if '"epoch", "t' not in line]
    path.write_text("".join(f"{line}\n" for line in kept))
    assert [event["event"] for event in read_events(path)].count("epoch") == 0
    result = quick()
    assert [event["epoch"] for event in events_of(result, "epoch")] == [1, 2]


def test_an_end_that_was_not_told_is_told_when_the_run_is_started_again(quick):
    first = quick(epochs=1)
    path = first.folder / "metrics.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    kinds = [json.loads(line)["event"] for line in whole]
    assert kinds[-2:] == ["epoch", "end"]
    sheets = list((first.folder / "tensorboard" / "test").iterdir())
    # Killed behind its last checkpoint.
    path.write_text("".join(whole[:-2]))
    assert quick(epochs=1).epochs_run == 0
    told = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in told] == kinds
    assert json.loads(told[-1])["metrics"] == json.loads(whole[-1])["metrics"]
    assert len(list((first.folder / "tensorboard" / "test").iterdir())) > len(sheets)
    # Once.
    quick(epochs=1)
    assert path.read_text().splitlines() == told


def test_a_damaged_log_does_not_keep_a_training_from_going_on(quick, tmp_path, capsys):
    with pytest.raises(ZeroDivisionError):
        quick(callbacks=[At(1, 3, lambda: 1 / 0)])
    log = tmp_path / "run" / "metrics.jsonl"
    with log.open("ab") as file:
        file.write(b"\x00\x00\n")
    assert len(quick().history) == 2
    assert "is not JSON" in capsys.readouterr().err
    assert json.loads(log.read_text("utf-8").splitlines()[-1])["event"] == "end"


def test_steps_left_count_by_their_pixels(quick_recipe, tmp_path):
    recipe = dataclasses.replace(
        quick_recipe,
        epochs=4,
        image_side=8,
        evaluation_side=16,
        progressive_sides=((1, 16), (3, 24)),
    )
    watching = watcher.Watcher(
        RunFolder(tmp_path), recipe, None, 10, None, InputWait(), writes=False
    )
    watching.begin_epoch(0, 0)
    watching.step(3, {})
    assert watching._steps_left() == (1 + 4 + 4 + 9) * 10 - 3


def test_images_are_those_that_are_trained_on_and_classified_wrong(quick, monkeypatch):
    shown = {}

    def draw(images, captions):
        shown[len(shown)] = np.asarray(images), captions
        return original(images, captions)

    original = watcher.draw_sheet
    monkeypatch.setattr(watcher, "draw_sheet", draw)
    result = quick(epochs=1)
    images, captions = shown[0]
    assert images.shape == (32, 32, 32, 1)
    assert {caption for (caption,) in captions} <= set("0123456789")
    # In one epoch the small network does not learn to tell all of them.
    wrong, captions = shown[1]
    model = keras.models.load_model(result.model_path)
    guesses = model.predict(wrong.astype("float32"), verbose=0).argmax(axis=-1)
    for guess, (is_one, is_not) in zip(guesses, captions, strict=True):
        assert str(guess) != is_one
        assert is_not.startswith(f"not {guess} (")
    (file,) = (result.folder / "tensorboard" / "test").iterdir()
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }
    assert tags == {"loss", "accuracy", "wrongly_classified"}


def test_a_log_has_an_estimate_and_a_line_now_and_then(quick, monkeypatch, capsys):
    monkeypatch.setattr(watcher, "LONG_SECONDS", 0)
    monkeypatch.setattr(watcher, "LINE_SECONDS", 0)
    quick(verbose=True)
    lines = capsys.readouterr().out.splitlines()
    (estimate,) = [line for line in lines if line.startswith("time ")]
    assert " for 2 epochs, at " in estimate
    steps = [line for line in lines if line.endswith("waiting for images")]
    assert len(steps) == 2 * STEPS - 1
    assert steps[0].startswith("2/14 - loss: ")
    assert any("best" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_has_the_bar_and_the_estimate_alone(quick, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(watcher, "LONG_SECONDS", 0)
    monkeypatch.setattr(watcher, "LINE_SECONDS", 0)
    quick(verbose=True, epochs=1)
    said = capsys.readouterr().out
    assert "waiting for images\n" not in said.split("Trained")[0]
    assert "\r\x1b[2Ktime     about " in said


def test_an_overwritten_run_begins_a_new_log(quick, capsys, monkeypatch):
    monkeypatch.setattr(watcher, "LONG_SECONDS", 1e9)
    with pytest.raises(ZeroDivisionError):
        quick(epochs=1, callbacks=[At(0, 0, lambda: 1 / 0)])
    result = quick(epochs=1, seed=1, overwrite=True, verbose=True)
    lines = (result.folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines].count("start") == 1
    # A short training is not estimated.
    assert " for 1 epoch, at " not in capsys.readouterr().out
