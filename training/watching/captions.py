"""Which images a training shows, and what it writes below them."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from keras_resnet.training.datasets import Split, evaluation_batches
from keras_resnet.training.datasets.evaluation import Framing, spread

SHOWN = 32
CLASSIFIED = 1024


@dataclasses.dataclass(frozen=True)
class CaptionedImages:
    """Images and what to write below them.

    Attributes:
        images: `(count, height, width, channels)` in 0..255.
        captions: Lines of each.
    """

    images: np.ndarray
    captions: list[list[str]]


def of_a_batch(images, labels, class_names: Sequence[str]) -> CaptionedImages:
    """Caption the first images of a training batch with their classes.

    Args:
        images: `(batch, height, width, channels)` in 0..255.
        labels: Classes, `(batch,)`, or shares of them, `(batch, classes)`,
            where images are mixed.
        class_names: One name a class.
    """
    labels = np.asarray(labels)[:SHOWN]
    if labels.ndim == 1:
        captions = [[class_names[label]] for label in labels]
    else:
        captions = [_shares(shares, class_names) for shares in labels]
    return CaptionedImages(np.asarray(images)[:SHOWN], captions)


def _shares(shares: np.ndarray, class_names: Sequence[str]) -> list[str]:
    largest = np.argsort(-shares, kind="stable")[:2]
    return [
        f"{100 * shares[label]:.0f} % {class_names[label]}"
        for label in largest
        if shares[label] > 0
    ]


def of_mistakes(
    model: keras.Model,
    split: Split,
    image_shape,
    batch_size: int,
    class_names: Sequence[str],
    framing: Framing,
) -> CaptionedImages | None:
    """Caption images of a split that a model takes for something else.

    Some images from all over the split are classified, and some of those
    that are wrong are returned, both spread evenly: files often lie in the
    order of their classes.

    Args:
        model: Takes raw pixels and returns probabilities.
        split: The images.
        image_shape: `(height, width, channels)` that the model is given.
        batch_size: How many to classify at a time.
        class_names: One name a class.
        framing: How images are resized and cropped.

    Returns:
        The images, or None if all are classified right.
    """
    wrong, captions = [], []
    for batch, truth in evaluation_batches(
        split, image_shape, batch_size, CLASSIFIED, framing
    ):
        images, labels = np.asarray(batch), np.asarray(truth)
        outputs = model(images, training=False)
        probabilities = keras.ops.convert_to_numpy(outputs)
        guesses = probabilities.argmax(axis=-1)
        for place in np.flatnonzero(guesses != labels):
            wrong.append(np.rint(images[place]).astype("uint8"))
            guess = guesses[place]
            share = 100 * probabilities[place, guess]
            captions.append(
                [
                    class_names[labels[place]],
                    f"not {class_names[guess]} ({share:.0f} %)",
                ]
            )
    if not wrong:
        return None
    shown = spread(len(wrong), min(SHOWN, len(wrong)))
    return CaptionedImages(
        np.stack([wrong[place] for place in shown]),
        [captions[place] for place in shown],
    )
