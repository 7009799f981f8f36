"""Gradients on whichever backend Keras runs on."""

import keras
from keras import ops


def gradients(function, values):
    """Differentiate a scalar by some tensors.

    Args:
        function: Takes a list of tensors like `values` and returns a scalar
            tensor.
        values: Arrays or tensors, the point to differentiate at.

    Returns:
        The scalar, and for every one of `values` an array of its gradient, all
        as NumPy arrays. What the scalar does not depend on has zeros.
    """
    values = [ops.convert_to_tensor(value) for value in values]
    result, found = _BY_BACKEND[keras.backend.backend()](function, values)
    return ops.convert_to_numpy(result), [
        ops.convert_to_numpy(ops.zeros_like(value) if gradient is None else gradient)
        for value, gradient in zip(values, found, strict=True)
    ]


def _with_tensorflow(function, values):
    import tensorflow as tf

    # As a graph, in which the gradients by the kernels on the way fall away where
    # they are not asked for: of one image, TensorFlow's own can end the process.
    @tf.function(autograph=False)
    def differentiated(values):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            result = function(values)
        return result, tape.gradient(result, values)

    return differentiated(values)


def _with_jax(function, values):
    import jax

    return jax.value_and_grad(function)(values)


def _with_torch(function, values):
    import torch

    values = [value.detach().requires_grad_(True) for value in values]
    with torch.enable_grad():
        result = function(values)
        found = torch.autograd.grad(result, values, allow_unused=True)
    return result.detach(), found


_BY_BACKEND = {
    "tensorflow": _with_tensorflow,
    "jax": _with_jax,
    "torch": _with_torch,
}
