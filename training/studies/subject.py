"""What a study is made of: a network and images, as flags name them."""

import dataclasses
import functools
from typing import TYPE_CHECKING

import keras
import numpy as np
from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.program import program_name, typed
from keras_resnet.training import datasets
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.evaluation.class_checks import (
    check_class_names,
    check_classes,
)
from keras_resnet.training.evaluation.scored_network import find_source, make_network

if TYPE_CHECKING:
    from keras_resnet.training.datasets import ImageDataset
    from keras_resnet.training.evaluation.scored_network import ScoredNetwork, Source

BATCH = 100


@dataclasses.dataclass(frozen=True)
class Subject:
    """A network and images to study it on.

    Attributes:
        model: Takes raw pixels, 0 to 255; its name is that of the network.
        images: (count, height, width, channels), float32 in 0..255; none
            where no dataset was asked for.
        labels: (count,), integers.
        class_names: One a class; None where they are not known.
    """

    model: keras.Model
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] | None


def define_network_flags(values: flags.FlagValues) -> None:
    """Define the flags that name a network and where to write."""
    text = functools.partial(flags.DEFINE_string, flag_values=values)
    text(
        "weights",
        None,
        "Network to study: the folder of a training, a .keras model, a file of "
        "weights, or the name of a set, as resnet50.a1_in1k.",
    )
    text(
        "model",
        None,
        "Name of the network that a file of weights is of. Default: that of the "
        "training.",
    )
    text("output", None, "Folder to write to. Default: runs/study_<name>.")


def define_subject_flags(values: flags.FlagValues, images: int) -> None:
    """Define the flags that name a network, images, and where to write.

    Args:
        values: Where to define them.
        images: How many images are studied by default.
    """
    define_network_flags(values)
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    text(
        "dataset",
        None,
        "Images to study it on, of the test split: digits, a folder PATH with files at "
        "PATH/train/<class>/* and PATH/test/<class>/*, or a name of TensorFlow "
        "Datasets. Default: that of the training.",
    )
    text(
        "class_map",
        None,
        "For an image folder, a file that says which label a folder has, or imagenet. "
        "Default: the order of the names.",
    )
    number(
        "images",
        images,
        "How many of them, spread evenly over the split; all where there are fewer.",
    )
    number(
        "image_side",
        None,
        "Height and width that they are brought to. Default: what the weights were "
        "evaluated at.",
    )


def typed_command(values: flags.FlagValues, name: str) -> str:
    """Return the command that was typed, as it is noted down in the results."""
    flags_typed = [
        typed(text)
        for flags_of_module in values.flags_by_module_dict().values()
        for flag in flags_of_module
        if flag.present
        # A flag that may be repeated has a line for each time.
        for text in flag.serialize().splitlines()
    ]
    return " ".join([program_name(), name, *dict.fromkeys(flags_typed)])


def check_weights(values: flags.FlagValues) -> None:
    """Refuse a study without a network.

    Raises:
        ValueError: If no weights are named.
    """
    if values.weights is None:
        raise ValueError(
            "A study needs --weights: the folder of a training, a file, or the name of "
            "a set of weights, as resnet50.a1_in1k."
        )


def load_subject(values: flags.FlagValues) -> Subject:
    """Load the network and the images that the flags name.

    Raises:
        ValueError: If no weights or no dataset are named, a value is not
            accepted, or the dataset's classes are not the network's.
        OSError: If a file is missing or cannot be read.
        ImportError: If an optional package is missing.
    """
    check_weights(values)
    limit = check_positive_integer("--images", values.images)
    source = find_source(values.weights, values.model)
    data = _dataset(values, source)
    check_classes(source.classes, data)
    network = make_network(source, data, values.image_side)
    check_classes(network.classes, data)
    check_class_names(source.run, data)
    images, labels = _arrays(data, network, limit)
    network.model.name = network.name
    return Subject(network.model, images, labels, data.class_names)


def _dataset(values: flags.FlagValues, source: "Source") -> "ImageDataset":
    name, class_map = values.dataset, values.class_map
    if name is None:
        if source.run is None:
            raise ValueError(
                "--dataset must say which images to study the network on, as digits or "
                f"a folder. Received: --weights={source.label}"
            )
        name = source.run.dataset
        class_map = class_map or source.run.class_map
    return datasets.load(name, class_map=class_map)


def _arrays(data: "ImageDataset", network: "ScoredNetwork", limit: int):
    batches = evaluation_batches(
        data.test, network.image_shape, BATCH, limit, network.framing
    )
    images, labels = zip(
        *((images.numpy(), labels.numpy()) for images, labels in batches), strict=True
    )
    return np.concatenate(images), np.concatenate(labels)
