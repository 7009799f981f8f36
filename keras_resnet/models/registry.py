"""All networks by name."""

import fnmatch
import re

from keras_resnet.arguments import check_choice
from keras_resnet.models import cifar, imagenet, mlperf_tiny
from keras_resnet.models.specification import Specification

TABLES = (
    mlperf_tiny.SPECIFICATIONS,
    cifar.SPECIFICATIONS,
    imagenet.SPECIFICATIONS,
)
WIDE_NAME = re.compile(r"wrn_(\d+)_(\d+)")


def _by_name(tables) -> dict[str, Specification]:
    specifications = {}
    for specification in (row for table in tables for row in table):
        if specification.name in specifications:
            raise ValueError(
                "Two networks may not have the same name. "
                f"Received: name={specification.name!r}"
            )
        specifications[specification.name] = specification
    return specifications


SPECIFICATIONS = _by_name(TABLES)


def specification(name: str) -> Specification:
    """Look a network up by name.

    Args:
        name: One of `list_models()`, or `"wrn_D_K"` for any wide network of
            depth D = 6n + 4 and widening factor K.

    Raises:
        ValueError: If there is none of that name.
    """
    if name in SPECIFICATIONS:
        return SPECIFICATIONS[name]
    wide = WIDE_NAME.fullmatch(name) if isinstance(name, str) else None
    if wide is not None:
        return cifar.wide(int(wide[1]), int(wide[2]))
    check_choice("name", name, SPECIFICATIONS, noun="model")
    return SPECIFICATIONS[name]


def list_models(pattern: str = "*") -> list[str]:
    """List the names that `create_model` takes.

    Args:
        pattern: Shell pattern, for example `"*50*"`. Defaults to `"*"`.
    """
    return [name for name in SPECIFICATIONS if fnmatch.fnmatch(name, pattern)]
