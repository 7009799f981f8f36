"""Reading and writing the names that other libraries give to variables."""

import re
from collections.abc import Collection, Iterator, Mapping

from keras_resnet.weights.deferred_array import DeferredArray
from keras_resnet.weights.namings import (
    IGNORED,
    NAMINGS,
    PREFIXES,
    VARIABLES,
    Naming,
)

# Stages of blocks count from 2 in our names, blocks from 1.
FIRST = {"stage": 2, "block": 1, "part": 0}
FIELD = re.compile(r"\{(stage|block|part)([+-]1)?\}")


def detect(names: Collection[str]) -> Naming | None:
    """Say by which naming a file is to be read.

    Returns:
        The naming, or `None` where it is none of another library.
    """
    for naming in NAMINGS:
        marks = [re.compile(mark) for mark in naming.marks]
        if all(any(mark.search(name) for name in names) for mark in marks):
            return naming
    return None


def their_names(layer: str, naming: Naming) -> tuple[str, ...]:
    """Say what a layer may be called elsewhere, most usual name first."""
    for pattern, names in naming.rules:
        match = re.fullmatch(pattern, layer)
        if match is None:
            continue
        counts = match.groupdict()

        def count(field, counts=counts):
            key, change = field.groups()
            return str(int(counts[key]) - FIRST[key] + int(change or 0))

        return tuple(FIELD.sub(count, name) for name in names)
    return ()


def to_ours(
    arrays: Mapping[str, object], ours: Mapping[str, tuple[int, ...]], naming: Naming
) -> dict[str, DeferredArray]:
    """Give the arrays of a file our names and layout.

    Args:
        arrays: The file's, under its own names.
        ours: Shapes of the model's variables under `"layer/variable"`.
        naming: How the file names them.

    Returns:
        The arrays under `"layer/variable"`; those that no variable stands for
        keep their own names.
    """
    prefix = _common_prefix(arrays)
    rest = {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if not name.endswith(f".{IGNORED}")
    }
    found = {}
    for name, shape in ours.items():
        layer, variable = name.rsplit("/", 1)
        for their_layer in their_names(layer, naming):
            theirs = f"{their_layer}.{VARIABLES.get(variable, variable)}"
            if theirs in rest:
                found[name] = _from_torch(
                    DeferredArray.of(rest.pop(theirs)), len(shape)
                )
                break
    # A bias that this model has not is known by its own name all the same,
    # for it can be folded into the batch normalization that follows.
    for name in ours:
        layer, variable = name.rsplit("/", 1)
        if variable == "kernel" and f"{layer}/bias" not in found:
            for their_layer in their_names(layer, naming):
                if f"{their_layer}.bias" in rest:
                    array = DeferredArray.of(rest.pop(f"{their_layer}.bias"))
                    found[f"{layer}/bias"] = array
    # A name that another array of the file has already taken stays unexpected.
    for name, array in rest.items():
        found[f"{name} (again)" if name in found else name] = DeferredArray.of(array)
    return found


def to_theirs(
    variables: Mapping[str, object], naming: Naming, called: str
) -> Iterator[tuple[str, str]]:
    """Pair our names with theirs.

    Args:
        variables: Variables under our names.
        naming: Their naming.
        called: What the user called it, for the error.

    Raises:
        ValueError: If the naming has no name for one.
    """
    for name in variables:
        layer, variable = name.rsplit("/", 1)
        names = their_names(layer, naming)
        if not names or variable not in VARIABLES:
            raise ValueError(
                f"There is no name for {name!r} in {naming.users}. A classifier of "
                "your own has one where its layer is named 'predictions'; "
                "`naming='keras_resnet'` saves any network. "
                f"Received: naming={called!r}"
            )
        yield name, f"{names[0]}.{VARIABLES[variable]}"


def _common_prefix(names: Collection[str]) -> str:
    """Find what wrappers have put before every name, one inside another."""
    common = ""
    while True:
        for prefix in PREFIXES:
            if names and all(name.startswith(common + prefix) for name in names):
                common += prefix
                break
        else:
            return common


def _from_torch(array: DeferredArray, rank: int) -> DeferredArray:
    """Bring a tensor of PyTorch to Keras's order of axes."""
    shape = array.shape
    if len(shape) == 4 and rank == 4:
        # (out, in, height, width) to (height, width, in, out).
        return array.then(
            lambda kernel: kernel.transpose(2, 3, 1, 0),
            (*shape[2:], shape[1], shape[0]),
        )
    if len(shape) == 4 and rank == 2 and shape[2:] == (1, 1):
        return array.then(lambda kernel: kernel[:, :, 0, 0].T, shape[1::-1])
    if len(shape) == 2 and rank == 2:
        return array.then(lambda kernel: kernel.T, shape[::-1])
    return array
