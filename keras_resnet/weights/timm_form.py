"""Whether timm has a network that computes what a model does.

A file of weights says nothing of strides, activations or epsilons: in timm's
names it would load without an error into a network that computes something
else. So every layer of a model is looked at, and what is not known to be in
timm is not.
"""

import re
from collections.abc import Iterator

import keras

from keras_resnet.layers import (
    Block,
    EdgePadding2D,
    ImageNormalization,
    SqueezeExcite,
    StochasticDepth,
)

# The epsilon of batch normalization, and where the stem's 7x7 convolution or
# the first of three 3x3 has its stride.
EPSILON = 1e-5
BLOCK_CONVOLUTION = re.compile(r"conv(\d+)_block(\d+)_(\d)_conv")
# Shares of the channels that squeeze-and-excitation is squeezed to: SE-ResNet's
# and, behind a stem that pools by convolution, ResNet-RS's.
SQUEEZE_RATIO, SQUEEZE_RATIO_REVISED = 1 / 16, 0.25
# Layers that have nothing to differ in, or that others here speak for.
PLAIN = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Add,
    keras.layers.Multiply,
    keras.layers.Reshape,
    keras.layers.ZeroPadding2D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    EdgePadding2D,
    ImageNormalization,
    Block,
    keras.Model,
)


def what_timm_has_not(model: keras.Model) -> str | None:
    """Say what a model computes that timm's network of the same names does not.

    Args:
        model: A network of this package, flat or nested.

    Returns:
        A clause that names a layer, or `None` where timm has the network.
    """
    layers = {layer.name: layer for layer in model._flatten_layers()}
    return next(_faults(model, layers), None)


def _faults(model, layers) -> Iterator[str]:
    yield from _faults_of_stem(layers)
    for name, layer in layers.items():
        fault = _fault_of_layer(name, layer, layers)
        if fault:
            yield fault
    if not any(name.startswith("conv2_block1") for name in layers):
        yield "it has no residual blocks"
    for name in layers:
        if re.fullmatch(r"conv\d+_block\d+_1_conv", name):
            yield from _faults_of_joint(name.removesuffix("_1_conv"), layers)
    known = {id(operation) for operation in layers.values()}
    for operation in model.operations:
        if id(operation) not in known:
            yield f"{operation.name} is no layer of a residual network"


def _faults_of_joint(block, layers) -> Iterator[str]:
    joined = layers.get(f"{block}_add", layers.get(f"{block}_out"))
    if not isinstance(joined, keras.layers.Add):
        yield f"{block} has no shortcut"
    preactivation = f"{block}_preact_bn" in layers
    if preactivation == (f"{block}_add" in layers) or f"{block}_joined_bn" in layers:
        yield f"{block} has another ordering of batch normalization and activation"


def _faults_of_stem(layers) -> Iterator[str]:
    first = layers.get("conv1_conv", layers.get("conv1_1_conv"))
    size = 7 if "conv1_conv" in layers else 3
    if first is None or first.kernel_size != (size, size) or first.strides != (2, 2):
        yield "its stem is not that of an ImageNet network"
    pool = layers.get("pool1_pool", layers.get("pool1_conv"))
    if pool is None:
        yield "its stem does not pool"


def _fault_of_layer(name, layer, layers) -> str | None:
    if isinstance(layer, keras.layers.BatchNormalization):
        if abs(layer.epsilon - EPSILON) > EPSILON / 1e4:
            return f"the epsilon of {name} is {layer.epsilon}"
    elif isinstance(layer, keras.layers.Conv2D):
        return _fault_of_convolution(name, layer, layers)
    elif isinstance(layer, StochasticDepth):
        if layer.mode == "batch" and layer.survival_probability < 1.0:
            return (
                f"{name} scales its branch at inference (stochastic depth of the mode "
                "'batch'; 'sample' does not)"
            )
    elif isinstance(layer, SqueezeExcite):
        revised = "pool1_conv" in layers
        wanted = SQUEEZE_RATIO_REVISED if revised else SQUEEZE_RATIO
        if layer.ratio != wanted:
            return f"the ratio of {name} is {layer.ratio}"
    elif isinstance(layer, keras.layers.MaxPooling2D):
        if name != "pool1_pool":
            return f"{name} subsamples the shortcut"
    elif isinstance(layer, keras.layers.AveragePooling2D):
        if layer.strides != (2, 2):
            return f"{name} does not halve the map"
    elif isinstance(layer, keras.layers.Activation):
        wanted = "sigmoid" if name.endswith("_gate") else "relu"
        if layer.activation is not keras.activations.get(wanted):
            return f"{name} is another activation"
    elif not isinstance(layer, PLAIN):
        return f"{name} is a {type(layer).__name__}"
    if isinstance(layer, Block) and layer.shortcut_function != "identity":
        return f"{name} has the shortcut function {layer.shortcut_function!r}"
    return None


def _fault_of_convolution(name, layer, layers) -> str | None:
    if name.endswith(("_squeeze", "_excite")):
        return None
    if layer.use_bias:
        return f"{name} has a bias"
    if max(layer.strides) > 1 and layer.padding == "same" and layer.kernel_size[0] > 1:
        return f"{name} pads as TensorFlow does"
    if max(layer.dilation_rate) > 1:
        return f"{name} is dilated"
    match = BLOCK_CONVOLUTION.fullmatch(name)
    if match is None:
        return None
    stage, block, part = map(int, match.groups())
    first_of_stage = block == 1
    if part == 0:
        if not first_of_stage:
            return f"{name} projects where the shape stays"
        if f"{name[:-5]}_bn" not in layers and "post_bn" not in layers:
            return f"{name} has no batch normalization"
    bottleneck = name.replace(f"_{part}_conv", "_3_conv") in layers
    pooled = name.replace(f"_{part}_conv", "_0_pool") in layers
    strided = {0: not pooled, 1: not bottleneck, 2: bottleneck}.get(part, False)
    wanted = 2 if stage > 2 and first_of_stage and strided else 1
    if layer.strides != (wanted, wanted):
        return f"the stride of {name} is {layer.strides[0]}, where timm's is {wanted}"
    return None
