"""The mean image of a training split against NumPy, from the data to `.tflite`."""

import dataclasses

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.layers import MeanImage
from keras_resnet.training import datasets, mean_image, train
from keras_resnet.training.measured_run import measure_run
from keras_resnet.training.recipes import get_recipe, override


@pytest.fixture
def recipe(quick_recipe):
    return dataclasses.replace(
        quick_recipe, input_mean="pixel", epochs=1, warmup_epochs=0, batch_size=240
    )


@pytest.fixture
def quick(recipe, tmp_path):
    def run(name="run", **arguments):
        arguments = {"recipe": recipe, "model": "resnet8"} | arguments
        return train(
            dataset="digits",
            output=tmp_path / name,
            strategy="one_device",
            verbose=False,
            **arguments,
        )

    return run


def digits():
    """Return the training images, `(1437, 32, 32, 1)`."""
    return np.stack([i for i, _ in datasets.load("digits").train.examples()])


def test_mean_image_is_that_of_numpy():
    split = datasets.load("digits").train
    expected = digits().mean(axis=0, dtype="float64")
    found = mean_image.mean_image(split, (32, 32, 1))
    assert found.dtype == "float64"
    # Sums of bytes are exact, whatever their order.
    np.testing.assert_array_equal(found, expected)
    halved = keras.ops.image.resize(digits(), (16, 16), "area")
    found = mean_image.mean_image(split, (16, 16, 1))
    expected = np.asarray(halved).mean(axis=0)
    assert found.shape == expected.shape
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9


def test_a_network_subtracts_the_image_and_divides_as_it_did(rng):
    model = keras_resnet.create_model(
        "resnet20", mean_image=True, include_preprocessing=True
    )
    mean = rng.uniform(0, 255, (32, 32, 3)).astype("float32")
    model.get_layer("mean_image").mean.assign(mean)
    normalized = keras.Model(model.input, model.get_layer("normalization").output)
    images = rng.integers(0, 256, (2, 32, 32, 3)).astype("uint8")
    # The standard deviations of CIFAR-10's channels, as published.
    expected = (images - mean) / np.array([62.993, 62.089, 66.705])
    np.testing.assert_allclose(normalized(images), expected, atol=1e-5)
    plain = keras_resnet.create_model("resnet20")
    assert model.count_params() == plain.count_params() + mean.size
    assert len(model.trainable_variables) == len(plain.trainable_variables)


def test_a_training_saves_and_keeps_its_mean_image(quick, recipe, monkeypatch):
    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    expected = digits().mean(axis=0, dtype="float64").astype("float32")
    with pytest.raises(KeyboardInterrupt):
        quick(callbacks=[StopAt()], checkpoint_every=2)
    result = quick()
    saved = keras.saving.load_model(result.model_path)
    np.testing.assert_array_equal(saved.get_layer("mean_image").mean, expected)
    best = keras_resnet.create_model(
        "resnet8",
        mean_image=True,
        include_preprocessing=True,
        input_shape=(32, 32, 1),
        weights=result.folder / "checkpoints" / "best.npz",
    )
    np.testing.assert_array_equal(best.get_layer("mean_image").mean, expected)
    # Raw pixels go in, and what comes out is as good as was reported.
    test = datasets.load("digits").test
    right = sum(
        np.sum(np.argmax(saved(images), axis=-1) == labels)
        for images, labels in datasets.evaluation_batches(test, (32, 32, 1), 60)
    )
    assert right / test.size == pytest.approx(result.test_accuracy, abs=1.5 / 360)

    def read(*_):
        raise AssertionError("all images are read")

    # What takes a few steps has no need of it: not by the recipe, nor by the run.
    monkeypatch.setattr(mean_image, "mean_image", read)
    own_mean = dataclasses.replace(recipe, input_mean="channel")
    for asked in ({"recipe": recipe}, {"recipe": own_mean, "weights": result.folder}):
        assert measure_run(strategy="one_device", steps=1, **asked).steps == 1


def test_tflite_takes_raw_pixels_too(rng, tmp_path):
    pytest.importorskip("ai_edge_litert")
    model = keras_resnet.create_model(
        "resnet8", mean_image=True, include_preprocessing=True
    )
    mean = rng.uniform(0, 255, (32, 32, 3))
    model.get_layer("mean_image").mean.assign(mean)
    file = keras_resnet.export.to_tflite(model, tmp_path / "model.tflite")
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(file.path)).get_signature_runner()
    (name,) = run.get_input_details()
    image = rng.integers(0, 256, (1, 32, 32, 3)).astype("float32")
    (found,) = run(**{name: image}).values()
    np.testing.assert_allclose(found, model(image), atol=1e-5)


def test_what_has_no_mean_image_is_refused(quick, recipe, small_network):
    with pytest.raises(ValueError, match="A function .* input_mean='pixel'"):
        quick(model=small_network)
    with pytest.raises(ValueError, match=r"one side alone.* sides of \[24, 32\]"):
        dataclasses.replace(recipe, progressive_sides=((1, 24),))
    with pytest.raises(ValueError, match="Received: input_shape=.*None"):
        MeanImage().build((None, None, None, 3))
    with pytest.raises(ValueError, match="Received: input_mean='image'"):
        override(recipe, ["input_mean=image"])


@pytest.mark.parametrize(
    "name", ["he2015_cifar10", "he2016_cifar10_batch64", "huang2016_cifar10"]
)
def test_recipes_that_subtract_it(name):
    recipe = get_recipe(name)
    assert recipe.input_mean == "pixel"
    assert "mean image is subtracted after the crop" in recipe.deviations
