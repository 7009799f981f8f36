"""Whether a dataset has the classes that a network tells apart."""

import itertools

from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.evaluation.trained_run import TrainedRun


def check_classes(classes: int | None, data: ImageDataset) -> None:
    """Refuse a dataset of more or fewer classes than a network tells apart.

    Args:
        classes: The network's, or None where it is not known yet.
        data: The dataset.

    Raises:
        ValueError: If there are more or fewer.
    """
    if classes in (None, data.classes):
        return
    raise ValueError(
        f"The network tells {classes:,} classes apart and the dataset has "
        f"{data.classes:,}: `class_map` says which of the network's each of an image "
        f"folder's classes is. Received: dataset={data.name!r}"
    )


def check_class_names(run: TrainedRun | None, data: ImageDataset) -> None:
    """Refuse a dataset whose labels mean other classes than in the training.

    Args:
        run: The training of the network, if it is known.
        data: The dataset.

    Raises:
        ValueError: If a label does.
    """
    if run is None:
        return
    # A training without a class map calls its classes by their folders.
    folders = data.class_map and data.class_map.folders
    if run.class_names in (data.class_names, folders):
        return
    pairs = itertools.zip_longest(run.class_names, data.class_names)
    label, (then, now) = next(
        (label, pair) for label, pair in enumerate(pairs) if pair[0] != pair[1]
    )
    raise ValueError(
        f"The network was trained on other classes: its class {label} is {then!r}, and "
        f"the dataset's is {now!r}. Received: dataset={data.name!r}"
    )
