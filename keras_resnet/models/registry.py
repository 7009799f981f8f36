"""All networks by name."""

import fnmatch

from keras_resnet.arguments import check_choice
from keras_resnet.models import cifar, imagenet, mlperf_tiny
from keras_resnet.models.specification import Specification

TABLES = (
    mlperf_tiny.SPECIFICATIONS,
    cifar.SPECIFICATIONS,
    imagenet.SPECIFICATIONS,
)


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

    Raises:
        ValueError: If there is none of that name.
    """
    check_choice("name", name, SPECIFICATIONS, noun="model")
    return SPECIFICATIONS[name]


def list_models(pattern: str = "*") -> list[str]:
    """List the names that `create_model` takes.

    Args:
        pattern: Shell pattern, for example `"*50*"`. Defaults to `"*"`.
    """
    return [name for name in SPECIFICATIONS if fnmatch.fnmatch(name, pattern)]
