import dataclasses
from pathlib import Path

import pytest

import keras_resnet
from keras_resnet.training import console, datasets
from keras_resnet.training.history import Epoch
from keras_resnet.training.networks import Network
from keras_resnet.training.recipes import Published, get_recipe
from keras_resnet.training.result import TrainingResult


@pytest.mark.parametrize(
    ("epochs", "done", "recipe_line", "resume"),
    [
        (2, 0, "2 epochs of 14 steps of 100 images", None),
        (3, 1, "3 epochs of 14 steps", "epoch 2; 1 epoch is trained already"),
        (3, 2, "3 epochs of 14 steps", "epoch 3; 2 epochs are trained already"),
        (1, 1, "1 epoch of 14 steps", "every epoch is trained already"),
    ],
)
def test_announcement(small_network, quick_recipe, epochs, done, recipe_line, resume):
    said = console.announcement(
        quick_recipe.with_epochs(epochs),
        datasets.load("digits"),
        Network("small", small_network),
        small_network((32, 32, 1), 10, None),
        "one device (CPU)",
        Path("run"),
        14,
        done,
    )
    facts = {line.split()[0]: line[9:] for line in said.splitlines()}
    assert recipe_line in facts["recipe"]
    assert facts["data"] == (
        "digits: 1,437 training and 360 test images as 32x32x1, 10 classes"
    )
    assert facts.get("resume") == resume


def test_a_rate_that_follows_the_batch_size_tells_how():
    recipe = get_recipe("cifar10_short")
    said = announced(recipe.with_batch_size(32), "resnet8")["recipe"]
    assert "peak learning rate 0.075 (0.3 x 32 / 128), " in said
    assert "peak learning rate 0.3, " in announced(recipe, "resnet8")["recipe"]


def announced(recipe, name, **place):
    model = keras_resnet.create_model("resnet8", input_shape=(32, 32, 1))
    said = console.announcement(
        recipe,
        datasets.load("digits"),
        Network(name, None),
        model,
        "one device (CPU)",
        Path("run"),
        steps=14,
        **{"done": 0, **place},
    )
    return {line.split()[0]: line[9:] for line in said.splitlines()}


def test_announcement_tells_published_from_measured(quick_recipe):
    assert "figures" not in announced(quick_recipe, "resnet8")
    published = Published("test error", 8.75, "table 6", "resnet8")
    recipe = dataclasses.replace(quick_recipe, published=(published,))
    assert announced(recipe, "resnet8")["figures"] == (
        "published resnet8: test error 8.75 % (table 6); here not reproduced"
    )
    assert "figures" not in announced(recipe, "resnet20")


@pytest.mark.parametrize(
    ("epochs_run", "beginning"),
    [
        (0, "Nothing left to train. 2 of 4 test images right (50.00 %)"),
        (1, "Trained 1 epoch in 75 s: 2 of 4 test images right"),
        (2, "Trained 2 epochs in 75 s: 2 of 4"),
    ],
)
def test_conclusion(epochs_run, beginning):
    result = TrainingResult(
        folder=Path("run"),
        model_path=Path("run", "model.keras"),
        history=(Epoch(1, 0.1, 1.0, 0.5, 1.0, 0.5, 1.0),),
        test_accuracy=0.5,
        test_loss=1.0,
        test_count=4,
        epochs_run=epochs_run,
    )
    assert console.conclusion(result, 75).startswith(beginning)
