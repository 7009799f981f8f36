"""A network that is studied without a dataset: on a file of the user's."""

import dataclasses
import sys

import numpy as np
from absl import flags

from keras_resnet.preprocessing.labels import IMAGENET_CLASSES, imagenet_labels
from keras_resnet.training.evaluation.scored_network import (
    CHANNELS,
    Source,
    find_source,
    make_network,
)
from keras_resnet.training.studies.subject import Subject, check_weights
from keras_resnet.weights.loading import read_model


@dataclasses.dataclass(frozen=True)
class _Images:
    """What a network has to know of images that are in no dataset."""

    image_shape: tuple[None, None, int]
    classes: int | None


def load_network_alone(values: flags.FlagValues) -> Subject:
    """Load the network that the flags name, without images.

    Raises:
        ValueError: If no weights are named, or they do not fit the network.
        OSError: If a file is missing or cannot be read.
        ImportError: If an optional package is missing.
    """
    check_weights(values)
    source = find_source(values.weights, values.model)
    images = _Images((None, None, _channels(source)), source.classes)
    network = make_network(source, images, values.image_side)
    network.model.name = network.name
    none = np.zeros((0, *network.image_shape), "float32")
    names = _class_names(source, network.classes)
    return Subject(network.model, none, np.zeros(0, int), names)


def _channels(source: Source) -> int:
    """Return how many channels the images have that a network takes."""
    if source.run is not None:
        return source.run.channels
    return CHANNELS if source.model else read_model(source.path).input_shape[-1]


def _class_names(source: Source, classes: int) -> tuple[str, ...] | None:
    if source.run is not None:
        return source.run.class_names
    if source.card is None or classes != IMAGENET_CLASSES:
        return None
    try:
        return tuple(name for _, name in imagenet_labels())
    except OSError as error:
        print(f"Classes are called by their numbers: {error}", file=sys.stderr)
        return None
