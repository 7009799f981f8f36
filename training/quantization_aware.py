"""Fine-tuning a trained network with the error that int8 will bring."""

import dataclasses
import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_resnet.extensions import QuantizationAware, extension
from keras_resnet.training.datasets import Split, evaluation_batches
from keras_resnet.training.evaluation.trained_run import find_run
from keras_resnet.training.noted_fields import read_fields
from keras_resnet.training.recipes import Recipe, get_recipe
from keras_resnet.training.schedules import Cosine

if TYPE_CHECKING:
    from keras_resnet.training.networks import Network

# Of the training that the weights are from: the share of its epochs, and of its
# peak learning rate.
SHARE_OF_EPOCHS = 0.1
FEWEST_EPOCHS = 2
SHARE_OF_RATE = 0.01
# After so large a share of its steps batch normalization stands still.
FREEZE_AFTER = 0.5
# Training images that the ranges of activations begin with.
RANGE_IMAGES = 128
BATCH_SIZE = 32
# What a saved model says of itself.
SAVED_CLASS = "QuantizeAwareModel"
CONFIGURATION = "config.json"


def _extension() -> QuantizationAware:
    return extension("quantization_aware")


def made_aware(network: keras.Model, freeze_after: int) -> keras.Model:
    """Return a network that rounds as int8 will.

    Args:
        network: The network, with the weights that it begins with.
        freeze_after: Steps after which batch normalization stands still.

    Raises:
        ValueError: If it holds a layer that there is no rule for.
    """
    return _extension().quantize_aware(network, freeze_after=freeze_after)


def know_saved_class(path: str | os.PathLike) -> None:
    """Let Keras read a `.keras` file if it holds a quantize-aware model.

    Its class is known once the extension is imported. Other files, damaged
    ones too, are passed over.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if CONFIGURATION not in archive.namelist():
            return
        said = archive.read(CONFIGURATION)
    if f'"{SAVED_CLASS}"'.encode() in said:
        _extension()


def check_quantization_aware(network: "Network", trainable: str) -> None:
    """Refuse a training that cannot be quantization-aware.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the network does not begin with trained weights, or is
            trained in part.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            "Quantization-aware training needs Keras on the TensorFlow backend. "
            f"Received: backend={backend!r}"
        )
    if network.weights is None:
        raise ValueError(
            "Quantization-aware training fine-tunes a trained network: name its "
            "`weights`. Received: quantization_aware=True, weights=None"
        )
    if trainable != "all":
        raise ValueError(
            "Quantization-aware training trains all layers. "
            f"Received: quantization_aware=True, trainable={trainable!r}"
        )


def first_ranges(network: keras.Model, split: Split, image_shape) -> None:
    """Set the ranges of a network's activations by training images.

    A moving average of all variables would carry ranges that begin at nothing
    for long.

    Args:
        network: What `made_aware` returned, before it is trained.
        split: The training images; the first ones are taken as those of an
            evaluation are.
        image_shape: `(height, width, channels)` that these have.
    """
    chosen = split.subset(np.arange(min(RANGE_IMAGES, split.size)))
    batches = evaluation_batches(chosen, image_shape, BATCH_SIZE)
    images = np.concatenate([images.numpy() for images, _ in batches])
    _extension().measure_ranges(network, images)


def steps_until_frozen(recipe: Recipe, steps_per_epoch: int) -> int:
    """Return the steps after which batch normalization stands still."""
    return int(FREEZE_AFTER * recipe.epochs * steps_per_epoch)


def arguments_of_run(
    weights: str | os.PathLike | None, dataset: str | None = None
) -> dict:
    """Return what `train` fine-tunes a run by, as arguments of it by name.

    Args:
        weights: The run's folder.
        dataset: What to train on. Defaults to what the run was trained on.

    Raises:
        FileNotFoundError: If it holds no description of a training.
        ValueError: If it is no folder, or the description is damaged.
    """
    if weights is None or not Path(weights).expanduser().is_dir():
        raise ValueError(
            "--quantization_aware without --recipe fine-tunes a training by what its "
            f"folder says: name it. Received: --weights={weights}"
        )
    found = {"recipe": recipe_of_run(weights)}
    if dataset is None:
        run = find_run(Path(weights).expanduser() / "model.keras")
        found |= {"dataset": run.dataset, "class_map": run.class_map}
    return found


def recipe_of_run(folder: str | os.PathLike) -> Recipe:
    """Return the recipe that fine-tunes what a training left.

    That of the training, with a tenth of its epochs, a hundredth of its
    learning rate along a cosine, and without mixing of images or an average
    of the weights, which so short a training would not move.

    Args:
        folder: The training's folder.

    Raises:
        FileNotFoundError: If it holds no description of a training.
        ValueError: If the description is damaged, or of a recipe that is none
            of the package's.
    """
    path = Path(folder).expanduser() / "run.json"
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))["recipe"]
        own = get_recipe(noted["name"])
        # What a description does not tell, its words for instance.
        required = {
            field.name: getattr(own, field.name)
            for field in dataclasses.fields(Recipe)
            if field.default is field.default_factory
        }
        run = read_fields(Recipe, {**required, **noted})
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"'{folder}' holds no 'run.json' that says how its weights were trained; "
            "name a recipe."
        ) from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"'{path}' is not the description of a training, or a damaged one. "
            f"Received: {error!r}"
        ) from error
    epochs = max(round(SHARE_OF_EPOCHS * run.epochs), FEWEST_EPOCHS)
    return dataclasses.replace(
        run,
        name=f"{run.name}_quantization_aware",
        source=f"{run.source} Fine-tuned with the error of int8.",
        deviations="",
        published=(),
        reproduced=(),
        epochs=epochs,
        learning_rate=SHARE_OF_RATE * run.learning_rate,
        schedule=Cosine(),
        warmup_epochs=0,
        progressive_sides=(),
        mixup=0.0,
        cutmix=0.0,
        ema_decay=None,
    )
