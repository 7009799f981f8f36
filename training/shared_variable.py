"""Variables beside the network that have one value for all replicas."""

import keras


def shared_variable(value, dtype: str, name: str) -> keras.Variable:
    """Make a variable that is assigned in the cross-replica context.

    Call it under the strategy's scope.

    Args:
        value: Its first value.
        dtype: Its type.
        name: Its name.
    """
    return keras.Variable(
        value,
        dtype=dtype,
        trainable=False,
        aggregation="only_first_replica",
        name=name,
    )
