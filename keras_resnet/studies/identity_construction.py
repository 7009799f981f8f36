"""A deeper network set to compute what a shallower one does."""

import re

import keras
import numpy as np
from keras import ops

from keras_resnet.studies.subjects import check_model
from keras_resnet.weights import named_variables

BLOCK = re.compile(r"(conv\d+_block\d+)_")
# What floating-point numbers may make of an identity, by the largest output.
TOLERANCE = 1e-3
IMAGES = 2


def construct_identity(deep: keras.Model, shallow: keras.Model) -> None:
    """Give a deeper network the weights with which it equals a shallower one.

    The construction by which He et al. (2015, section 1) argue that a deeper
    network need not be worse: blocks that both have get the shallower one's
    weights, and the blocks that only the deeper one has are set to pass on
    what they get. In a plain block that is a convolution with a one in the
    middle of its kernel and a batch normalization that changes nothing; what
    comes in is not negative, so that the ReLU passes it too. In a residual
    block all kernels are zero, so that the residual branch adds nothing.

    Args:
        deep: The deeper network, as this package builds it. Its weights are
            replaced.
        shallow: The shallower one: the same but for fewer blocks in a stage.

    Raises:
        TypeError: If one is no functional or sequential model.
        ValueError: If the networks differ in more, or an additional block
            cannot pass on what it gets. The deeper one then stays as it was.
    """
    check_model(deep)
    check_model(shallow)
    wanted, given = named_variables(deep), named_variables(shallow)
    strange = [name for name in given if name not in wanted]
    if strange:
        raise ValueError(
            "The deeper network must have all layers of the shallower one. Received: "
            f"no {strange[0]!r} in the model {deep.name!r}"
        )
    values = {}
    for name, variable in wanted.items():
        shape = tuple(variable.shape)
        if name not in given:
            values[name] = _identity(name, variable, deep)
        elif tuple(given[name].shape) == shape:
            values[name] = ops.convert_to_numpy(given[name])
        else:
            raise ValueError(
                "Layers that both networks have must be of the same shape. Received: "
                f"{name!r} of {shape} and {tuple(given[name].shape)}"
            )
    before = deep.get_weights()
    try:
        for name, variable in wanted.items():
            variable.assign(values[name])
        apart = _difference(deep, shallow)
        if not apart <= TOLERANCE:
            raise ValueError(
                "The additional blocks do not pass on what they get: only those that "
                "end in a ReLU, or add to a shortcut, can. Received: the model "
                f"{deep.name!r}, whose outputs would be {apart:.2g} apart"
            )
    # An interruption leaves it as it was, too.
    except BaseException:
        deep.set_weights(before)
        raise


def _identity(name, variable, deep):
    """Return what makes a layer of an additional block pass on what it gets."""
    shape, kind = tuple(variable.shape), variable.name
    if not BLOCK.match(name):
        raise ValueError(
            "The deeper network may differ by blocks alone. Received: the layer "
            f"{name!r}, which the shallower one has not"
        )
    layers = {layer.name: layer for layer in deep._flatten_layers()}
    layer = name.rpartition("/")[0]
    block = BLOCK.match(name)[1]
    if kind == "kernel":
        adds = f"{block}_add" in layers or isinstance(
            layers.get(f"{block}_out"), keras.layers.Add
        )
        return np.zeros(shape) if adds else _dirac(name, shape)
    if kind == "gamma":
        return np.full(shape, np.sqrt(1 + layers[layer].epsilon))
    if kind in ("beta", "bias", "moving_mean"):
        return np.zeros(shape)
    if kind == "moving_variance":
        return np.ones(shape)
    raise ValueError(
        f"It is not known which {kind!r} makes a layer pass on what it gets. "
        f"Received: {name!r}"
    )


def _dirac(name, shape) -> np.ndarray:
    height, width, channels, filters = shape
    if channels != filters or not height % 2 or not width % 2:
        raise ValueError(
            "Only a convolution with as many filters as channels and an odd kernel "
            f"passes on what it gets. Received: {name!r} of the shape {shape}"
        )
    kernel = np.zeros(shape)
    kernel[height // 2, width // 2] = np.eye(channels)
    return kernel


def _difference(deep, shallow) -> float:
    shape = tuple(32 if side is None else side for side in deep.inputs[0].shape[1:])
    images = np.random.default_rng(0).uniform(-1, 1, (IMAGES, *shape))
    images = images.astype(deep.inputs[0].dtype)
    one, other = (
        ops.convert_to_numpy(model(images, training=False)).astype("float64")
        for model in (deep, shallow)
    )
    if one.shape != other.shape:
        raise ValueError(
            "Both networks must return the same shape. "
            f"Received: {one.shape} and {other.shape}"
        )
    return float(abs(one - other).max() / max(abs(other).max(), 1e-12))
