"""Beginning a training with pretrained weights, and keeping some of them."""

import contextlib
import dataclasses
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import keras

from keras_resnet.models import list_models
from keras_resnet.models.assembly import Form
from keras_resnet.models.pretrained import warn_of_stochastic_depth
from keras_resnet.models.specification import Specification
from keras_resnet.notes import told_as_notes
from keras_resnet.training.datasets.content import LENGTH
from keras_resnet.training.evaluation.trained_run import TrainedRun, find_run
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.weights import (
    AdaptedWeightsWarning,
    Card,
    get_card,
    list_weights,
    load,
    load_card,
)

SAVED_MODEL = "model.keras"
TRAINABLE = ("all", "classifier")
# What may be changed of weights to fit the images and the classes.
ADAPTATIONS = ("classifier", "channels")
STOCHASTIC_DEPTH = ("survival_probability", "stochastic_depth_mode")


def weights_in(
    weights: str | os.PathLike | Card | None,
) -> str | os.PathLike | Card | None:
    """Return the file of the model that a training saved, for its folder.

    Args:
        weights: As `keras_resnet.create_model` takes them, or the folder of a
            training.

    Returns:
        The file; or what was given, where that is no folder of a training.
    """
    if not isinstance(weights, str | os.PathLike):
        return weights
    saved = Path(weights).expanduser() / SAVED_MODEL
    return saved if saved.is_file() else weights


def run_with(weights: str | os.PathLike | Card | None) -> TrainedRun | None:
    """Return the training that left weights, or None.

    Args:
        weights: As `keras_resnet.create_model` takes them, or the folder of a
            training.

    Raises:
        ValueError: If the training's description is damaged.
        OSError: If it cannot be read.
    """
    weights = weights_in(weights)
    if not isinstance(weights, str | os.PathLike):
        return None
    path = Path(weights).expanduser()
    run = find_run(path) if path.is_file() else None
    # What others have put into the folder is none of the training's.
    return run if run is not None and RunFolder(run.folder).replaces(path) else None


def network_with(weights: str | os.PathLike | Card | None) -> str | None:
    """Return the name of the network that weights say that they belong to.

    Args:
        weights: As `keras_resnet.create_model` takes them.

    Returns:
        The name, for a card, for one of `keras_resnet.list_weights()`, for what
        a training left and for the `.keras` file of a network that has kept its
        name; else None.
    """
    run = run_with(weights)
    if run is not None and run.model in list_models():
        return run.model
    if isinstance(weights, Card):
        return weights.model
    if weights is None:
        return None
    if weights in list_weights():
        return get_card(weights).model
    path = Path(weights).expanduser()
    if path.suffix.lower() != ".keras" or not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        try:
            name = json.loads(archive.read("config.json"))["config"]["name"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"Not a model that Keras has saved. Received: weights='{path}'"
            ) from error
    return name if name in list_models() else None


@dataclasses.dataclass(frozen=True)
class FirstWeights:
    """The weights that a training begins with.

    Attributes:
        name: What to call them: the name of a set, or the path of a file.
        identity: By what they are known again: the name of a set, or a hash
            of a file, wherever it lies.
        load: Fills a model with them. A classifier of other classes starts
            anew, and the first convolution is made to fit other channels,
            each with an `AdaptedWeightsWarning`.
        path: The file; None for a set.
    """

    name: str
    identity: str
    load: Callable[[keras.Model], None]
    path: Path | None = None

    @classmethod
    def of(
        cls, found: Card | Path, specification: Specification, arguments: Mapping
    ) -> "FirstWeights":
        """Describe weights.

        Args:
            found: Card of a set, or path of a file.
            specification: The network that they are for.
            arguments: What it is built with.

        Raises:
            OSError: If the file cannot be read.
        """
        if isinstance(found, Card):

            def load_set(model):
                warn_of_stochastic_depth(
                    found,
                    Form(
                        **{k: v for k, v in arguments.items() if k in STOCHASTIC_DEPTH}
                    ),
                )
                load_card(model, found, adapt=ADAPTATIONS)

            return cls(found.name, found.name, load_set)
        with found.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # Files of this kind name no layers by which something could be adapted.
        adapt = () if found.name.lower().endswith(".weights.h5") else ADAPTATIONS
        reversed_channels = specification.normalization.reverse_channels

        def load_file(model):
            load(model, found, adapt=adapt, reversed_channels=reversed_channels)

        return cls(str(found), f"sha256:{digest[:LENGTH]}", load_file, found)


def check_weights_stay(weights: FirstWeights | None, folder: RunFolder) -> None:
    """Accept weights that stay where a folder is overwritten.

    Args:
        weights: The weights to begin with, or None.
        folder: The folder that is overwritten.

    Raises:
        ValueError: If they would be lost with what the folder holds.
    """
    if weights is None or weights.path is None or not folder.replaces(weights.path):
        return
    raise ValueError(
        "The weights to begin with lie in the folder that is overwritten, and are "
        "needed again to continue: choose another folder by `output`. "
        f"Received: overwrite=True, output='{folder.path}', weights='{weights.path}'"
    )


def adaptations_told() -> contextlib.AbstractContextManager:
    """Say what is adapted of weights in a sentence, not as a warning of Python's."""
    return told_as_notes(AdaptedWeightsWarning)


def freeze(network: keras.Model, trainable: str) -> None:
    """Let only a part of a network be trained.

    Batch normalization that is not trained uses its moving statistics and
    leaves them as they are.

    Args:
        network: The network, before an optimizer is made for it.
        trainable: `"all"`, or `"classifier"`: the last layer with weights.

    Raises:
        ValueError: If the network has its weights in one layer, so that there
            is no classifier apart.
    """
    if trainable == "all":
        return
    with_weights = [layer for layer in network.layers if layer.trainable_variables]
    if len(with_weights) < 2:
        raise ValueError(
            "A classifier can only be trained alone where it is a layer of its own, "
            f"and the network {network.name!r} has {len(with_weights)} layers with "
            f"weights. Received: trainable={trainable!r}"
        )
    for layer in network.layers:
        layer.trainable = layer is with_weights[-1]
