"""Computations that update variables, as functions without side effects."""

import keras


class PureFunction:
    """A function of tensors that reads and updates variables, made pure.

    Called with the variables' values it returns what they become instead of
    updating them, so that it can be computed again, or not at all, without a
    trace. The state of random generators is variables too: equal values give
    equal draws.

    Args:
        function: Function of tensors that returns a tensor. It may update any
            of `variables` that is not trainable.
        variables: The Keras variables that `function` reads or updates.

    Attributes:
        trainable: Those of the variables that are trained.
        state: The others.
    """

    def __init__(self, function, variables):
        self.function = function
        self.trainable = [variable for variable in variables if variable.trainable]
        self.state = [variable for variable in variables if not variable.trainable]

    def values(self) -> tuple[list, list]:
        """Read the values of `trainable` and of `state`, as tensors."""
        return [_read(v) for v in self.trainable], [_read(v) for v in self.state]

    def __call__(self, trainable, state, *inputs):
        """Compute the function under given values, and change no variable.

        Args:
            trainable: A tensor for every trainable variable.
            state: A tensor for every other variable.
            *inputs: Arguments of the function.

        Returns:
            The function's result, and its updates: a dictionary from the
            positions in `self.state` of what it updated to the new values.

        Raises:
            ValueError: If the function calls `add_loss`: its loss would be
                lost.
        """
        variables, values = [*self.trainable, *self.state], [*trainable, *state]
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            before = [scope.get_current_value(variable) for variable in self.state]
            result = self.function(*inputs)
            after = [scope.get_current_value(variable) for variable in self.state]
        if scope.losses:
            raise ValueError(
                "A block that is computed again in the backward pass, or only where "
                "it survives, cannot add losses. "
                f"Received: {len(scope.losses)} from `add_loss`"
            )
        updates = {
            position: new
            for position, (old, new) in enumerate(zip(before, after, strict=True))
            if new is not old
        }
        return result, updates

    def assign(self, updates: dict) -> None:
        """Give the variables the values that a call returned for them."""
        for position, value in updates.items():
            self.state[position].assign(value)


def _read(variable):
    if keras.backend.backend() != "tensorflow":
        return variable.value
    import tensorflow as tf

    # TensorFlow would read its own variable later, where it is used.
    return tf.convert_to_tensor(variable.value)
