"""Exact changes of form: the same function with other variables.

Arrays are changed in a dictionary under `"layer/variable"`, as the model
whose variables are given needs them.
"""

from collections.abc import Mapping

from keras_resnet.weights.deferred_array import DeferredArray, is_floating


def fold_biases(arrays: dict[str, DeferredArray], shapes: Mapping[str, tuple]) -> None:
    """Fold the biases that a model has not into its batch normalizations.

    `gamma * (x + b - mean) / sigma + beta` is the same with the bias b taken
    from the moving mean. Exact at inference; in training the batch's own mean
    takes any bias out.

    Args:
        arrays: Arrays under `"layer/variable"`; changed.
        shapes: Shapes of the model's variables under their names.
    """
    for name in [name for name in arrays if name.endswith("_conv/bias")]:
        moving_mean = name.replace("_conv/bias", "_bn/moving_mean")
        mean, bias = arrays.get(moving_mean), arrays[name]
        if name in shapes or moving_mean not in shapes or mean is None:
            continue
        if mean.shape != bias.shape or not is_floating(bias.dtype):
            continue  # Left to be refused.

        def fold(value, bias=bias):
            return value.astype("float32") - bias.read().astype("float32")

        arrays[moving_mean] = mean.then(fold, mean.shape)
        del arrays[name]


def join_depthwise_kernels(
    arrays: dict[str, DeferredArray], shapes: Mapping[str, tuple]
) -> None:
    """Make kernels of grouped convolutions of depthwise ones.

    The older ResNeXts of Keras multiply every channel of a group by a kernel
    for every output of the group, (height, width, inputs, width of a group),
    and sum over the channels of the group, which is a grouped convolution
    with the kernel (height, width, width of a group, outputs).

    Args:
        arrays: Arrays under `"layer/variable"`; changed.
        shapes: Shapes of the model's variables under their names.
    """
    ending = "/depthwise_kernel"
    for name in [name for name in arrays if name.endswith(ending)]:
        grouped = name.removesuffix(ending) + "/kernel"
        if grouped not in shapes or len(arrays[name].shape) != 4:
            continue
        height, width, channels, group = arrays[name].shape
        if tuple(shapes[grouped]) != (height, width, group, channels):
            continue  # Left to be refused.
        arrays[grouped] = arrays.pop(name).then(_grouped, shapes[grouped])


def _grouped(kernel):
    height, width, channels, group = kernel.shape
    by_group = kernel.reshape(height, width, channels // group, group, group)
    # (groups, inputs, outputs) to (inputs, groups, outputs).
    return by_group.transpose(0, 1, 3, 2, 4).reshape(height, width, group, channels)
