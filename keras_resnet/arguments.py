"""Validation of arguments at the door, in the Keras dialect of errors.

Every function returns the accepted value, so that a check and an assignment
are one line, and raises an error whose last words are what was received.
"""

import difflib
import numbers
from collections.abc import Iterable

# More choices than these are not read in an error.
LISTED = 20


def check_choice(argument: str, value, allowed: Iterable, *, noun: str | None = None):
    """Accept `value` if it is one of `allowed`.

    Args:
        argument: Name of the argument, as the caller typed it.
        value: What was received.
        allowed: The values that are accepted, in the order to list them.
        noun: What one of them is called, for example `"recipe"`. Defaults
            to `argument`.

    Returns:
        `value`, unchanged.

    Raises:
        ValueError: If `value` is not among `allowed`. The nearest name is
            suggested when one is near.
    """
    allowed = list(allowed)
    if any(value is choice or value == choice for choice in allowed):
        return value
    listed = ", ".join(repr(choice) for choice in allowed[:LISTED])
    if len(allowed) > LISTED:
        listed += f", ... ({len(allowed)} in all)"
    hint = _hint(value, allowed)
    raise ValueError(
        f"Unknown {noun or argument}: `{argument}` must be one of {listed}.{hint} "
        f"Received: {argument}={value!r}"
    )


def check_positive_integer(argument: str, value) -> int:
    """Accept an integer of at least 1.

    Raises:
        TypeError: If `value` is not an integer.
        ValueError: If it is below 1.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"`{argument}` must be a positive integer. Received: {argument}={value!r}"
        )
    if value < 1:
        raise ValueError(
            f"`{argument}` must be a positive integer. Received: {argument}={value!r}"
        )
    return int(value)


def check_interval(
    argument: str, value, low: float, high: float, *, include_low: bool = True
) -> float:
    """Accept a real number with `low <= value <= high`.

    Args:
        argument: Name of the argument, as the caller typed it.
        value: What was received.
        low: Lower bound.
        high: Upper bound, included.
        include_low: Whether `low` itself is accepted.

    Raises:
        TypeError: If `value` is not a real number.
        ValueError: If it is outside the interval.
    """
    bracket = "[" if include_low else "("
    message = (
        f"`{argument}` must be a number in {bracket}{low}, {high}]. "
        f"Received: {argument}={value!r}"
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(message)
    above = value >= low if include_low else value > low
    if not (above and value <= high):
        raise ValueError(message)
    return float(value)


def check_known(arguments: Iterable[str], known: Iterable[str], function: str) -> None:
    """Accept keyword arguments that are all known.

    Args:
        arguments: The names that were received.
        known: The names that are accepted.
        function: Name of the function that takes them.

    Raises:
        TypeError: If one is unknown; the nearest known one is suggested.
    """
    known = sorted(known)
    for name in arguments:
        if name not in known:
            raise TypeError(
                f"`{function}` has no argument {name!r}.{_hint(name, known)} It takes "
                f"{', '.join(known)}. Received: {', '.join(arguments)}"
            )


def _hint(value, allowed) -> str:
    spelled = {str(choice).lower(): choice for choice in allowed}
    near = difflib.get_close_matches(str(value).lower(), spelled, n=1)
    return f" Did you mean {spelled[near[0]]!r}?" if near else ""
