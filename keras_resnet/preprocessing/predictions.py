"""The classes that a network thinks most likely, by name."""

import os
from collections.abc import Sequence

import numpy as np
from keras import ops

from keras_resnet.arguments import check_positive_integer
from keras_resnet.preprocessing.labels import (
    IMAGENET_CLASSES,
    Label,
    as_labels,
    imagenet_labels,
)


def decode_predictions(
    predictions,
    top: int = 5,
    labels: Sequence[str] | Sequence[Label] | str | os.PathLike | None = None,
):
    """Name the classes with the highest scores.

    Scores are given back as they come. They are probabilities if the network
    ends in a softmax; of logits the order is the same.

    Args:
        predictions: (batch, classes), a NumPy array, a tensor or a nested
            list.
        top: How many classes to name, at most all. Defaults to `5`.
        labels: Names of the classes in their order, or pairs of an identifier
            and a name, or the path of a text file with one name a line in
            UTF-8. Defaults to ImageNet's 1000 classes, whose names are
            downloaded once.

    Returns:
        For every prediction a list of tuples (identifier, name, score), the
        highest score first; of equal ones the lower class. The identifier is
        WordNet's for ImageNet, the one in the pairs, or else the number of the
        class.

    Raises:
        OSError: If the names cannot be downloaded or read.
        TypeError: If `top` is not an integer, or an item of `labels` is
            neither a name nor a pair.
        ValueError: If `top` is below 1, `predictions` is not a batch of as
            many scores as there are names, a line of a file of names is empty,
            or the downloaded names are not what their hash says.
    """
    check_positive_integer("top", top)
    if ops.is_tensor(predictions):
        predictions = ops.convert_to_numpy(predictions)
    predictions = np.asarray(predictions)
    if predictions.ndim != 2:
        raise ValueError(
            "`predictions` must be (batch, classes); `np.expand_dims` makes a batch "
            f"of one. Received: predictions.shape={predictions.shape}"
        )
    if labels is not None:
        labels = as_labels(labels)
    # Before a download for nothing.
    classes = IMAGENET_CLASSES if labels is None else len(labels)
    if predictions.shape[1] != classes:
        raise ValueError(
            f"`predictions` must have a score for each of the {classes} names; "
            "`labels` takes the names of other classes. "
            f"Received: predictions.shape={predictions.shape}"
        )
    if labels is None:
        labels = imagenet_labels()
    # Reversed twice, a stable sort leaves the lower of two equal classes first;
    # a sort of the negatives would not do for the unsigned scores of a
    # quantized network.
    ascending = np.argsort(predictions[:, ::-1], axis=1, kind="stable")
    order = classes - 1 - ascending[:, ::-1][:, :top]
    return [
        [(*labels[index], scores[index]) for index in best]
        for scores, best in zip(predictions, order, strict=True)
    ]
