import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_resnet.training import datasets, make_strategy

SCRIPT = Path(__file__).with_name("jax_checks.py")

pytest.importorskip("jax")

pytestmark = pytest.mark.timeout(600)


def _shared():
    specification = importlib.util.spec_from_file_location("jax_checks", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


checks = _shared()


def _train_on_tensorflow(folder: Path) -> None:
    """Leave the weights before and after ten steps of each case."""
    device = make_strategy("one_device")
    for name, fields in checks.CASES.items():
        begin = checks.network().get_weights()
        # The parts of a batch are pieces of it here, and on JAX every so many
        # examples: in this order they are the same examples.
        parts = fields.get("accumulation_steps", 1)
        order = np.arange(checks.BATCH).reshape(-1, parts).T.ravel()
        model, logs = checks.trained(device, fields, order, begin)
        end = checks.floats(model)
        np.savez(
            folder / f"{name}.npz",
            weights=len(begin),
            values=len(end),
            logs=json.dumps(logs),
            **{f"begin_{place}": array for place, array in enumerate(begin)},
            **{f"end_{place}": array for place, array in enumerate(end)},
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("jax_training")


@pytest.fixture(scope="module")
def answer(folder):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("compares with TensorFlow")
    _train_on_tensorflow(folder)
    done = subprocess.run(
        [sys.executable, SCRIPT, folder],
        env={**os.environ, "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", checks.CASES)
def test_two_devices_train_as_one_does(answer, case):
    result = answer["equal_results"][case]
    assert result["devices"] < 1e-5
    assert result["moved"] > 0.01
    assert result["steps"] == checks.STEPS
    assert set(result["shared"]) == {2}


@pytest.mark.parametrize("case", checks.CASES)
def test_jax_trains_as_tensorflow_does(answer, case):
    result = answer["equal_results"][case]
    assert result["tensorflow"] < 1e-4
    one, two, tensorflow = result["logs"]
    assert one == pytest.approx(tensorflow, abs=1e-4)
    assert two == pytest.approx(tensorflow, abs=1e-4)


def test_random_layers_draw_for_every_example(answer):
    dropout, sample, batch = (np.array(kept) for kept in answer["draws"]["two"])
    assert len(np.unique(dropout, axis=0)) == len(dropout)
    # Each half is what one device holds.
    assert not np.array_equal(sample[:8], sample[8:])
    assert len(np.unique(sample)) == 2
    assert len(np.unique(batch)) == 1


def test_random_layers_draw_the_same_on_any_number_of_devices(answer):
    assert answer["draws"]["one"] == answer["draws"]["two"]


def test_evaluation_counts_every_example_once(answer):
    result = answer["evaluation"]
    assert result["score"]["count"] == checks.TEST_SIZE
    assert result["score"]["accuracy"] == pytest.approx(result["accuracy"])
    assert result["score"]["loss"] == pytest.approx(result["loss"], rel=1e-5)


def test_step_that_overflows_float16_changes_nothing(answer):
    result = answer["overflow"]
    assert result["scales"] == [2.0**15, 2.0**14, 2.0**14]
    assert result["steps"] == [1, 1, 2]
    # Its loss, which is no number, is not in the means.
    assert result["losses"][0] == result["losses"][1] != result["losses"][2]
    assert np.isfinite(result["losses"]).all()
    assert np.isfinite(result["recent"]).tolist() == [True, False, True]
    assert result["apart"][0] == 0.0
    assert 0.0 < result["apart"][1] < 10.0


def test_training_leaves_what_it_leaves_on_tensorflow(answer, folder):
    whole = folder / "whole"
    for name in ("history.csv", "run.json", "learning_curve.png"):
        assert (whole / name).stat().st_size
    assert (whole / "checkpoints" / "best.npz").exists()
    run = json.loads((whole / "run.json").read_text())
    assert run["finished"]
    assert run["strategy"]["replicas"] == 2
    assert run["versions"]["backend"] == "jax"
    assert run["versions"]["jax"] != "not installed"
    # The model that JAX trained, on TensorFlow.
    model = keras.models.load_model(whole / "model.keras")
    examples = datasets.load("digits").test.examples().as_numpy_iterator()
    images, labels = zip(*examples, strict=True)
    predicted = model.predict(np.stack(images).astype("float32"), verbose=0)
    right = np.mean(predicted.argmax(axis=1) == np.stack(labels))
    assert right == pytest.approx(answer["whole_training"]["accuracy"], abs=0.003)


def test_interrupted_training_ends_as_one_that_was_not(answer):
    result = answer["whole_training"]
    assert "1 epoch and 3 of 10 steps of epoch 2" in result["message"]
    assert result["epochs_run"] == 1
    assert result["identical"]
    assert result["histories"][0] == result["histories"][1]


def test_bfloat16_trains_about_as_float32(answer):
    history, apart = answer["whole_training"]["half"]
    whole = answer["whole_training"]["histories"][0]
    assert apart > 0.0
    for (half, *_), (full, *_) in zip(history, whole, strict=True):
        assert half == pytest.approx(full, rel=0.05)


def test_devices_are_described(answer):
    assert answer["described"] == [
        "one device (CPU), by JAX",
        "2 replicas (CPU), by JAX",
    ]


def test_strategies_of_tensorflow_are_refused_on_jax(answer):
    for name in ("mirrored", "multi_worker", "tpu"):
        assert "trains on the TensorFlow backend only" in answer["refusals"][name]
        assert f"Received: strategy={name!r}" in answer["refusals"][name]
    assert "Received: strategy='elsewhere'" in answer["refusals"]["elsewhere"]


def test_data_parallel_is_refused_on_tensorflow():
    with pytest.raises(ValueError, match=r"trains on one device without saying so"):
        make_strategy("data_parallel")
