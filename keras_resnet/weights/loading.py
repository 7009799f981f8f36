"""Finding weights by name or path, and loading them into a model."""

import os
import warnings
import zipfile
from pathlib import Path

import keras

from keras_resnet.weights.assignment import assign_strictly, transfer
from keras_resnet.weights.cards import CARDS, Card
from keras_resnet.weights.legacy_h5 import open_h5, read_legacy_h5


def find_card(model_name: str, weights) -> Card | None:
    """Find the set of weights that a name means.

    Args:
        model_name: Name of the network.
        weights: What the user gave: a tag, a path or `None`.

    Returns:
        The card, or `None` where `weights` is `None` or the path of a file.

    Raises:
        ValueError: If `weights` is neither a set of this network nor a file.
        TypeError: If it is neither a name nor a path.
    """
    if weights is None:
        return None
    if not isinstance(weights, (str, os.PathLike)):
        raise TypeError(
            "`weights` must be `None`, the name of a set of weights, or a path. "
            f"Received: weights={weights!r}"
        )
    tags = {card.tag: card for card in CARDS if card.model == model_name}
    if weights in tags:
        return tags[weights]
    if Path(weights).is_file():
        return None
    named = "".join(f"{tag!r}, " for tag in tags)
    raise ValueError(
        f"`weights` of {model_name!r} must be {named}`None` or the path of an "
        f"existing file. Received: weights={weights!r}"
    )


def load_card(model: keras.Model, card: Card, *, include_top: bool = True) -> None:
    """Download a set of weights, check its hash, and load it strictly.

    Args:
        model: The model to fill.
        card: The set of weights.
        include_top: Whether the model has its classifier.

    Raises:
        ValueError: If the file is not what its hash says, or does not fit.
        OSError: If it cannot be downloaded.
    """
    file = card.top if include_top else card.no_top
    try:
        path = keras.utils.get_file(
            origin=file.address, file_hash=file.md5, cache_subdir="models"
        )
    except Exception as error:
        if isinstance(error, ValueError):
            raise
        raise OSError(
            f"The weights {card.name!r} could not be downloaded from {file.address}. "
            "Where there is no network, fetch that file elsewhere and pass its path "
            "as `weights`, or pass `weights=None`."
        ) from error
    arrays = {}
    for name, array in read_legacy_h5(Path(path)).items():
        layer, variable = name.split("/")
        arrays[f"{card.renamed.get(layer, layer)}/{variable}"] = array
    assign_strictly(model, arrays, f"{card.name!r}")


def load(model: keras.Model, path: str | os.PathLike) -> None:
    """Load a file of weights into a model, strictly.

    Every array of the file is used and every variable filled, or an error
    says what is missing, unexpected or of another shape.

    Args:
        model: The model to fill.
        path: A `.keras` model, flat or nested, or a legacy Keras `.h5` file,
            whose layers are matched by name; or a `.weights.h5` file saved
            from a model of the same form, whose layers Keras matches by kind
            and order.

    Raises:
        ValueError: If there is no such file, its kind is unknown, or it does
            not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no such file of weights. Received: path='{path}'")
    if path.name.endswith(".weights.h5"):
        _load_weights_h5(model, path)
    elif path.suffix == ".keras":
        transfer(_load_model(path), model, called=f"'{path}'")
    elif path.suffix in (".h5", ".hdf5"):
        assign_strictly(model, read_legacy_h5(path), f"'{path}'")
    else:
        raise ValueError(
            "A file of weights must end in '.keras', '.weights.h5' or '.h5'. "
            f"Received: path='{path}'"
        )


def _load_model(path: Path) -> keras.Model:
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"Not a `.keras` file, or a damaged one. Received: path='{path}'"
        )
    return keras.saving.load_model(path, compile=False)


def _load_weights_h5(model: keras.Model, path: Path) -> None:
    held, wanted = _count_weights_h5(path), len(model.weights)
    refused = f"'{path}' does not hold the weights of the model {model.name!r}"
    if held != wanted:
        raise ValueError(f"{refused}: it has {held} arrays for {wanted} variables")
    before = model.get_weights()
    try:
        with warnings.catch_warnings():
            # Keras only warns of layers that the file does not fill.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except (ValueError, KeyError, OSError, UserWarning) as error:
        model.set_weights(before)
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{refused}: {reason}") from error


def _count_weights_h5(path: Path) -> int:
    """Count the arrays that Keras's loader, which passes over any, should use."""
    import h5py

    count = 0

    def visit(name, item):
        nonlocal count
        parts = name.split("/")
        if isinstance(item, h5py.Dataset) and "vars" in parts:
            state = parts[0] == "optimizer" or any("seed" in part for part in parts)
            count += not state

    with open_h5(path) as file:
        file.visititems(visit)
    return count
