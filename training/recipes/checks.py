"""Checks that recipes share."""


def check_instance(argument: str, value, kind, description: str):
    """Accept a value of a type.

    Args:
        argument: Name of the argument, as the caller typed it.
        value: What was received.
        kind: A class, or a tuple of classes. True and False are no integers.
        description: What the value must be, in words.

    Raises:
        TypeError: If `value` is of another type.
    """
    boolean = isinstance(value, bool) and kind is not bool
    if boolean or not isinstance(value, kind):
        raise TypeError(
            f"`{argument}` must be {description}. Received: {argument}={value!r}"
        )
    return value


def check_text(argument: str, value) -> str:
    """Accept a string that is not empty.

    Raises:
        TypeError: If `value` is not a string.
        ValueError: If it is empty.
    """
    check_instance(argument, value, str, "a string")
    if not value.strip():
        raise ValueError(
            f"`{argument}` must not be empty. Received: {argument}={value!r}"
        )
    return value
