"""Saving weights for others to load."""

import os
from pathlib import Path

import keras
import numpy as np

from keras_resnet.arguments import check_choice
from keras_resnet.files import write_aside
from keras_resnet.version import __version__
from keras_resnet.weights.assignment import check_model, named_variables
from keras_resnet.weights.deferred_array import as_dtype
from keras_resnet.weights.files import write_safetensors
from keras_resnet.weights.naming import to_theirs
from keras_resnet.weights.namings import (
    IGNORED,
    PYTORCH,
    PYTORCH_POOLED,
    TIMM_V2,
    Naming,
)

OWN = "keras_resnet"
TIMM = "timm"
# The epsilon of batch normalization is not in the file: timm has this one.
TIMM_EPSILON = 1e-5


def save(model: keras.Model, path: str | os.PathLike, *, naming: str = TIMM) -> None:
    """Save a model's weights under names that others know.

    In timm's naming a `.safetensors` file loads into timm's network of the
    same kind with `load_state_dict(strict=True)`, and into torchvision's.

    Args:
        model: A network of this package, flat or nested.
        path: File to write, `.safetensors` or `.npz`.
        naming: `"timm"`, or `"keras_resnet"` for this package's own names and
            order of axes, which every network has. Defaults to `"timm"`.

    Raises:
        ValueError: If the ending or the naming is unknown, or timm has no
            network that computes the same.
        TypeError: If `model` is not a Keras model.
        OSError: If the file cannot be written; an older one is kept.
    """
    check_model("model", model)
    check_choice("naming", naming, (TIMM, OWN))
    path = Path(path)
    if path.suffix not in (".safetensors", ".npz"):
        raise ValueError(
            "Weights are saved as '.safetensors' or '.npz'; a whole model with "
            f"`model.save`. Received: path='{path}'"
        )
    arrays = _own_arrays(model) if naming == OWN else _timm_arrays(model)
    if path.suffix == ".npz":
        _check_numpy_can_hold(arrays, path)
        with write_aside(path) as aside:
            np.savez(aside, **arrays)
        return
    metadata = {"format": "pt"} if naming == TIMM else {"naming": OWN}
    write_safetensors(path, arrays, metadata | {"keras_resnet": __version__})


def _check_numpy_can_hold(arrays, path) -> None:
    strange = [name for name, array in arrays.items() if array.dtype.kind == "V"]
    if strange:
        raise ValueError(
            f"NumPy's files cannot hold {arrays[strange[0]].dtype} values; "
            f"'.safetensors' can. Received: path='{path}'"
        )


def _own_arrays(model):
    return {name: _value(variable) for name, variable in named_variables(model).items()}


def _timm_arrays(model):
    variables = {
        name: variable
        for name, variable in named_variables(model).items()
        if not name.endswith("/seed_generator_state")
    }
    naming = _timm_naming(model)
    _check_same_as_timm(model)
    arrays = {}
    for ours, theirs in to_theirs(variables, naming):
        value = _value(variables[ours])
        if value.ndim == 4:
            value = value.transpose(3, 2, 0, 1)
        elif value.ndim == 2:
            value = value.T
            if naming.convolutional_classifier:
                value = value[:, :, None, None]
        arrays[theirs] = np.ascontiguousarray(value)
        if ours.endswith("/moving_mean"):
            counter = theirs.rsplit(".", 1)[0] + f".{IGNORED}"
            arrays[counter] = np.asarray(0, "int64")
    return arrays


def _value(variable) -> np.ndarray:
    value = keras.ops.convert_to_numpy(variable.value)
    return np.asarray(value).astype(as_dtype(variable.dtype), copy=False)


def _timm_naming(model) -> Naming:
    names = {layer.name for layer in model._flatten_layers()}
    if "conv2_block1_preact_bn" in names:
        return TIMM_V2
    pooled = any(
        isinstance(layer, keras.layers.AveragePooling2D)
        and layer.name.endswith("_0_pool")
        for layer in model._flatten_layers()
    )
    return PYTORCH_POOLED if pooled else PYTORCH


def _check_same_as_timm(model) -> None:
    """Refuse what a file in timm's naming would not compute in timm."""
    layers = {layer.name: layer for layer in model._flatten_layers()}
    for name, layer in layers.items():
        bottleneck = name.replace("_1_conv", "_3_conv") in layers
        fault = _fault(layer, in_bottleneck=bottleneck and "_block" in name)
        if fault:
            raise ValueError(
                f"timm has no network that computes what {model.name!r} does: {fault}. "
                f"`naming={OWN!r}` saves any network. Received: naming={TIMM!r}"
            )


def _fault(layer, *, in_bottleneck: bool) -> str | None:
    """Say what a layer computes that timm's of the same name does not."""
    name = layer.name
    if isinstance(layer, keras.layers.BatchNormalization):
        if abs(layer.epsilon - TIMM_EPSILON) > TIMM_EPSILON / 1e4:
            return f"the epsilon of {name} is {layer.epsilon}"
    elif isinstance(layer, keras.layers.Conv2D):
        if layer.use_bias and not name.endswith(("_squeeze", "_excite")):
            return f"{name} has a bias"
        if in_bottleneck and name.endswith("_1_conv") and max(layer.strides) > 1:
            return f"{name} has the stride that timm gives the 3x3 convolution"
    elif isinstance(layer, keras.layers.MaxPooling2D) and name.endswith("_0_pool"):
        return f"{name} subsamples the shortcut"
    return None
