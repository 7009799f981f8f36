"""A classifier that takes images of any size, for one vector of classes."""

import dataclasses

import keras
from keras import ops

from keras_resnet.studies.class_scores import check_classifier, ends_in_scores
from keras_resnet.studies.flat_network import (
    image_axes,
    new_input,
    open_network,
    room_for_layers,
    substitute,
)
from keras_resnet.studies.fully_convolutional import (
    check_sliding_layers,
    native_window,
    to_fully_convolutional,
)
from keras_resnet.studies.head_layers import GLOBAL_POOLS
from keras_resnet.studies.head_nodes import head_nodes

LAST = "softmax_of_logits"


@dataclasses.dataclass(frozen=True)
class ScaledNetwork:
    """A classifier that takes images of any size.

    Attributes:
        model: From images to probabilities, (batch, classes).
        window: (height, width) of the native size.
        sliding: The fully convolutional network whose answers `model`
            averages; None for one that ends in global pooling.
    """

    model: keras.Model
    window: tuple[int, int]
    sliding: keras.Model | None = None


def at_any_size(model: keras.Model, window=None) -> ScaledNetwork:
    """Return a classifier that takes images of any size.

    One that ends in global pooling pools over the larger map. One that
    flattens its map slides over the larger image, and what it says of the
    windows is averaged. Of one that ends in logits it is their softmax.

    Args:
        model: A functional or sequential classifier.
        window: (height, width) of its native size. Defaults to what it takes.

    Raises:
        ValueError: If it has a layer that fits one size only.
    """
    check_classifier(model, "scale_response")
    window = native_window(model, window)
    with room_for_layers(model):
        flat = open_network(model, blocks=False).model
        native = substitute(flat, {}, new_input(flat, window))
        check_sliding_layers(native)
        logits = ends_in_scores(native)
        if isinstance(head_nodes(native)[0].operation, GLOBAL_POOLS):
            softmax = keras.layers.Softmax(name=LAST) if logits else None
            larger = new_input(native, (None, None))
            return ScaledNetwork(substitute(native, {}, larger, softmax), window)
        sliding = to_fully_convolutional(model, window=window)
        if logits:
            axis = 6 - sum(image_axes(model))
            softmax = keras.layers.Softmax(axis, name=LAST)
            inputs, map_ = sliding.inputs[0], sliding.outputs[0]
            sliding = keras.Model(inputs, softmax(map_), name=sliding.name)
        mean = ops.mean(sliding.outputs[0], axis=image_axes(model))
        averaged = keras.Model(sliding.inputs[0], mean, name=model.name)
        return ScaledNetwork(averaged, window, sliding)
