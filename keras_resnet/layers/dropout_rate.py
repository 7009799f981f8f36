"""The rate of a dropout, checked."""

from keras_resnet.arguments import check_interval


def check_dropout_rate(dropout_rate, argument: str = "dropout_rate") -> float:
    """Accept a rate of dropout in [0, 1).

    Args:
        dropout_rate: The rate.
        argument: Its name, as the caller typed it. Defaults to
            `"dropout_rate"`.

    Raises:
        ValueError: If it is outside.
        TypeError: If it is not a number.
    """
    check_interval(argument, dropout_rate, 0.0, 1.0)
    if dropout_rate == 1.0:
        raise ValueError(
            f"`{argument}` must be below 1, which would leave nothing. "
            f"Received: {argument}={dropout_rate!r}"
        )
    return float(dropout_rate)
