"""What the classes of a network are called."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from keras_resnet.weights.card import File
from keras_resnet.weights.download import fetch

# The file of keras.applications, which `fetch` keeps where that keeps it.
CLASS_INDEX = File(
    "https://storage.googleapis.com/download.tensorflow.org/data/"
    "imagenet_class_index.json",
    hash="md5:c2c37ea517e94d9795004a39431a14cb",
)
IMAGENET_CLASSES = 1000

Label = tuple[str | int, str]


def imagenet_labels() -> list[Label]:
    """Return the WordNet identifier and the name of ImageNet's 1000 classes.

    They are downloaded once, and read from the folder of Keras afterwards.

    Raises:
        OSError: If they are neither there nor can be downloaded; the message
            says where to place them.
        ValueError: If what was downloaded is not what its hash says.
    """
    index = json.loads(fetch(CLASS_INDEX).read_text(encoding="utf-8"))
    return [tuple(index[str(number)]) for number in range(IMAGENET_CLASSES)]


def read_labels(path: str | os.PathLike) -> list[Label]:
    """Read a text file with the name of one class a line, in UTF-8.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If a line before the last name is empty.
    """
    # Some editors begin a file with a mark of its encoding.
    names = Path(path).read_text(encoding="utf-8-sig").rstrip().split("\n")
    if not all(name.strip() for name in names):
        empty = [name.strip() for name in names].index("") + 1
        raise ValueError(
            "A file of labels must have the name of a class on every line, and "
            f"line {empty} is empty. Received: labels={str(path)!r}"
        )
    return [(number, name.strip()) for number, name in enumerate(names)]


def as_labels(
    labels: Sequence[str] | Sequence[Label] | str | os.PathLike,
) -> list[Label]:
    """Return a list of (identifier, name), one a class.

    Args:
        labels: Names, or pairs of an identifier and a name, in the order of
            the classes; or the path of a text file with one name a line. The
            identifier of a name that comes without one is the number of its
            class.

    Raises:
        OSError: If a file cannot be read.
        TypeError: If an item is neither a name nor a pair.
        ValueError: If a line of a file is empty.
    """
    if isinstance(labels, (str, os.PathLike)):
        return read_labels(labels)
    return [_as_label(number, label) for number, label in enumerate(labels)]


def _as_label(number: int, label) -> Label:
    if isinstance(label, str):
        return number, label
    if isinstance(label, (tuple, list)) and len(label) == 2:
        return tuple(label)
    raise TypeError(
        "`labels` must hold names, or pairs of an identifier and a name. "
        f"Received: labels[{number}]={label!r}"
    )
