"""A conditional whose branch may update a layer's state."""

import keras
from keras import ops

from keras_resnet.layers.pure_function import PureFunction


def run_if(predicate, branch, otherwise, variables):
    """Compute `branch()` where `predicate` is true, else `otherwise()`.

    Whichever is chosen, every trainable variable gets a gradient (of zeros
    from `otherwise`) and only a chosen branch updates the others. TensorFlow,
    PyTorch, and JAX on an accelerator leave what is not chosen uncomputed; JAX
    on a CPU computes both and selects, because XLA's conditionals on CPUs run
    convolutions many times slower than outside of them.

    Args:
        predicate: Boolean scalar tensor.
        branch: Function of no arguments that returns a tensor; it may update
            any of `variables` that is not trainable.
        otherwise: Function of no arguments that returns a tensor of the same
            shape and dtype and updates nothing.
        variables: Keras variables that `branch` reads or updates.

    Returns:
        The tensor that the chosen function returned.
    """
    if _runs_eagerly():
        return _run_if_eagerly(predicate, branch, otherwise, variables)
    return _run_if_in_graph(predicate, branch, otherwise, variables)


def _runs_eagerly() -> bool:
    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend() == "torch"
    import tensorflow as tf

    return tf.executing_eagerly()


def _run_if_eagerly(predicate, branch, otherwise, variables):
    def otherwise_with_gradients():
        # Eager execution leaves the gradient of a variable that was not used
        # undefined, and Keras's optimizers would then pass it over: no
        # momentum, no decay.
        trainable = [variable for variable in variables if variable.trainable]
        result = otherwise()
        zero = sum(ops.sum(variable) for variable in trainable) * 0.0
        return result + ops.cast(zero, result.dtype)

    return ops.cond(predicate, branch, otherwise_with_gradients)


def _run_if_in_graph(predicate, branch, otherwise, variables):
    # A branch is a graph of its own, so what it updates is part of its result
    # and assigned outside. Its scope hides the one that holds the values of
    # this step, so it is given every value that it may read.
    pure = PureFunction(branch, variables)
    trainable, state = pure.values()

    def chosen():
        result, updates = pure(trainable, state)
        return result, [updates.get(i, before) for i, before in enumerate(state)]

    def other():
        return otherwise(), state

    if _selects():
        result, after = keras.tree.map_structure(
            lambda one, two: ops.where(predicate, one, two), chosen(), other()
        )
    else:
        result, after = ops.cond(predicate, chosen, other)
    pure.assign(dict(enumerate(after)))
    return result


def _selects() -> bool:
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.default_backend() == "cpu"
