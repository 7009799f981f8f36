"""A classifier's scores before the softmax, and the class to look at."""

import keras
import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.models.nodes import nodes_in_order
from keras_resnet.studies.subjects import check_images

SQUASHING = (keras.activations.softmax, keras.activations.sigmoid)
# The same as layers and operations, of which some have no public class.
SQUASHING_OPERATIONS = ("Softmax", "Sigmoid")
# They pass scores on as they are at inference.
PASSING = (
    keras.layers.Activation,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.Identity,
    keras.layers.Reshape,
)


def without_last_activation(model: keras.Model) -> dict:
    """Say what to put in a flat model's places so that it returns its scores.

    The gradient of a probability vanishes where the network is sure, that of
    the score before the softmax or sigmoid does not.

    Args:
        model: A functional model without models inside.

    Returns:
        Replacements, as `substitute` takes them; none for a model that
        returns scores already.
    """
    last = model.outputs[0]._keras_history.operation
    activation = getattr(last, "activation", None)
    if isinstance(last, keras.layers.Softmax) or (
        isinstance(last, keras.layers.Activation) and activation in SQUASHING
    ):
        return {last: lambda x, **_: x}
    if activation in SQUASHING:
        return {last: _linear(last)}
    return {}


def ends_in_scores(model: keras.Model) -> bool:
    """Tell whether a flat model returns scores: no activation is at its end.

    Args:
        model: A functional model without models inside.
    """
    made_by = {id(node.outputs[0]): node for node in nodes_in_order(model)}
    tensor = model.outputs[0]
    while id(tensor) in made_by:
        node = made_by[id(tensor)]
        activation = getattr(node.operation, "activation", None)
        if activation not in (None, keras.activations.linear):
            return False
        if type(node.operation).__name__ in SQUASHING_OPERATIONS:
            return False
        if not isinstance(node.operation, PASSING):
            return True
        tensor = node.input_tensors[0]
    return True


def _linear(layer):
    configuration = {**layer.get_config(), "activation": None}
    linear = type(layer).from_config(configuration)

    def call(x, **keywords):
        if not linear.built:
            linear.build(x.shape)
            linear.set_weights(layer.get_weights())
        return linear(x, **keywords)

    return call


def check_classifier(model: keras.Model, function: str) -> None:
    """Refuse a model that does not return one vector for an image.

    Raises:
        ValueError: If it does not.
    """
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 2:
        raise ValueError(
            f"`{function}` takes a model that returns classes (batch, classes). "
            f"Received: a model with outputs of shape {shape}"
        )


def check_image(model: keras.Model, image) -> np.ndarray:
    """Accept one image that a model takes.

    Args:
        model: The model.
        image: (height, width, channels), or channels first, as the model
            takes it.

    Returns:
        float array (1, height, width, channels), or channels first.

    Raises:
        ValueError: If it has other axes, another size or not finite values.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ValueError(
            "`image` must be one image (height, width, channels). "
            f"Received: an array of shape {image.shape}"
        )
    batch = check_images(model, image[None])
    if not np.isfinite(batch).all():
        raise ValueError("`image` must have finite values. Received: others")
    return batch.astype(model.inputs[0].dtype)


def check_class_index(class_index, scores) -> int:
    """Accept the index of a class, or choose the one with the highest score.

    Args:
        class_index: What was received; `None` to choose.
        scores: (classes,).

    Raises:
        TypeError: If it is not an integer.
        ValueError: If there is no such class.
    """
    if class_index is None:
        return int(np.argmax(scores))
    if class_index != 0 or isinstance(class_index, bool):
        check_positive_integer("class_index", class_index)
    if class_index >= len(scores):
        raise ValueError(
            f"The model tells {len(scores):,} classes apart, counted from 0. "
            f"Received: class_index={class_index!r}"
        )
    return int(class_index)
