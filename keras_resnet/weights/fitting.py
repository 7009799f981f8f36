"""From the arrays of a file to the variables of a model."""

from collections.abc import Collection, Mapping

import keras

from keras_resnet.weights.adaptation import (
    CLASSIFIER,
    adapt_channels,
    adapt_classifier,
    check_adaptations,
)
from keras_resnet.weights.assignment import assign_strictly, named_variables
from keras_resnet.weights.deferred_array import DeferredArray
from keras_resnet.weights.exact import fold_biases, join_depthwise_kernels
from keras_resnet.weights.naming import detect, to_ours

# Ranks are all that is asked of a classifier that the model has not.
ABSENT_CLASSIFIER = {f"{CLASSIFIER}/kernel": (0, 0), f"{CLASSIFIER}/bias": (0,)}


def has_classifier(model: keras.Model) -> bool:
    """Say whether a model ends in its classifier."""
    return any(layer.name == CLASSIFIER for layer in model.layers)


def fill(
    model: keras.Model,
    arrays: Mapping[str, object],
    source: str,
    *,
    adapt: Collection[str] = (),
) -> None:
    """Fill a model with arrays under this package's names or another's.

    Exact changes of form are made where the model needs them (see `exact`),
    and a classifier is passed over by a model that has none. Anything else
    that does not fit is an error, unless `adapt` asks for it.

    Args:
        model: The model to fill.
        arrays: Arrays, or what reads like them, under their names.
        source: What they come from, for the error.
        adapt: Names of `ADAPTATIONS`: what may be changed to fit.

    Raises:
        ValueError: If they do not fit; the model keeps the weights it had.
        TypeError: If `adapt` is not a collection of names.
    """
    adapt = check_adaptations(adapt)
    shapes = {
        name: tuple(variable.shape) for name, variable in named_variables(model).items()
    }
    headless = not has_classifier(model)
    naming = detect(arrays.keys())
    if naming is None:
        ours = {name: DeferredArray.of(array) for name, array in arrays.items()}
    else:
        wanted = shapes | ABSENT_CLASSIFIER if headless else shapes
        ours = to_ours(arrays, wanted, naming)
    if headless:
        for name in ABSENT_CLASSIFIER:
            ours.pop(name, None)
    fold_biases(ours, shapes)
    join_depthwise_kernels(ours, shapes)
    keep = adapt_classifier(ours, shapes) if "classifier" in adapt else ()
    if "channels" in adapt:
        adapt_channels(ours, shapes)
    assign_strictly(
        model, ours, source, keep=keep, hint=_hint_at_classifier(ours, shapes, keep)
    )


def _hint_at_classifier(arrays, shapes, keep) -> str:
    kernel = f"{CLASSIFIER}/kernel"
    if kernel not in shapes or kernel in keep:
        return ""
    if kernel not in arrays:
        return "They have no classifier: `include_top=False` makes a model without one."
    if len(arrays[kernel].shape) == 2 and arrays[kernel].shape != shapes[kernel]:
        return f"Their classifier has {arrays[kernel].shape[-1]} classes."
    return ""
