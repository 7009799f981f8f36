"""A conditional whose branch may update a layer's state."""

import keras
from keras import ops


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
    conditional = {"jax": _run_if_jax, "torch": _run_if_eagerly}.get(
        keras.backend.backend(), _run_if_tensorflow
    )
    return conditional(predicate, branch, otherwise, variables)


def _run_if_tensorflow(predicate, branch, otherwise, variables):
    import tensorflow as tf

    if tf.executing_eagerly():
        return _run_if_eagerly(predicate, branch, otherwise, variables)
    return ops.cond(predicate, branch, otherwise)


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


def _run_if_jax(predicate, branch, otherwise, variables):
    import jax

    # JAX's branches are pure functions: what they update is part of their
    # result and assigned outside. The scope of a branch hides the one that
    # holds the values of this step, so it is given every value that it may read.
    state = [variable for variable in variables if not variable.trainable]
    values = [(variable, variable.value) for variable in variables]
    before = [variable.value for variable in state]

    def pure_branch():
        with keras.StatelessScope(state_mapping=values) as scope:
            result = branch()
        return result, [scope.get_current_value(variable) for variable in state]

    def pure_otherwise():
        return otherwise(), before

    if jax.default_backend() == "cpu":
        result, after = keras.tree.map_structure(
            lambda chosen, other: ops.where(predicate, chosen, other),
            pure_branch(),
            pure_otherwise(),
        )
    else:
        result, after = ops.cond(predicate, pure_branch, pure_otherwise)
    for variable, value in zip(state, after, strict=True):
        variable.assign(value)
    return result
