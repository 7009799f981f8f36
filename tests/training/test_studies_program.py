"""The program `keras-resnet-study`, from flags to written files."""

import csv
import json
import shlex
import sys

import keras
import numpy as np
import pytest
from absl import flags
from PIL import Image

import keras_resnet
from keras_resnet.training.studies import program
from keras_resnet.training.studies.commands import COMMANDS
from keras_resnet.training.studies.numbers import integers

SIDE = 16
NARROW = {"widths": [4, 8, 8], "stem_width": 4}
# What the classes of the training are called.
KINDS = [str(number) for number in range(10)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A network for digits, and one for three classes, as files."""
    folder = tmp_path_factory.mktemp("saved networks")
    for name, classes in (("digits", 10), ("three", 3)):
        keras.utils.set_random_seed(0)
        model = keras_resnet.create_model(
            "resnet8", input_shape=(SIDE, SIDE, 1), classes=classes, **NARROW
        )
        model.save(folder / f"{name}.keras")
    _run_folder(folder / "run")
    return folder


def _run_folder(folder):
    """Write what a training leaves behind, of a network with other depths."""
    keras.utils.set_random_seed(0)
    options = {"depths": [2, 1, 1], **NARROW}
    model = keras_resnet.create_model(
        "resnet8", input_shape=(SIDE, SIDE, 1), include_preprocessing=True, **options
    )
    # Files of weights are built without the last activation; here the logits are
    # far from probabilities.
    model.get_layer("predictions").bias.assign([9.0] + 9 * [-9.0])
    (folder / "checkpoints").mkdir(parents=True)
    keras_resnet.weights.save(
        model, folder / "checkpoints" / "best.npz", naming="keras_resnet"
    )
    description = {
        "recipe": {
            "evaluation_side": None,
            "image_side": SIDE,
            "evaluation_crop": 0.875,
        },
        "dataset": {"name": "digits"},
        "model": {"name": "resnet8", "options": options},
        "image_shape": [SIDE, SIDE, 1],
        "class_names": KINDS,
    }
    (folder / "run.json").write_text(json.dumps(description), encoding="utf-8")


def study(name, *arguments):
    """Make a study in this process, with flags of its own."""
    module = COMMANDS[name].load()
    values = flags.FlagValues()
    module.define_flags(values)
    values(["keras-resnet-study", *map(str, arguments)])
    module.run(values)


ARGUMENTS = {
    "lesions": ("--images=20", "--modules=0,1-2"),
    "multiple_lesions": ("--images=20", "--counts=1,2", "--draws=2"),
    "path_gradients": ("--images=6", "--lengths=0-2", "--draws=2"),
    "path_lengths": (),
    "responses": ("--images=10", "--other_weights={folder}/digits.keras"),
    "gradient_norms": ("--images=4", "--other_weights={folder}/digits.keras"),
    "grad_cam": (
        "--images=4",
        "--index=2",
        "--class_name=3",
        "--layer=conv2_block1_out",
    ),
    "class_activation_map": ("--images=4", "--index=3"),
    "class_heatmap": ("--images=4", "--index=1", "--mosaic=1x2"),
}


def written(output, name):
    """Read what a study wrote, and check that table and document agree."""
    document = json.loads((output / f"{name}.json").read_text(encoding="utf-8"))
    rows = list(csv.reader((output / f"{name}.csv").open(encoding="utf-8")))
    assert rows[0] == document["columns"]
    assert len(rows) - 1 == len(document["rows"]) > 0
    assert (output / f"{name}.png").stat().st_size
    return document


@pytest.mark.parametrize("name", ARGUMENTS)
def test_from_flags_to_files(saved, tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(sys, "argv", ["keras-resnet-study"])
    network = f"--weights={saved / 'digits.keras'}"
    data = () if name == "path_lengths" else ("--dataset=digits",)
    output = tmp_path / "new"
    arguments = [typed.format(folder=saved) for typed in ARGUMENTS[name]]
    study(name, network, *data, f"--output={output}", *arguments)
    assert f"{name}.csv, {name}.png, {name}.json" in capsys.readouterr().out
    document = written(output, name)
    assert document.get("model", "resnet8") == "resnet8"
    command = shlex.split(document["command"])
    assert command[:2] == ["keras-resnet-study", name]
    assert {network, *data, *arguments} <= {*command}
    if "--class_name=3" in arguments:
        assert document["class_name"] == "3"
    if "--mosaic=1x2" in arguments:
        assert document["image_shape"] == [SIDE, 2 * SIDE, 1]
    if "--other_weights" in " ".join(arguments):
        networks = [row[0] for row in document["rows"]]
        other = f"resnet8 ({saved}/digits.keras)"
        assert networks == 7 * ["resnet8"] + 7 * [other]
        # What they computed is kept, once for the same network.
        assert len((output / "evaluations.jsonl").read_text().splitlines()) == 1


@pytest.fixture
def image(tmp_path):
    """A picture with an edge, in a file."""
    pixels = np.zeros((48, 40, 3), "uint8")
    pixels[10:30, 15:25] = (250, 120, 30)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return f"--image={tmp_path / 'picture.png'}"


def test_probabilities_of_logits(saved, tmp_path):
    weights = f"--weights={saved / 'run' / 'checkpoints' / 'best.npz'}"
    typed = (weights, "--images=10", f"--output={tmp_path}", "--factors=1,1.5")
    study("scale", *typed)
    document = written(tmp_path, "scale")
    confidence = document["columns"].index("mean confidence")
    assert len(document["rows"]) == 2
    assert all(0 <= row[confidence] <= 1 for row in document["rows"])
    with pytest.raises(ValueError, match="--factors must be numbers"):
        study("scale", weights, "--factors=1,a")


def test_modules_in_another_order(saved, tmp_path):
    weights = f"--weights={saved / 'run' / 'checkpoints' / 'best.npz'}"
    typed = (f"--output={tmp_path}", "--images=4", "--swaps=1", "--draws=1")
    study("reorderings", weights, *typed)
    (row,) = written(tmp_path, "reorderings")["rows"]
    assert row[-1] == "1 0 2 3"


def test_paths_of_the_network_that_was_trained(saved, tmp_path):
    weights = f"--weights={saved / 'run' / 'checkpoints' / 'best.npz'}"
    study("path_lengths", weights, f"--output={tmp_path}")
    assert written(tmp_path, "path_lengths")["modules"] == 4


def test_a_picture_of_ones_own_takes_no_dataset(saved, image, tmp_path, capsys):
    output = f"--output={tmp_path}"
    run = f"--weights={saved / 'run' / 'checkpoints' / 'best.npz'}"
    study("class_activation_map", run, image, output, "--class_name=4")
    document = written(tmp_path, "class_activation_map")
    assert document["class_name"] == "4"
    assert document["image_shape"] == [SIDE, SIDE, 1]
    assert "4: " in capsys.readouterr().out
    study("class_heatmap", run, image, output)
    document = written(tmp_path, "class_heatmap")
    assert document["image_shape"] == [48, 40, 1]
    assert document["class_name"] in KINDS
    # What the classes of a file alone are called, it does not say.
    alone = f"--weights={saved / 'three.keras'}"
    study("grad_cam", alone, image, output)
    assert written(tmp_path, "grad_cam")["class_name"].startswith("class ")
    with pytest.raises(ValueError, match="classes are called is not known"):
        study("grad_cam", alone, image, output, "--class_name=3")
    no_picture = f"--image={saved / 'three.keras'}"
    with pytest.raises(ValueError, match="no image that can be decoded"):
        study("grad_cam", alone, no_picture, output)
    with pytest.raises(ValueError, match="Unknown class: .*Did you mean '4'"):
        study("grad_cam", run, image, output, "--class_name=44")
    with pytest.raises(ValueError, match="--index must be one of 5 images"):
        study("grad_cam", run, output, "--images=5", "--index=5")


def test_networks_of_several_sizes_are_not_compared(saved, tmp_path):
    small = keras_resnet.create_model("resnet8", input_shape=(12, 12, 1), **NARROW)
    small.save(tmp_path / "small.keras")
    with pytest.raises(ValueError, match="images of the same size"):
        study(
            "responses",
            f"--weights={saved / 'digits.keras'}",
            f"--other_weights={tmp_path / 'small.keras'}",
            "--dataset=digits",
            "--images=2",
        )


def test_the_same_command_continues(saved, tmp_path, capsys, monkeypatch):
    arguments = (
        f"--weights={saved / 'digits.keras'}",
        "--dataset=digits",
        "--images=20",
        f"--output={tmp_path}",
    )
    study("lesions", *arguments)
    cache, result = (tmp_path / f for f in ("evaluations.jsonl", "lesions.csv"))
    kept, table = cache.read_bytes(), result.read_bytes()
    assert len(kept.splitlines()) == 4

    def interrupted(*_):
        raise KeyboardInterrupt

    # Where anything was computed again, this would interrupt it.
    monkeypatch.setattr(
        "keras_resnet.studies.variants.VariantEvaluator._step", interrupted
    )
    study("lesions", *arguments)
    with pytest.raises(KeyboardInterrupt):
        study("multiple_lesions", *arguments, "--counts=2")
    assert "The same command again continues" in capsys.readouterr().err
    assert (cache.read_bytes(), result.read_bytes()) == (kept, table)


def _folder_of(path, classes):
    for split in ("train", "test"):
        for name in classes:
            folder = path / split / name
            folder.mkdir(parents=True)
            pixels = np.zeros((32, 32), "uint8")
            Image.fromarray(pixels).save(folder / "0.png")
    return path


def test_what_does_not_fit_together(saved, tmp_path):
    three, output = f"--weights={saved / 'three.keras'}", f"--output={tmp_path}"
    with pytest.raises(ValueError, match="tells 3 classes apart and the dataset has"):
        study("lesions", three, "--dataset=digits", output)
    with pytest.raises(ValueError, match="needs --weights"):
        study("lesions", "--dataset=digits", output)
    with pytest.raises(ValueError, match="--dataset must say which images"):
        study("lesions", three, output)
    with pytest.raises(ValueError, match="needs --weights"):
        study("path_lengths", output)
    folder = _folder_of(tmp_path / "data", ["a", "b"])
    with pytest.raises(ValueError, match="tells 3 classes apart"):
        study("lesions", three, f"--dataset={folder}", output)


def test_names_of_studies(capsys, monkeypatch):
    assert program.choose(["lesions", "--images=3"]) == "lesions"
    assert program.choose([]) is program.choose(["--help"]) is None
    with pytest.raises(ValueError, match="Did you mean 'lesions'"):
        program.choose(["lesion"])
    monkeypatch.setattr(sys, "argv", ["keras-resnet-study", "lesion"])
    with pytest.raises(SystemExit, match="2"):
        program.main()
    assert "error: Unknown study" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["keras-resnet-study"])
    with pytest.raises(SystemExit, match="0"):
        program.main()
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in COMMANDS)


def test_studies_have_what_the_program_needs():
    assert list(COMMANDS) == sorted(COMMANDS)
    for command in COMMANDS.values():
        module = command.load()
        assert module.DESCRIPTION
        assert callable(module.define_flags)
        assert callable(module.run)


def test_numbers_as_they_are_typed():
    assert integers("modules", ["3", "5-7"]) == [3, 5, 6, 7]
    assert integers("modules", None) is None
    assert integers("modules", ["4-4"]) == [4]
    for wrong in (["a"], ["1-"], ["-1"], [""], ["1.5"], ["5-3"], ["1", "32-20"]):
        with pytest.raises(ValueError, match="--modules must be integers"):
            integers("modules", wrong)
