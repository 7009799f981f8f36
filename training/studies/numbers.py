"""Numbers as they are typed in flags."""

import re
from collections.abc import Sequence

RANGE = re.compile(r" *([0-9]+)(?:-([0-9]+))? *")


def integers(flag: str, values: Sequence[str] | None) -> list[int] | None:
    """Read integers, and ranges of them, as `3,5` or `0-9`.

    Args:
        flag: Name of the flag, for the error.
        values: Each an integer or a range as text; or None.

    Returns:
        The integers, or None.

    Raises:
        ValueError: If one is neither, or a range ends before it begins.
    """
    if values is None:
        return None
    found = []
    for value in values:
        match = RANGE.fullmatch(value)
        low, high = (int(n or match[1]) for n in match.groups()) if match else (1, 0)
        if low > high:
            raise ValueError(
                f"--{flag} must be integers separated by commas, or ranges as 0-9. "
                f"Received: --{flag}={','.join(values)}"
            )
        found += range(low, high + 1)
    return found
