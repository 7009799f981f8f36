"""Dataclasses made again from what `description.plain` wrote of them."""

import dataclasses
import types
import typing
from collections.abc import Mapping


def read_fields(kind: type, noted: Mapping):
    """Make a dataclass from its fields as JSON has them.

    A field that is not among them, as it came later, has its default.

    Args:
        kind: The dataclass.
        noted: Its fields by name: lists for tuples, dictionaries for
            dataclasses within it, of which `kind` tells one of several.

    Raises:
        TypeError: If a field is unknown, or one without a default is missing.
        ValueError: If a value is not allowed.
    """
    hints = typing.get_type_hints(kind)
    values = {name: value for name, value in noted.items() if name != "kind"}
    return kind(**{name: _read(hints.get(name), v) for name, v in values.items()})


def tuples_for_lists(value):
    """Return a value of JSON with tuples for its lists, however deep."""
    if isinstance(value, list | tuple):
        return tuple(map(tuples_for_lists, value))
    return value


def _read(hint, value):
    if not isinstance(value, Mapping):
        return tuples_for_lists(value)
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    kinds = [
        kind
        for kind in (typing.get_args(hint) if is_union else (hint,))
        if dataclasses.is_dataclass(kind)
        and value.get("kind", kind.__name__) == kind.__name__
    ]
    return read_fields(kinds[0], value) if kinds else dict(value)
