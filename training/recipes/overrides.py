"""Changing single fields of a recipe, as a user types them.

`override(recipe, ["learning_rate=0.2", "augmentation.flip=false"])`.
"""

import ast
import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence

from keras_resnet.arguments import check_choice
from keras_resnet.training.recipes.recipe import WORDS, Recipe
from keras_resnet.training.schedules import SCHEDULES

SWITCHES = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}
# What a recipe is called and said to be is not a user's to change.
FIXED = ("name", *WORDS)
# Short names that many type.
SHORT_NAMES = {"lr": "learning_rate", "wd": "weight_decay"}


def override(recipe: Recipe, assignments: Sequence[str]) -> Recipe:
    """Return a recipe with some of its fields changed.

    A value is read by the type of its field: `true` or `false`, a number,
    text, `none`, a tuple as Python writes it, or a schedule as Python makes
    it, for example `schedule=Cosine(final=0.01)`. A point goes into a field:
    `augmentation.flip=false`, `augmentation.rand_augment.magnitude=7`,
    `model_options.zero_last_gamma=true`. `lr` and `wd` are short for
    `learning_rate` and `weight_decay`. What is None is made with its
    defaults first, and `augmentation.erasing=default` does only that.

    Args:
        recipe: The recipe.
        assignments: Texts `name=value`; of two for one field the later holds.

    Raises:
        ValueError: If there is no such field, or the value cannot be read or
            is not allowed.
        TypeError: If the value is of a type that is not allowed.
    """
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise ValueError(
                "A field of the recipe is changed by name=value, for example "
                f"learning_rate=0.2. Received: set={assignment!r}"
            )
        recipe = _changed(recipe, path.strip().split("."), text.strip(), assignment)
    return recipe


def field_names(owner) -> list[str]:
    """Return the fields of a recipe, or a part of one, that can be changed."""
    names = [field.name for field in dataclasses.fields(owner)]
    return [name for name in names if name not in FIXED]


def _changed(owner, path: list[str], text: str, assignment: str):
    """Return `owner` with the field at `path` read from `text`."""
    name, *rest = path
    name = SHORT_NAMES.get(name, name)
    if not dataclasses.is_dataclass(owner):
        raise ValueError(
            f"There are no fields in what {name!r} is asked of. "
            f"Received: set={assignment!r}"
        )
    _check_name(owner, name, assignment)
    hint = typing.get_type_hints(type(owner))[name]
    if not rest:
        value = _read(hint, text, assignment)
    elif typing.get_origin(hint) is Mapping:
        if len(rest) > 1:
            raise ValueError(
                f"`{name}` takes one more name. Received: set={assignment!r}"
            )
        value = {**getattr(owner, name), rest[0]: _read_anything(text)}
    else:
        inner = getattr(owner, name)
        if inner is None:
            inner = _made_with_defaults(hint)
        value = _changed(inner, rest, text, assignment)
    return dataclasses.replace(owner, **{name: value})


def _check_name(owner, name: str, assignment: str) -> None:
    names = field_names(owner)
    if name in names:
        return
    # A name from further in is typed without the way to it.
    inside = [
        f"{outer}.{name}"
        for outer in names
        if dataclasses.is_dataclass(part := getattr(owner, outer))
        and name in field_names(part)
    ]
    if inside:
        raise ValueError(
            f"`{name}` is a field further in: type {inside[0]}=value. "
            f"Received: set={assignment!r}"
        )
    check_choice("set", name, names, noun=f"field of `{type(owner).__name__}`")


def _alternatives(hint) -> tuple:
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return typing.get_args(hint) if is_union else (hint,)


def _made_with_defaults(hint):
    for kind in _alternatives(hint):
        if dataclasses.is_dataclass(kind) and kind not in SCHEDULES:
            return kind()
    return None


def _read(hint, text: str, assignment: str):
    """Read a value of one of the types that a hint allows."""
    kinds = _alternatives(hint)
    if type(None) in kinds and text.lower() == "none":
        return None
    for kind in kinds:
        if kind in SCHEDULES:
            return _read_schedule(text, assignment)
        if dataclasses.is_dataclass(kind):
            if text.lower() == "default":
                return kind()
            raise ValueError(
                "This is changed field by field, name.field=value, or set to "
                f"'default' or 'none'. Received: set={assignment!r}"
            )
    # Any text is a text: what else it may be comes first.
    for kind in sorted(kinds, key=lambda kind: kind is str):
        try:
            return _read_as(kind, text)
        except (ValueError, SyntaxError):
            continue
    raise ValueError(
        f"The value must be {' or '.join(map(_described, kinds))}. "
        f"Received: set={assignment!r}"
    )


def _read_as(kind, text: str):
    if kind is bool:
        if text.lower() not in SWITCHES:
            raise ValueError(text)
        return SWITCHES[text.lower()]
    if kind in (int, float):
        return kind(text)
    if kind is str:
        return text
    outer = typing.get_origin(kind)
    if outer in (tuple, Mapping):
        value = ast.literal_eval(text)
        if not isinstance(value, (list, tuple) if outer is tuple else dict):
            raise ValueError(text)
        return _tuples(value) if outer is tuple else value
    raise ValueError(text)


def _tuples(value):
    if isinstance(value, (list, tuple)):
        return tuple(map(_tuples, value))
    return value


def _read_anything(text: str):
    """Read what has no declared type: a Python literal, true or false, or text."""
    if text.lower() in ("true", "false"):
        return SWITCHES[text.lower()]
    if text.lower() == "none":
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _read_schedule(text: str, assignment: str):
    """Read a schedule as Python makes it, without running anything."""
    kinds = {kind.__name__: kind for kind in SCHEDULES}
    message = (
        "A schedule is typed as Cosine() or PiecewiseConstant(boundaries=(30, 60), "
        f"factors=(1, 0.1, 0.01)). Received: set={assignment!r}"
    )
    try:
        call = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(message) from error
    name = call.func if isinstance(call, ast.Call) else call
    if not isinstance(name, ast.Name):
        raise ValueError(message)
    kind = kinds[check_choice("schedule", name.id, kinds)]
    arguments = {}
    if isinstance(call, ast.Call):
        if call.args:
            raise ValueError(message)
        allowed = [field.name for field in dataclasses.fields(kind)]
        for keyword in call.keywords:
            check_choice("set", keyword.arg, allowed, noun=f"field of `{name.id}`")
            try:
                arguments[keyword.arg] = ast.literal_eval(keyword.value)
            except ValueError as error:
                raise ValueError(message) from error
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING
    }
    if missing := sorted(required - set(arguments)):
        raise ValueError(
            f"A {name.id} needs {' and '.join(missing)}. Received: set={assignment!r}"
        )
    return kind(**arguments)


def _described(kind) -> str:
    outer = typing.get_origin(kind) or kind
    return {
        bool: "true or false",
        int: "an integer",
        float: "a number",
        tuple: "a tuple as (1, 2)",
        Mapping: "a dictionary as {'name': 1}",
        types.NoneType: "none",
    }.get(outer, getattr(outer, "__name__", str(outer)))
