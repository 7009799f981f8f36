import dataclasses
from pathlib import PureWindowsPath

import pytest

from keras_resnet import program
from keras_resnet.training.history import Epoch
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.watching import terminal, words
from keras_resnet.training.watching.summary import summary


@pytest.fixture
def result(tmp_path):
    folder = tmp_path / "a run"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "model.keras").write_text("")
    (folder / ".writing-x").write_text("")
    accuracies, speeds = (0.5, 0.9, 0.8), (None, 1000.0, 1230.0)
    history = tuple(
        Epoch(n, 0.1, 1.0, 0.25, 2.0, accuracy, 60.0, speed, 0.032, 812 << 20)
        for n, (accuracy, speed) in enumerate(zip(accuracies, speeds, strict=True), 1)
    )
    return TrainingResult(folder, folder / "model.keras", history, 0.8, 2.0, 10, 3)


def test_the_best_and_the_last_epoch_and_what_they_took(result):
    said = summary(result, "image_folder:my photos")
    rows = [line.split() for line in said.splitlines()]
    assert ["best", "2", "90.00", "2.0000", "25.00", "1.0000"] in rows
    assert ["last", "3", "80.00", "2.0000", "25.00", "1.0000"] in rows
    facts = {row[0]: " ".join(row[1:]) for row in rows if row}
    assert facts["speed"] == (
        "1,115 images/s, 3.2 % of the time waiting for images (median epoch)"
    )
    assert facts["memory"] == "at most 812 MiB of main memory"
    assert facts["folder"] == f"{result.folder} with checkpoints/, model.keras"
    # The commands can be pasted.
    assert facts["next"] == f"keras-resnet-train --evaluate --weights='{result.folder}'"
    export = said.splitlines()[-1].strip()
    assert export == (
        f"keras-resnet-export --model='{result.model_path}' "
        f"--dataset='image_folder:my photos' --output='{result.folder / 'tflite'}'"
    )


def test_the_commands_can_be_pasted_into_cmd_exe_too(result, monkeypatch):
    monkeypatch.setattr(program, "IS_WINDOWS", True)
    moved = dataclasses.replace(
        result, model_path=PureWindowsPath(r"C:\my runs\digits\model.keras")
    )
    *_, export = summary(moved, r"image_folder:D:\photos").splitlines()
    assert r'--model="C:\my runs\digits\model.keras" ' in export
    assert r" --dataset=image_folder:D:\photos " in export


def test_an_epoch_may_be_both_and_a_gpu_has_memory_too(result):
    last = dataclasses.replace(result.history[1], peak_device_memory_bytes=30 << 30)
    said = summary(dataclasses.replace(result, history=(last,), epochs_run=1), "digits")
    assert "best, last" in said
    assert "1,000 images/s, 3.2 % of the time waiting for images\n" in said
    last = dataclasses.replace(last, input_wait_share=None)
    said = summary(dataclasses.replace(result, history=(last,), epochs_run=1), "digits")
    assert "1,000 images/s\n" in said
    assert "812 MiB of main memory, 30.0 GiB of a GPU's" in said


def test_a_training_that_was_complete_took_nothing(result):
    said = summary(dataclasses.replace(result, epochs_run=0), "digits")
    assert "speed" not in said
    assert "memory" not in said
    assert "best" in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(75, "75 s"), (41 * 60, "41 min"), (3.5 * 3600, "3.5 h"), (4e5, "4.6 days")],
)
def test_durations(seconds, said):
    assert words.duration(seconds) == said


def test_speeds_and_sizes():
    assert words.speed(1230.4) == "1,230 images/s"
    assert words.speed(0.854) == "0.85 images/s"
    assert words.memory(812 << 20) == "812 MiB"
    assert words.memory(27 << 29) == "13.5 GiB"


def test_a_line_of_a_long_epoch():
    measured = {
        "loss": 2.31,
        "accuracy": 0.48,
        "images_per_second": 812.4,
        "input_wait_share": 0.0151,
    }
    assert terminal.step_line(1200, 5004, measured) == (
        "1,200/5,004 - loss: 2.3100 - accuracy: 0.4800 - 812 images/s - "
        "1.5 % waiting for images"
    )
    del measured["input_wait_share"]
    assert terminal.step_line(3, 5004, measured).endswith(" - 812 images/s")
