"""Loading sets and files of weights into a model."""

import os
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path

import keras

from keras_resnet.weights.adaptation import check_adaptations
from keras_resnet.weights.assignment import check_model, deferred_arrays
from keras_resnet.weights.card import Card
from keras_resnet.weights.download import fetch
from keras_resnet.weights.files import open_arrays
from keras_resnet.weights.fitting import fill, has_classifier
from keras_resnet.weights.naming import detect


def load_card(model: keras.Model, card: Card, *, adapt: Collection[str] = ()) -> None:
    """Download a set of weights, check its hash, and load it strictly.

    Args:
        model: The model to fill.
        card: The set of weights.
        adapt: What may be changed to fit; see `load`. Defaults to nothing.

    Raises:
        ValueError: If the file is not what its hash says, or does not fit.
        OSError: If it cannot be downloaded.
        TypeError: If `adapt` is not a collection of names.
    """
    file = card.top
    if card.no_top is not None and ("classifier" in adapt or not has_classifier(model)):
        file = card.no_top

    with open_arrays(fetch(file)) as arrays:
        fill(model, _renamed(arrays, card), f"{card.name!r}", adapt=adapt)


def _renamed(arrays, card):
    if not card.renamed:
        return arrays
    renamed = {}
    for name, array in arrays.items():
        layer, slash, variable = name.partition("/")
        renamed[f"{card.renamed.get(layer, layer)}{slash}{variable}"] = array
    return renamed


def naming_of(path: str | os.PathLike) -> str | None:
    """Say whose names a file of weights has.

    Args:
        path: The file.

    Returns:
        Name of one of `NAMINGS`, or `None` for names of Keras's kind.

    Raises:
        ValueError: If the file cannot be read.
        ImportError: If its format needs a package that is not installed.
    """
    path = Path(path)
    if _is_kept_by_keras(path):
        return None
    with open_arrays(path) as arrays:
        naming = detect(arrays.keys())
    return naming and naming.name


def _is_kept_by_keras(path: Path) -> bool:
    return path.suffix == ".keras" or path.name.endswith(".weights.h5")


def load(
    model: keras.Model, path: str | os.PathLike, *, adapt: Collection[str] = ()
) -> None:
    """Load a file of weights into a model, strictly.

    Every array of the file is used and every variable filled, or an error
    says what is missing, unexpected or of another shape, and the model keeps
    the weights it had. Nothing is unpickled.

    Args:
        model: The model to fill.
        path: A file whose arrays are matched by name: `.safetensors`, `.npz`,
            legacy Keras `.h5`, or PyTorch's `.pth`, in the names of this
            package, of keras.applications, torchvision, timm or transformers;
            a `.keras` model, flat or nested; or a `.weights.h5` file saved
            from a model of the same form, whose layers Keras matches by kind
            and order.
        adapt: What may be changed to fit: `"classifier"`, which starts anew
            where it has other classes, and `"channels"`, for which the first
            convolution is made anew from the file's. Defaults to nothing.

    Raises:
        ValueError: If there is no such file, its kind is unknown, or it does
            not fit.
        TypeError: If `model` is not a Keras model.
        ImportError: If the format needs a package that is not installed.
    """
    check_model("model", model)
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no such file of weights. Received: path='{path}'")
    if path.name.endswith(".weights.h5"):
        if check_adaptations(adapt):
            raise ValueError(
                "A `.weights.h5` file names no layers, so that nothing of it can be "
                f"adapted. Received: path='{path}', adapt={tuple(adapt)}"
            )
        _load_weights_h5(model, path)
    elif path.suffix == ".keras":
        fill(model, deferred_arrays(_load_model(path)), f"'{path}'", adapt=adapt)
    else:
        with open_arrays(path) as arrays:
            fill(model, arrays, f"'{path}'", adapt=adapt)


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
    # h5py comes with Keras; it is imported here to keep `import keras_resnet`
    # as light as `import keras`.
    import h5py

    count = 0

    def visit(name, item):
        nonlocal count
        parts = name.split("/")
        if isinstance(item, h5py.Dataset) and "vars" in parts:
            state = parts[0] == "optimizer" or any("seed" in part for part in parts)
            count += not state

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except (OSError, RuntimeError) as error:
        raise ValueError(
            f"Not an HDF5 file, or a damaged one. Received: path='{path}'"
        ) from error
    return count
