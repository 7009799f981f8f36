"""Reader of the `.h5` files of weights that Keras wrote before version 3."""

from pathlib import Path

import numpy as np

# Keras 1 and 2 wrote these two names for the variables of batch normalization.
OLDER_NAMES = {"running_mean": "moving_mean", "running_std": "moving_variance"}


def open_h5(path: Path):
    """Open an HDF5 file to read.

    Raises:
        ValueError: If it is not one, or damaged.
    """
    # h5py comes with Keras; it is imported here to keep `import keras_resnet`
    # as light as `import keras`.
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise ValueError(
            f"Not an HDF5 file, or a damaged one. Received: path='{path}'"
        ) from error


def read_legacy_h5(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a legacy Keras `.h5` file.

    Args:
        path: The file.

    Returns:
        The arrays under `"layer/variable"`.

    Raises:
        ValueError: If the file is not one of that kind.
    """
    with open_h5(path) as file:
        group = file.get("model_weights", file)
        if "layer_names" not in group.attrs:
            raise ValueError(
                "A legacy Keras file of weights lists its layers in the attribute "
                f"`layer_names`, which this one does not have. Received: path='{path}'"
            )
        return {
            _name(layer, name): np.asarray(group[layer][name])
            for layer in map(_text, group.attrs["layer_names"])
            for name in map(_text, group[layer].attrs["weight_names"])
        }


def _name(layer: str, weight: str) -> str:
    # A layer made of layers says which of them a weight belongs to.
    *scopes, variable = weight.split("/")
    variable = variable.split(":")[0]
    owner = scopes[-1] if scopes else layer
    return f"{owner}/{OLDER_NAMES.get(variable, variable)}"


def _text(name) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)
