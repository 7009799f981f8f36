import csv
import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training import datasets, train, whole_run


class StopAt(keras.callbacks.Callback):
    """Interrupts as Ctrl-C does, in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch
        self.current = None

    def on_epoch_begin(self, epoch, logs=None):
        self.current = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.current == self.epoch and batch == 3:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def trained(small_network, quick_recipe):
    """Train the small network on the digits."""

    def run(folder, **arguments):
        arguments = {"recipe": quick_recipe, "verbose": False} | arguments
        return train(
            dataset="digits",
            model=small_network,
            output=folder,
            strategy="one_device",
            **arguments,
        )

    return run


@pytest.fixture
def quick(trained, tmp_path):
    return lambda name="run", **arguments: trained(tmp_path / name, **arguments)


@pytest.fixture(scope="module")
def whole(trained, tmp_path_factory):
    """A training of four epochs, to be looked at."""
    return trained(tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture
def complete(whole, tmp_path):
    """A copy of it, where `quick` trains."""
    shutil.copytree(whole.folder, tmp_path / "run")
    return tmp_path / "run"


def weights_of(result):
    return keras.models.load_model(result.model_path).get_weights()


def test_leaves_a_complete_folder(whole, quick_recipe):
    result = whole
    assert result.epochs_run == len(result.history) == 4
    assert result.history[-1].train_loss < result.history[0].train_loss
    assert {file.name for file in result.folder.iterdir()} == {
        "checkpoints",
        "history.csv",
        "learning_curve.png",
        "metrics.jsonl",
        "model.keras",
        "run.json",
        "tensorboard",
    }
    run = json.loads((result.folder / "run.json").read_text())
    assert run["finished"] is True
    assert run["metrics"]["test_accuracy"] == result.test_accuracy
    assert run["recipe"]["learning_rate"] == quick_recipe.learning_rate
    assert run["versions"]["keras"] == keras.__version__
    with (result.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4]
    # 14 steps an epoch: the last of the warm-up, the last of the cosine.
    assert float(rows[0]["learning_rate"]) == pytest.approx(0.1 * 13 / 14)
    assert float(rows[3]["learning_rate"]) == pytest.approx(
        0.05 * (1 + np.cos(np.pi * 41 / 42)), rel=1e-3
    )


def test_tensorboard_has_every_epoch(whole):
    result = whole
    for split in ("train", "test"):
        (file,) = (result.folder / "tensorboard" / split).iterdir()
        found = {
            (event.step, value.tag): value.simple_value
            for event in tf.compat.v1.train.summary_iterator(str(file))
            for value in event.summary.value
            if value.HasField("simple_value")
        }
        for epoch in result.history:
            assert found[epoch.epoch, "loss"] == pytest.approx(
                getattr(epoch, f"{split}_loss"), rel=1e-6
            )


@pytest.mark.parametrize("dtype_policy", ["float32", "mixed_bfloat16"])
def test_the_saved_model_is_float32_and_as_good_as_reported(quick, whole, dtype_policy):
    result = whole
    if dtype_policy != "float32":
        result = quick(dtype_policy=dtype_policy, epochs=2)
    model = keras.models.load_model(result.model_path)
    assert model.dtype_policy.name == "float32"
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    right = total = 0
    for images, labels in datasets.evaluation_batches(
        datasets.load("digits").test, (32, 32, 1), 128
    ):
        probabilities = model.predict_on_batch(images)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        right += (probabilities.argmax(axis=1) == labels.numpy()).sum()
        total += len(labels)
    tolerance = 0 if dtype_policy == "float32" else 0.02
    assert right / total == pytest.approx(result.test_accuracy, abs=tolerance + 1e-9)
    assert keras.config.dtype_policy().name == "float32"


def test_an_interrupted_training_ends_with_the_same_weights(quick, whole):
    with pytest.raises(KeyboardInterrupt):
        quick("parts", callbacks=[StopAt(2)])
    resumed = quick("parts")
    assert resumed.epochs_run == 2
    for expected, found in zip(weights_of(whole), weights_of(resumed), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    for expected, found in zip(whole.history, resumed.history, strict=True):
        np.testing.assert_allclose(
            list(found.outcome().values()),
            list(expected.outcome().values()),
            rtol=1e-4,
        )


def test_an_interruption_leaves_no_half_written_file(quick, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        quick(callbacks=[StopAt(1)])
    folder = tmp_path / "run"
    assert not (folder / "model.keras").exists()
    assert json.loads((folder / "run.json").read_text())["finished"] is False
    assert (folder / "learning_curve.png").is_file()
    assert not list(folder.rglob(".writing-*"))


def test_a_complete_training_is_not_repeated(quick, whole, complete):
    (complete / "model.keras").unlink()
    again = quick()
    assert again.epochs_run == 0
    assert again.history == whole.history
    assert again.model_path.is_file()


def test_what_a_stopped_process_left_out_of_a_complete_training_is_mended(
    quick, complete
):
    whole = {
        name: (complete / name).read_bytes()
        for name in ("history.csv", "learning_curve.png")
    }
    (complete / "history.csv").write_text("epoch\n1\n")
    (complete / "learning_curve.png").write_bytes(b"three epochs")
    for name in ("model.keras", "history.csv", "run.json"):
        (complete / f".writing-abc{name}").write_bytes(b"half")
    assert quick().epochs_run == 0
    for name, content in whole.items():
        assert (complete / name).read_bytes() == content
    assert not list(complete.rglob(".writing-*"))


def test_another_seed_gives_other_weights(quick):
    first = quick("first", epochs=1, seed=0)
    other = quick("other", epochs=1, seed=-1)
    assert not np.allclose(weights_of(first)[0], weights_of(other)[0])


@pytest.mark.usefixtures("complete")
def test_refuses_to_continue_another_training(quick):
    with pytest.raises(ValueError, match=r"another training: .*seed: 0 before, 1 now"):
        quick(seed=1)
    with pytest.raises(ValueError, match=r"recipe\.epochs: 4 before, 5 now"):
        quick(epochs=5)
    with pytest.raises(ValueError, match=r"holds a training of 4 epochs\. Resume"):
        quick(resume=False)


@pytest.mark.usefixtures("complete")
def test_overwrites_when_asked(quick):
    result = quick(epochs=1, seed=1, overwrite=True)
    assert result.epochs_run == len(result.history) == 1
    assert len(list((result.folder / "tensorboard" / "train").iterdir())) == 1


def test_an_overwritten_training_leaves_nothing_beside_the_new_one(quick, complete):
    (complete / ".writing-abc.keras").write_bytes(b"half")
    (complete / "evaluation.json").write_text("{}")
    with pytest.raises(KeyboardInterrupt):
        quick(seed=1, overwrite=True, callbacks=[StopAt(0)])
    # Of the evaluation nobody says that it is the training's.
    assert {file.name for file in complete.iterdir()} == {
        "checkpoints",
        "evaluation.json",
        "metrics.jsonl",
        "run.json",
        "tensorboard",
    }
    run = json.loads((complete / "run.json").read_text())
    assert (run["seed"], run["finished"]) == (1, False)
    assert not list((complete / "checkpoints").iterdir())


def test_refuses_a_checkpoint_of_another_architecture(complete, quick_recipe):
    def small_resnet(input_shape, classes, classifier_activation):
        return keras.Sequential(
            [
                keras.Input(input_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(classes, activation=classifier_activation),
            ]
        )

    with pytest.raises(ValueError, match="another architecture"):
        train(quick_recipe, "digits", small_resnet, complete, verbose=False)


def test_stops_when_the_loss_is_no_number(quick, quick_recipe, tmp_path):
    recipe = dataclasses.replace(quick_recipe, learning_rate=1e30, warmup_epochs=0)
    said = []
    for steps_per_call in (1, 5):
        with pytest.raises(RuntimeError, match=r"loss became .* in epoch 1\.") as e:
            quick(recipe=recipe, steps_per_call=steps_per_call)
        said.append(str(e.value))
    # The same step is named, and the norms up to it.
    assert "The last gradient norms were " in said[0]
    told = said[0].split("norms were ")[1].split(". ")[0].split(", ")
    assert np.isfinite(float(told[0]))
    assert not np.isfinite(float(told[-1]))
    assert [text.split(" at ")[1].split(" in ")[0] for text in said] == ["step 2"] * 2
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"recipe": "digit"}, ValueError, "Unknown recipe"),
        ({"model": "resnet9"}, ValueError, r"Unknown model: .*model='resnet9'"),
        ({"model": 8}, TypeError, "Received: model=8"),
        ({"dataset": "no_such"}, ValueError, "Unknown dataset"),
        ({"strategy": "many"}, ValueError, "Unknown strategy"),
        ({"dtype_policy": "float8"}, ValueError, "Unknown dtype_policy"),
        ({"epochs": 0}, ValueError, "Received: epochs=0"),
        ({"batch_size": 5000}, ValueError, "Received: batch_size=5000"),
        ({"image_side": 2.5}, TypeError, r"Received: image_side=2\.5"),
        ({"checkpoint_every": 0}, ValueError, "Received: checkpoint_every=0"),
        ({"keep": 0}, ValueError, "Received: keep=0"),
        ({"log_every": 0}, ValueError, "Received: log_every=0"),
    ],
)
def test_refuses_what_it_does_not_know(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        train(**{"output": tmp_path / "run", "verbose": False} | arguments)
    assert not (tmp_path / "run").exists()


def test_refuses_an_output_that_is_a_file(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(OSError, match="must be a folder"):
        train(output=tmp_path / "run", verbose=False)


# Each part has a test of its own, and so has continuing: here they meet.
@pytest.mark.slow
def test_an_evaluation_is_given_the_images_of_a_part_of_a_step(
    quick, quick_recipe, monkeypatch
):
    class Stopped(Exception):
        pass

    def stop(*arguments):
        raise Stopped(arguments)

    monkeypatch.setattr(whole_run, "Evaluator", stop)
    for parts, expected in ((4, 25), (1, 100)):
        recipe = dataclasses.replace(quick_recipe, accumulation_steps=parts)
        with pytest.raises(Stopped) as stopped:
            quick(f"run{parts}", recipe=recipe)
        assert expected in stopped.value.args[0]


@pytest.mark.slow
def test_an_evaluation_has_no_more_images_at_a_time_than_a_step(
    tmp_path, small_network, quick_recipe
):
    seen = []

    class Counted(keras.layers.Layer):
        def call(self, images):
            tf.py_function(lambda n: seen.append(int(n)), [tf.shape(images)[0]], [])
            return images

    def counted(input_shape, **arguments):
        model = small_network(input_shape, **arguments)
        images = keras.Input(input_shape)
        return keras.Model(images, model(Counted()(images)))

    train(
        dataclasses.replace(quick_recipe, accumulation_steps=4),
        dataset="digits",
        model=counted,
        output=tmp_path / "run",
        strategy="one_device",
        epochs=1,
        verbose=False,
    )
    # Pictures of mistakes are made of 32 at a time.
    assert 25 in seen
    assert max(seen) <= 32


def test_everything_a_recipe_can_ask_for(quick, quick_recipe):
    recipe = dataclasses.replace(
        quick_recipe,
        epochs=6,
        optimizer="lamb",
        learning_rate=0.004,
        loss="sigmoid",
        label_smoothing=0.1,
        mixup=0.2,
        cutmix=1.0,
        augmentation_repeats=2,
        clip_norm=1.0,
        accumulation_steps=2,
        ema_decay=0.8,
        decay_normalization_and_bias=False,
    )
    whole = quick("whole", recipe=recipe)
    assert whole.history[-1].train_loss < whole.history[0].train_loss
    assert whole.history[-1].train_accuracy > whole.history[0].train_accuracy
    # What is saved is what was scored: the moving average.
    digits = datasets.load("digits")
    saved = keras.models.load_model(whole.model_path)
    right = count = 0
    batches = datasets.evaluation_batches(digits.test, saved.input_shape[1:], 60)
    for images, labels in batches:
        classes = np.argmax(saved.predict(images, verbose=0), axis=-1)
        right, count = right + np.sum(classes == labels.numpy()), count + len(labels)
    assert right / count == pytest.approx(whole.test_accuracy, abs=1.5 / count)
    # Stopped between two steps and continued, it ends with the same weights.
    with pytest.raises(KeyboardInterrupt):
        quick("stopped", recipe=recipe, checkpoint_every=2, callbacks=[StopAt(1)])
    again = quick("stopped", recipe=recipe)
    assert all(map(np.array_equal, weights_of(whole), weights_of(again)))
