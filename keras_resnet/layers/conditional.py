"""A conditional whose branches may update a layer's state."""

import keras


def run_if(predicate, branch, otherwise, variables):
    """Compute `branch()` where `predicate` is true, else `otherwise()`.

    The one not chosen is not computed. TensorFlow and PyTorch carry updates
    of variables out of a conditional by themselves. JAX's branches are pure
    functions, so there the new values of `variables` become results of both
    branches and are assigned outside.

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
    if keras.backend.backend() != "jax":
        return keras.ops.cond(predicate, branch, otherwise)
    state = [variable for variable in variables if not variable.trainable]
    # The scope below hides the one that holds the values of this step, so
    # that it must be given every value that the branch may read.
    values = [(variable, variable.value) for variable in variables]
    before = [variable.value for variable in state]

    def pure_branch():
        with keras.StatelessScope(state_mapping=values) as scope:
            result = branch()
        return result, [scope.get_current_value(variable) for variable in state]

    def pure_otherwise():
        return otherwise(), before

    result, after = keras.ops.cond(predicate, pure_branch, pure_otherwise)
    for variable, value in zip(state, after, strict=True):
        variable.assign(value)
    return result
