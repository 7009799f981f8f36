"""Strict assignment of named arrays to the variables of a model."""

from collections.abc import Mapping

import keras
import numpy as np

LISTED = 10


def named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """List a model's weights under `"layer/variable"`.

    A variable belongs to the innermost layer that holds it, so that the names
    do not depend on whether the model is nested.

    Raises:
        ValueError: If two variables would have the same name.
    """
    named, seen = {}, set()
    # Innermost layers come last, and own what no layer inside of them does.
    for layer in reversed(list(model._flatten_layers())):
        for variable in layer.weights:
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            name = f"{layer.name}/{variable.name}"
            if name in named:
                raise ValueError(
                    "Weights are matched by the names of layers and variables, which "
                    f"must be unique. Received: two of the name {name!r} in the model "
                    f"{model.name!r}"
                )
            named[name] = variable
    return dict(reversed(named.items()))


def assign_strictly(
    model: keras.Model, arrays: Mapping[str, np.ndarray], source: str
) -> None:
    """Fill every variable of a model, and use every array.

    Nothing is assigned unless everything fits.

    Args:
        model: The model to fill.
        arrays: Arrays under `"layer/variable"`.
        source: What they come from, for the error.

    Raises:
        ValueError: If a variable has no array, an array no variable, or a
            shape differs; the message counts them and names the first ten of
            each.
    """
    variables = named_variables(model)
    missing = [name for name in variables if name not in arrays]
    unexpected = [name for name in arrays if name not in variables]
    reshaped = [
        f"{name} {tuple(arrays[name].shape)} for {tuple(variable.shape)}"
        for name, variable in variables.items()
        if name in arrays and tuple(arrays[name].shape) != tuple(variable.shape)
    ]
    faults = [
        f"{len(names)} {fault}: {', '.join(names[:LISTED])}"
        + (", ..." if len(names) > LISTED else "")
        for fault, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", reshaped),
        )
        if names
    ]
    if faults:
        raise ValueError(
            f"The weights of {source} are not those of the model {model.name!r}: "
            f"{'; '.join(faults)}. Received: {len(arrays)} arrays for "
            f"{len(variables)} variables"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def transfer(
    source: keras.Model, target: keras.Model, *, called: str | None = None
) -> None:
    """Copy all weights from one model to another, nested or not.

    Args:
        source: Model to read.
        target: Model to fill; its layers have the same names.
        called: What an error calls the source. Defaults to its name.

    Raises:
        ValueError: If the two do not have the same variables.
        TypeError: If one is not a Keras model.
    """
    for argument, model in (("source", source), ("target", target)):
        if not isinstance(model, keras.Model):
            raise TypeError(
                f"`{argument}` must be a Keras model; `load` takes files. "
                f"Received: {argument}={model!r}"
            )
    arrays = {
        name: keras.ops.convert_to_numpy(variable.value)
        for name, variable in named_variables(source).items()
    }
    assign_strictly(target, arrays, called or f"the model {source.name!r}")
