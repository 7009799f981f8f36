"""Fine-tuning with the error of int8, and the file that comes of it."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from absl import flags

from keras_resnet.export import QuantizeAwareModel, to_tflite
from keras_resnet.training import datasets, evaluate, program, train
from keras_resnet.training.quantization_aware import (
    arguments_of_run,
    recipe_of_run,
    steps_until_frozen,
)
from keras_resnet.training.recipes import get_recipe, override
from keras_resnet.training.schedules import Constant, Cosine

SIDE = 16
pytest.importorskip("sklearn")


class StopAt(keras.callbacks.Callback):
    """Interrupts as Ctrl-C does, in the middle of an epoch."""

    def __init__(self, epoch, step):
        super().__init__()
        self.place = epoch, step
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise KeyboardInterrupt


@pytest.fixture(scope="module", autouse=True)
def _determinism_ends_here():
    """Let other tests of this process compute as ever."""
    from tensorflow.python.framework.config import disable_op_determinism

    yield
    disable_op_determinism()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short training of a named recipe, with a smaller side."""
    return train(
        "constant",
        "digits",
        output=tmp_path_factory.mktemp("run"),
        strategy="one_device",
        image_side=SIDE,
        epochs=4,
        batch_size=32,
        seed=1,
        verbose=False,
    )


def fine_tune(run, output, **arguments):
    recipe = dataclasses.replace(
        recipe_of_run(run.folder), learning_rate=0.01, ema_decay=0.8, batch_size=120
    )
    return train(
        recipe,
        "digits",
        output=output,
        weights=run.folder,
        quantization_aware=True,
        strategy="one_device",
        deterministic=True,
        seed=2,
        verbose=False,
        **arguments,
    )


@pytest.fixture(scope="module")
def tuned(run, tmp_path_factory):
    return fine_tune(run, tmp_path_factory.mktemp("tuned") / "whole")


def test_the_recipe_is_that_of_the_run_and_gentler(run):
    recipe = recipe_of_run(run.folder)
    assert recipe.name == "constant_quantization_aware"
    assert (recipe.image_side, recipe.batch_size) == (SIDE, 32)
    assert recipe.learning_rate == pytest.approx(0.05 * 0.01)
    assert recipe.epochs == 2
    assert isinstance(recipe.schedule, Cosine)
    found = arguments_of_run(run.folder)
    assert found == {"recipe": recipe, "dataset": "digits", "class_map": None}
    assert arguments_of_run(run.folder, "other") == {"recipe": recipe}
    assert steps_until_frozen(recipe, 44) == 44


def test_what_a_run_was_told_stays(run, tmp_path):
    document = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    document["recipe"]["augmentation"]["flip"] = True
    document["recipe"]["clip_norm"] = None
    document["recipe"]["model_options"] = {"zero_last_gamma": True}
    document["recipe"]["augmentation"]["padding_value"] = [1.0, 2.0, 3.0]
    changed = "rand_augment.magnitude=7", "erasing.area=(0.02, 0.1)"
    asked = override(
        get_recipe("constant"), [f"augmentation.{text}" for text in changed]
    ).augmentation
    for name in ("rand_augment", "erasing"):
        noted = dataclasses.asdict(getattr(asked, name))
        document["recipe"]["augmentation"][name] = json.loads(json.dumps(noted))
    (tmp_path / "run.json").write_text(json.dumps(document), encoding="utf-8")
    recipe = recipe_of_run(tmp_path)
    assert recipe.augmentation.flip is True
    assert recipe.augmentation.padding_value == (1.0, 2.0, 3.0)
    assert recipe.augmentation.rand_augment == asked.rand_augment
    assert recipe.augmentation.rand_augment.magnitude == 7
    assert recipe.augmentation.erasing == asked.erasing
    assert recipe.augmentation.erasing.area == (0.02, 0.1)
    assert recipe_of_run(run.folder).augmentation.flip is False
    assert recipe.model_options == {"zero_last_gamma": True}


def test_the_saved_model_is_quantize_aware_and_as_good_as_reported(run, tuned):
    model = keras.saving.load_model(tuned.model_path)
    assert isinstance(model, QuantizeAwareModel)
    test = datasets.load("digits").test
    right = 0
    for images, labels in datasets.evaluation_batches(test, (SIDE, SIDE, 1), 90):
        found = model.predict_on_batch(images)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        right += (found.argmax(axis=1) == labels.numpy()).sum()
    assert right / test.size == pytest.approx(tuned.test_accuracy, abs=1e-9)
    # From the weights on, not anew.
    assert tuned.test_accuracy > run.test_accuracy - 0.05 > 0.5
    noted = json.loads((tuned.folder / "run.json").read_text(encoding="utf-8"))
    assert noted["model"]["quantization_aware"] == {"freeze_after": 11}


def test_the_weights_of_its_best_epoch_can_be_scored(tuned, tmp_path):
    best = max(tuned.history, key=lambda epoch: epoch.test_accuracy)
    file = tuned.folder / "checkpoints" / "best.npz"
    found = evaluate(file, output=tmp_path, strategy="one_device", verbose=False)
    assert found.top1.value == pytest.approx(best.test_accuracy, abs=1e-9)
    assert found.cross_entropy == pytest.approx(best.test_loss, rel=1e-3)


def test_batch_normalization_stands_still_after_half_of_the_steps(tuned):
    model = keras.saving.load_model(tuned.model_path)
    frozen = {
        layer.freeze_after
        for layer in model._flatten_layers()
        if getattr(layer, "freeze_after", None) is not None
    }
    assert frozen == {11}


@pytest.mark.slow
def test_a_training_that_was_stopped_ends_with_the_same_bits(run, tuned, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fine_tune(run, tmp_path / "parts", callbacks=[StopAt(1, 4)], checkpoint_every=3)
    resumed = fine_tune(run, tmp_path / "parts", checkpoint_every=3)
    assert resumed.epochs_run == 1
    for expected, found in zip(
        keras.saving.load_model(tuned.model_path).get_weights(),
        keras.saving.load_model(resumed.model_path).get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_the_int8_file_agrees_with_the_model(tuned, tmp_path):
    pytest.importorskip("ai_edge_litert")
    from keras_resnet.export import LiteRTModel

    model = keras.saving.load_model(tuned.model_path)
    file = to_tflite(model, tmp_path / "model.tflite", "int8")
    test = datasets.load("digits").test
    batches = datasets.evaluation_batches(test, (SIDE, SIDE, 1), 120, 120)
    images = next(iter(batches))[0].numpy()
    expected = model.predict_on_batch(images)
    found = LiteRTModel(file.path).predict(images)
    assert (found.argmax(1) == expected.argmax(1)).mean() >= 0.97
    assert np.abs(found - expected).mean() < 0.01


def test_the_export_program_takes_it(tuned, tmp_path, capsys):
    pytest.importorskip("ai_edge_litert")
    from keras_resnet.export import program as exporting

    values = flags.FlagValues()
    exporting.define_flags(values)
    arguments = [f"--model={tuned.model_path}", f"--output={tmp_path}"]
    assert exporting.export(values(["export", *arguments]), values) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        f"model_int8{suffix}" for suffix in (".tflite", ".export.json", ".export.html")
    }
    manifest = json.loads((tmp_path / "model_int8.export.json").read_text("utf-8"))
    assert manifest["not_integer"] == []
    assert manifest["calibration"] is None


def test_an_evaluation_reads_it_in_a_process_of_its_own(tuned, run_python):
    """The saved class is the export's, which an evaluation does not import."""
    code = (
        "import sys\n"
        "from keras_resnet.training.evaluation.scored_network import find_source\n"
        "before = 'keras_resnet.export' in sys.modules\n"
        f"source = find_source({str(tuned.folder)!r})\n"
        "print(before, source.classes)"
    )
    assert run_python(code).split() == ["False", "10"]


def test_what_cannot_be_quantization_aware_is_refused(run, quick_recipe, tmp_path):
    def refused(**arguments):
        train(
            dataclasses.replace(quick_recipe, schedule=Constant()),
            "digits",
            output=tmp_path / "none",
            quantization_aware=True,
            verbose=False,
            **arguments,
        )

    with pytest.raises(ValueError, match="weights=None"):
        refused()
    with pytest.raises(ValueError, match="trainable='classifier'"):
        refused(weights=run.folder, trainable="classifier")
    assert not (tmp_path / "none").exists()


def test_the_program_needs_the_folder_of_a_training(tmp_path):
    def run_program(*arguments):
        values = flags.FlagValues()
        program.define_flags(values)
        return program.train_by_flags(values(["train", *arguments]), values)

    with pytest.raises(ValueError, match="Received: --weights=None"):
        run_program("--quantization_aware")
    with pytest.raises(FileNotFoundError, match=r"holds no 'run\.json'"):
        run_program("--quantization_aware", f"--weights={tmp_path}")
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ValueError, match="damaged"):
        run_program("--quantization_aware", f"--weights={tmp_path}")
