"""What `run.json` and a checkpoint say about a training."""

import dataclasses
import json
import platform

import keras

from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.history import Epoch, best_epoch
from keras_resnet.training.networks import Network
from keras_resnet.training.recipes import WORDS, Recipe
from keras_resnet.versions import software_versions


def plain(value) -> dict:
    """Return a dataclass as JSON reads it back: lists for tuples.

    The kind of a nested schedule is told by its name.
    """
    fields = dataclasses.asdict(value)
    if isinstance(value, Recipe):
        fields["schedule"]["kind"] = type(value.schedule).__name__
    return json.loads(json.dumps(fields))


def identify(
    recipe: Recipe, dataset: ImageDataset, network: Network, seed: int, dtype_policy
) -> dict:
    """Return what decides the result of a training, as plain JSON values.

    The devices are not part of it: a training may continue on other ones. A
    dataset is told by what it holds, not by where it lies.
    """
    recipe_fields = plain(recipe)
    for words in WORDS:
        del recipe_fields[words]
    return {
        "recipe": recipe_fields,
        "dataset": {
            "content": dataset.content or dataset.name,
            "train_images": dataset.train.size,
            "test_images": dataset.test.size,
            "classes": dataset.classes,
        },
        "model": {
            "name": network.name,
            "options": json.loads(json.dumps(network.options)),
            "weights": network.weights and network.weights.identity,
            "trainable": network.trainable,
            **({} if network.freeze_after is None else _rounding(network)),
            **({"inherited": network.inherited} if network.inherited else {}),
        },
        "seed": seed,
        "dtype_policy": dtype_policy,
    }


def _rounding(network: Network) -> dict:
    return {"quantization_aware": {"freeze_after": network.freeze_after}}


def versions() -> dict[str, str]:
    """Return the versions that a training depends on."""
    backend = keras.backend.backend()
    others = ["jax"] if backend == "jax" else []
    return {
        **software_versions("keras", "tensorflow", *others, "numpy"),
        "python": platform.python_version(),
        "backend": backend,
    }


def metrics(history: list[Epoch]) -> dict[str, float]:
    """Return the final measurements of a training, and the best ones."""
    last, best = history[-1], best_epoch(history)
    return {
        "test_accuracy": last.test_accuracy,
        "test_loss": last.test_loss,
        "train_accuracy": last.train_accuracy,
        "train_loss": last.train_loss,
        "best_epoch": best.epoch,
        "best_test_accuracy": best.test_accuracy,
        "seconds": sum(epoch.seconds for epoch in history),
    }
