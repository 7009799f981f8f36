"""Strict assignment of named arrays to the variables of a model."""

from collections.abc import Collection, Mapping

import keras

from keras_resnet.weights.deferred_array import DeferredArray, as_dtype, is_floating

LISTED = 10


def named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """List a model's weights under `"layer/variable"`.

    A variable belongs to the innermost layer that holds it, so that the names
    do not depend on whether the model is nested.

    Raises:
        ValueError: If two variables would have the same name.
    """
    named, seen = {}, set()
    for layer in reversed(list(model._flatten_layers())):
        # Layers inside of several others come before some of these.
        parts = layer._flatten_layers(include_self=False, recursive=False)
        inside = {id(variable) for part in parts for variable in part.weights}
        for variable in layer.weights:
            if id(variable) in inside or id(variable) in seen:
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
    model: keras.Model,
    arrays: Mapping[str, DeferredArray],
    source: str,
    *,
    keep: Collection[str] = (),
    hint: str = "",
) -> None:
    """Fill every variable of a model, and use every array.

    Nothing is assigned unless everything fits and can be read.

    Args:
        model: The model to fill.
        arrays: Arrays under `"layer/variable"`.
        source: What they come from, for the error.
        keep: Names of variables that keep their values.
        hint: Sentence that an error adds.

    Raises:
        ValueError: If a variable has no array, an array no variable, a shape
            differs, or an array is not of real numbers, or of integers for a
            variable that counts; the message counts them and names the first
            ten of each.
    """
    variables = {
        name: variable
        for name, variable in named_variables(model).items()
        if name not in keep
    }
    missing = [name for name in variables if name not in arrays]
    unexpected = [name for name in arrays if name not in variables]
    common = [name for name in variables if name in arrays]
    reshaped = [
        f"{name} {tuple(arrays[name].shape)} for {tuple(variables[name].shape)}"
        for name in common
        if tuple(arrays[name].shape) != tuple(variables[name].shape)
    ]
    counts = [name for name in common if variables[name].dtype.startswith("int")]
    mistyped = [
        f"{name} {arrays[name].dtype}"
        for name in common
        if name not in counts and not is_floating(arrays[name].dtype)
    ]
    miscounted = [
        f"{name} {arrays[name].dtype}"
        for name in counts
        if arrays[name].dtype.kind not in "iu"
    ]
    faults = [
        f"{len(names)} {fault}: {', '.join(names[:LISTED])}"
        + (", ..." if len(names) > LISTED else "")
        for fault, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", reshaped),
            ("not of floating-point numbers", mistyped),
            ("not of integers", miscounted),
        )
        if names
    ]
    if faults:
        raise ValueError(
            f"The weights of {source} are not those of the model {model.name!r}: "
            f"{'; '.join(faults)}. {hint}{' ' * bool(hint)}"
            f"Received: {len(arrays)} arrays for {len(variables)} variables"
        )
    _assign(variables, arrays)


def _assign(variables, arrays) -> None:
    # Everything is read once before the first variable changes: a file that
    # is damaged further on must not leave half of it in the model. To read
    # twice is quicker than to keep the old values, and takes no memory.
    for name in variables:
        arrays[name].read()
    for name, variable in variables.items():
        value = arrays[name].read()
        variable.assign(value.astype(as_dtype(variable.dtype), copy=False))


def deferred_arrays(model: keras.Model) -> dict[str, DeferredArray]:
    """Give the weights of a model as arrays under `"layer/variable"`."""
    return {
        name: DeferredArray.of_variable(variable)
        for name, variable in named_variables(model).items()
    }


def check_model(argument: str, model) -> None:
    """Refuse what is not a Keras model.

    Raises:
        TypeError: If it is not one.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`{argument}` must be a Keras model. Received: {argument}={model!r}"
        )


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
    check_model("source", source)
    check_model("target", target)
    called = called or f"the model {source.name!r}"
    assign_strictly(target, deferred_arrays(source), called)
