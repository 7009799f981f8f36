import hashlib
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import flags
from keras import layers
from PIL import Image

from keras_resnet.export import program
from keras_resnet.export.collapse import CollapsedModelError
from keras_resnet.export.interpreter import LiteRTModel
from keras_resnet.export.metadata import read_labels
from keras_resnet.training import datasets

pytest.importorskip("ai_edge_litert")
pytest.importorskip("sklearn")


def export(*arguments):
    """Run the program's work in this process, with flags of its own."""
    values = flags.FlagValues()
    program.define_flags(values)
    rest = values(["keras-resnet-export", *map(str, arguments)])
    return program.export(rest, values)


def read_manifest(path):
    """Read the document beside a file."""
    return json.loads(path.with_suffix(".export.json").read_text(encoding="utf-8"))


def read_calibration(path):
    """Read the record of the calibration beside a file."""
    return json.loads(path.with_suffix(".calibration.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A network for the package's digits, saved after a little training."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((32, 32, 1))
    x = layers.Rescaling(1 / 255)(inputs)
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, 2, "same", activation="relu")(x)
    outputs = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    train = datasets.load("digits").train.examples()
    model.fit(train.batch(64, drop_remainder=True), epochs=4, verbose=0)
    path = tmp_path_factory.mktemp("run") / "model.keras"
    model.save(path)
    return path


def test_all_formats_are_exported_verified_and_reported(model_file, tmp_path, capsys):
    arguments = (f"--model={model_file}", "--dataset=digits", f"--output={tmp_path}")
    assert export(*arguments, "--calibration_images=50") == 0
    names = ["float32", "float16", "dynamic_int8", "int8"]
    entries = [read_manifest(tmp_path / f"model_{name}.tflite") for name in names]
    assert [entry["quantization"] for entry in entries] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [
            *(
                f"model_{name}{suffix}"
                for name in names
                for suffix in (".tflite", ".export.json", ".export.html")
            ),
            "model_int8.calibration.json",
        ]
    )
    calibration = read_calibration(tmp_path / "model_int8.tflite")
    assert calibration["method"] == "min_max"
    assert calibration["source"] == "the training split of digits"
    assert len(calibration["images"]) == 50
    for entry in entries:
        found = entry["verification"]
        assert found["count"] == 360
        assert found["keras_accuracy"] > 0.85
        assert abs(found["accuracy"] - found["keras_accuracy"]) <= 0.01
        assert sum(found["predicted_counts"]) == 360
        assert entry["size_bytes"] == (tmp_path / entry["path"]).stat().st_size
    *others, integer = entries
    assert [entry["calibration"] for entry in others] == [None] * 3
    assert len(set(integer["calibration"]["indices"])) == 50
    assert max(integer["calibration"]["indices"]) < 1437
    shown = capsys.readouterr()
    header, second, rule, *rows = shown.out.splitlines()[:7]
    assert second.split() == ["KiB", "KiB", "file", "Keras", "mean", "largest"]
    assert [row.split()[0] for row in rows] == names
    for row, entry in zip(rows, entries, strict=True):
        *_, accuracy, by_keras, agreement, mean, largest = row.split()
        found = entry["verification"]
        assert accuracy == f"{found['accuracy']:.2%}"
        assert by_keras == f"{found['keras_accuracy']:.2%}"
        assert agreement == f"{found['agreement']:.2%}"
        assert float(mean) == pytest.approx(found["mean_difference"], rel=0.05)
        assert float(largest) == pytest.approx(found["largest_difference"], rel=0.05)
    assert len(header) == len(rule) == max(map(len, rows))
    assert "Verifying on 360 test images" in shown.err


def test_the_same_run_again_gives_the_same_files(model_file, tmp_path, capsys):
    for name in ("one", "two"):
        export(
            f"--model={model_file}",
            "--dataset=digits",
            "--quantization=int8",
            "--input_type=int8",
            "--evaluation_limit=40",
            f"--output={tmp_path / name}",
        )
    first, second = (tmp_path / name / "model_int8.tflite" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert LiteRTModel(first).input.dtype == "int8"
    assert read_manifest(first)["verification"]["count"] == 40
    assert "Verifying on 40 of 360 test images" in capsys.readouterr().err


def folder_dataset(folder):
    """Tall images of two classes: what is cut away of them is white."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 2)):
        for name in ("dark", "bright"):
            path = folder / split / name
            path.mkdir(parents=True)
            for number in range(count):
                image = generator.integers(0, 200, (48, 40, 3)).astype("uint8")
                Image.fromarray(image).save(path / f"{number}.png")
    return folder


def test_calibration_images_are_prepared_as_the_training_evaluated(tmp_path):
    """With its own crop and side, from its training images, named one by one."""
    dataset = folder_dataset(tmp_path / "data")
    run = tmp_path / "run"
    run.mkdir()
    inputs = keras.Input((None, None, 3))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    outputs = layers.Dense(2, activation="softmax")(pooled)
    keras.Model(inputs, outputs).save(run / "model.keras")
    recipe = {"evaluation_side": 24, "image_side": 16, "evaluation_crop": 0.6}
    noted = {
        "recipe": recipe,
        "model": {"name": "small", "options": {}},
        "dataset": {"name": str(dataset)},
        "class_names": ["bright", "dark"],
        "image_shape": [24, 24, 3],
    }
    (run / "run.json").write_text(json.dumps(noted))
    export(
        f"--model={run / 'model.keras'}",
        f"--dataset={dataset}",
        "--quantization=int8",
        "--calibration_images=5",
        "--seed=4",
        f"--output={tmp_path / 'out'}",
    )
    file = tmp_path / "out" / "model_int8.tflite"
    assert LiteRTModel(file).input.shape == (1, 24, 24, 3)
    record = read_calibration(file)
    assert record["framing"]["crop"] == 0.6
    assert record["image_shape"] == [24, 24, 3]
    assert len(record["images"]) == 5
    for image in record["images"]:
        assert image["name"].startswith("train/")
        # 24 of 40 columns are kept without enlarging anything.
        with Image.open(dataset / image["name"]) as opened:
            pixels = np.asarray(opened.crop((8, 12, 32, 36)), "<f4")
        assert image["sha256"] == hashlib.sha256(pixels.tobytes()).hexdigest()

    # The same number of other classes is not what it tells apart.
    (dataset / "train" / "dark").rename(dataset / "train" / "blue")
    (dataset / "test" / "dark").rename(dataset / "test" / "blue")
    with pytest.raises(ValueError, match="its class 0 is 'bright', .* is 'blue'"):
        export(f"--model={run / 'model.keras'}", f"--dataset={dataset}")
    # Unless it was trained on this one by a class map.
    class_map = tmp_path / "classes.csv"
    class_map.write_text("folder,name\nbright,bright\nblue,dark\n")
    noted["dataset"]["class_map"] = str(class_map)
    (run / "run.json").write_text(json.dumps(noted))
    export(
        f"--model={run / 'model.keras'}",
        f"--dataset={dataset}",
        "--quantization=float32",
        f"--output={tmp_path / 'mapped'}",
    )
    mapped = (tmp_path / "mapped" / "model_float32.tflite").read_bytes()
    assert read_labels(mapped) == ("bright", "dark")


def test_weights_and_activations_of_other_types_are_proven_too(model_file, tmp_path):
    names = ("weight_only_int8", "int16x8")
    export(
        f"--model={model_file}",
        "--dataset=digits",
        f"--quantization={','.join(names)}",
        "--calibration_images=40",
        "--evaluation_limit=100",
        f"--output={tmp_path}",
    )
    weights, wide = (read_manifest(tmp_path / f"model_{name}.tflite") for name in names)
    for entry in (weights, wide):
        found = entry["verification"]
        assert abs(found["accuracy"] - found["keras_accuracy"]) <= 0.02
        assert found["mean_difference"] < 0.005
        assert entry["signal_to_noise"]["images"] > 0
    assert weights["not_integer"] is None
    assert wide["not_integer"] == []
    types = {row["name"]: row["type"] for row in wide["operators"]}
    assert types["CONV_2D"] == "INT16"
    types = {row["name"]: row["type"] for row in weights["operators"]}
    assert types["CONV_2D"] == types["DEQUANTIZE"] == "FLOAT32"
    assert (wide["calibration"] is None, weights["calibration"]) == (False, None)


def test_without_a_dataset_floats_are_exported_unverified(model_file, capsys):
    export(f"--model={model_file}", "--quantization=float32,dynamic_int8")
    folder = model_file.parent / "tflite"
    assert (folder / "model_dynamic_int8.tflite").is_file()
    assert "Not verified" in capsys.readouterr().out
    for name in ("float32", "dynamic_int8"):
        manifest = read_manifest(folder / f"model_{name}.tflite")
        assert manifest["verification"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quantization=int4"], "Received: quantization='int4'"),
        (["--quantization="], "at least one of"),
        (["--quantization=float32", "--input_type=uint8"], "input_type='uint8'"),
        (["--input_type=int16"], "input_type='int16'"),
        (["--quantization=int8"], "--dataset"),
        (["--dataset=digits", "--calibration_images=0"], "--calibration_images=0"),
        (["--calibration_method=median"], "calibration_method='median'"),
        (
            ["--quantization=int16x8", "--calibration_method=mse"],
            "--calibration_method=mse",
        ),
        (["--dataset=digits", "--evaluation_limit=-1"], "--evaluation_limit=-1"),
        (["model.keras"], "Received: 'model.keras'"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    model_file, tmp_path, arguments, message
):
    with pytest.raises(ValueError, match=message):
        export(f"--model={model_file}", f"--output={tmp_path / 'new'}", *arguments)
    assert not (tmp_path / "new").exists()


def test_models_that_cannot_be_loaded_are_refused(tmp_path):
    with pytest.raises(ValueError, match="--model="):
        export("--quantization=float32")
    with pytest.raises(FileNotFoundError, match="There is no model file"):
        export(f"--model={tmp_path / 'missing.keras'}", "--quantization=float32")
    weights = tmp_path / "best.npz"
    weights.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"no network\. .*create_model\('NAME', wei"):
        export(f"--model={weights}", "--quantization=float32")
    damaged = tmp_path / "damaged.keras"
    damaged.write_bytes(b"PK and nothing else")
    with pytest.raises(ValueError, match="Cannot load a Keras model"):
        export(f"--model={damaged}", "--quantization=float32")


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [((32, 32, 3), 10, "3 channels"), ((32, 32, 1), 7, "7 classes")],
)
def test_a_dataset_that_does_not_fit_is_refused(
    make_small_resnet, tmp_path, shape, classes, message
):
    path = tmp_path / "model.keras"
    make_small_resnet(shape, classes).save(path)
    with pytest.raises(ValueError, match=message):
        export(f"--model={path}", "--dataset=digits")


def test_a_collapsed_file_leaves_the_older_files(collapsing, tmp_path):
    inputs = keras.Input((32, 32, 1))
    smaller = layers.Resizing(16, 16, interpolation="nearest")(inputs)
    path = tmp_path / "model.keras"
    keras.Model(inputs, collapsing(smaller)).save(path)
    folder = tmp_path / "out"
    folder.mkdir()
    older = {
        "model_int8.export.json": b"older report",
        "model_float32.tflite": b"older file",
        "model_int8.tflite": b"older int8 file",
    }
    for name, content in older.items():
        (folder / name).write_bytes(content)
    with pytest.raises(CollapsedModelError, match="'int8' file has collapsed"):
        export(
            f"--model={path}",
            "--dataset=digits",
            "--quantization=float32,int8",
            f"--output={folder}",
        )
    assert {item.name: item.read_bytes() for item in folder.iterdir()} == older


def run_program(*arguments):
    # TensorFlow, loaded in this process, sets the level for all that follow.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    return subprocess.run(
        [sys.executable, "-m", "keras_resnet.export", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


def test_the_program_tells_a_mistake_in_one_sentence(model_file, tmp_path):
    finished = run_program(f"--model={model_file}", "--quantization=int4")
    assert finished.returncode == 2
    (line,) = finished.stderr.splitlines()
    assert "error: Unknown quantization" in line
    in_the_way = tmp_path / "file"
    in_the_way.write_text("in the way")
    finished = run_program(
        f"--model={model_file}", "--quantization=float32", f"--output={in_the_way}"
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert "Cannot write" in line
    assert in_the_way.read_text() == "in the way"


def test_the_program_keeps_the_terminal_clean_and_helps(model_file, tmp_path):
    finished = run_program(
        f"--model={model_file}", "--quantization=float32", f"--output={tmp_path}"
    )
    assert finished.returncode == 0
    assert finished.stderr.splitlines() == ["Converting to float32 ..."]
    assert finished.stdout.splitlines()[0].startswith("format")
    assert np.isfinite(
        LiteRTModel(tmp_path / "model_float32.tflite").predict(np.zeros((1, 32, 32, 1)))
    ).all()
    helped = run_program("--helpshort")
    for flag in ("--model", "--calibration_images", "--quantization"):
        assert flag in helped.stdout
