import inspect
import json
import os
import re
import signal
import subprocess
import sys
import time

import keras
import pytest
from absl import flags

from keras_resnet.training import list_recipes, program, program_flags, train
from keras_resnet.training.recipes import RECIPES

COMMAND = [sys.executable, "-m", "keras_resnet.training"]


def environment():
    # A program keeps TensorFlow quiet only where the user has set no level.
    return {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}


def run(*typed, cwd):
    return subprocess.run(
        [*COMMAND, *typed],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=cwd,
        env=environment(),
    )


def test_short_help_lists_the_flags(tmp_path):
    said = run("--helpshort", cwd=tmp_path).stdout
    for flag in ("recipe", "dataset", "strategy", "output", "[no]resume", "unreadable"):
        assert f"--{flag}" in said
    assert "keras-resnet-train" in said


def test_flags_are_defined_where_they_are_asked_for():
    values = flags.FlagValues()
    program.define_flags(values)
    assert set(values) == {*program_flags.ARGUMENTS, *program_flags.OWN_FLAGS}
    # What it passes on is what `train` takes.
    assert set(program_flags.ARGUMENTS) <= set(inspect.signature(train).parameters)
    arguments = values(["keras-resnet-train", "--noresume", "stray"])
    assert values.resume is False
    with pytest.raises(ValueError, match="Received: stray"):
        program.train_by_flags(arguments, values)


@pytest.mark.parametrize(
    ("typed", "status", "message"),
    [
        (["--recipe=digit"], 2, "Unknown recipe"),
        (["--set", "learning_rat=1"], 2, "Did you mean 'learning_rate'?"),
        (["--learning_rate=1"], 2, "changed by --set learning_rate=VALUE."),
        (["--output=file/run"], 1, "file"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, typed, status, message):
    (tmp_path / "file").write_text("in the way")
    done = run("--epochs=1", *typed, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def typed(capsys, *arguments):
    values = flags.FlagValues()
    program.define_flags(values)
    left = values(["keras-resnet-train", *arguments])
    assert program.train_by_flags(left, values) is None
    return capsys.readouterr().out


def test_recipes_are_listed(capsys):
    said = typed(capsys, "--list_recipes")
    names = [line.split()[0] for line in said.splitlines()[2:]]
    assert names == list_recipes()
    assert said.count("not reproduced") == sum(
        not recipe.reproduced_for(recipe.model) for recipe in RECIPES.values()
    )


def test_a_dry_run_shows_what_would_be_trained(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "rate.png"
    said = typed(
        capsys,
        "--recipe=he2015_cifar10",
        "--set=learning_rate=0.2",
        "--set",
        "augmentation.flip=no",
        "--epochs=82",
        "--dry_run",
        f"--plot={picture}",
    )
    assert "learning_rate = 0.2" in said
    assert "augmentation.flip = False" in said
    assert "390 an epoch, 31,980 in all" in said
    assert picture.read_bytes().startswith(b"\x89PNG")
    # It trains nothing and leaves no folder.
    assert list(tmp_path.iterdir()) == [picture]


def test_a_dry_run_tells_the_memory_of_each_of_several_devices(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    def activations(*arguments):
        said = typed(
            capsys, "--dry_run", "--recipe=constant", "--dataset=cifar10", *arguments
        )
        found = re.search(r"([\d,]+) MiB of activations", said)[1]
        return int(found.replace(",", ""))

    whole = activations("--batch_size=4096")
    assert activations("--batch_size=4096", "--strategy=one_device") == whole
    assert activations("--batch_size=4096", "--virtual_devices=4") == round(whole / 4)
    workers = [f"localhost:{port}" for port in (1, 2, 3, 4)]
    told = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(told))
    assert activations("--batch_size=4096") == round(whole / 4)
    monkeypatch.delenv("TF_CONFIG")
    said = typed(capsys, "--dry_run", "--recipe=constant", "--strategy=tpu")
    assert "on all of them together" in said


def test_a_dry_run_measures_some_steps(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = typed(
        capsys,
        "--dry_run",
        "--measure",
        "--recipe=constant",
        # Its mean is not looked for.
        "--set=input_mean=pixel",
        # Two calls compile, three are timed.
        "--steps_per_call=8",
        "--dataset=cifar10",
        "--model=resnet8",
        "--image_side=8",
        "--batch_size=16",
        "--epochs=3",
        "--strategy=one_device",
    )
    lines = said.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("measured"))
    shown = [line[12:] for line in lines[place : place + 4]]
    assert re.sub(r" \(.+\)$", "", shown[0]) == (
        "24 steps of noise in place of cifar10's images at 8 pixels on one device"
    )
    assert re.fullmatch(r"about .+ for 3 epochs, at [\d.,]+ images/s", shown[1])
    assert shown[2] == "without the time to read and decode images"
    assert "of main memory" in shown[3]
    assert lines[place - 1].startswith("memory      at least")
    assert not list(tmp_path.iterdir())
    for arguments, message in (
        (["--measure"], "--measure is for --dry_run"),
        (["--dry_run", "--measure", "--quantization_aware"], "does not know"),
    ):
        with pytest.raises(ValueError, match=message):
            typed(capsys, "--recipe=constant", *arguments)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_trains_stops_at_ctrl_c_and_resumes(tmp_path):
    typed = ["--epochs=3", "--batch_size=128", "--output=run"]
    typed += ["--strategy=mirrored", "--virtual_devices=2"]
    process = subprocess.Popen(
        [*COMMAND, *typed],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoints = tmp_path / "run" / "checkpoints"
    limit = time.monotonic() + 200
    while len(list(checkpoints.glob("checkpoint_*.npz"))) < 2:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Run the same command again to continue." in said

    done = run(*typed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "resume" in done.stdout
    assert "test images right" in done.stdout
    assert done.stderr == ""
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    assert model.input_shape == (None, 32, 32, 1)
