"""The form of a network: what a training notes of it to have it built again."""

import dataclasses
import json
from collections.abc import Mapping

from keras_resnet.models.construction import NOT_OVERRIDDEN, resolve
from keras_resnet.models.network import NetworkSpecification
from keras_resnet.models.registry import SPECIFICATIONS
from keras_resnet.models.registry import specification as look_up
from keras_resnet.normalization import Normalization
from keras_resnet.training.noted_fields import read_fields, tuples_for_lists
from keras_resnet.weights import get_card, list_weights

# An argument that every training gives.
GIVEN = "include_preprocessing"
NORMALIZATION = "normalization"


def noted_form(specification: NetworkSpecification, arguments: Mapping) -> dict:
    """Return a network as plain JSON values.

    Args:
        specification: The network, as `resolve` returns it.
        arguments: The other arguments of `build_model`, likewise.

    Returns:
        The `architecture`, a row of the tables; the `fields` that the network
        has otherwise; the `normalization` of its pixels, in numbers; and the
        `arguments`.
    """
    row = _row_of(specification)
    fields = {
        name: getattr(specification, name)
        for name in _free_fields(specification) - {NORMALIZATION}
        if getattr(specification, name) != getattr(row, name)
    }
    form = {
        "architecture": row.name,
        "fields": dict(sorted(fields.items())),
        NORMALIZATION: dataclasses.asdict(specification.normalization),
        "arguments": {k: v for k, v in arguments.items() if k != GIVEN},
    }
    return json.loads(json.dumps(form))


def options_of(form: Mapping) -> dict:
    """Return what `resolve` makes a network of a noted form by.

    Args:
        form: As `noted_form` returned it.

    Returns:
        Arguments by name. They leave nothing to the name that is built.

    Raises:
        KeyError: If the form is not complete.
        ValueError: If there is no such architecture.
    """
    row = look_up(form["architecture"])
    fields = {name: getattr(row, name) for name in _free_fields(row)}
    return {
        **fields,
        **_tuples(form["fields"]),
        NORMALIZATION: read_fields(Normalization, form[NORMALIZATION]),
        **_tuples(form["arguments"]),
    }


def options_of_older(model: str, options: Mapping, weights: str | None) -> dict:
    """Return the same for a training that noted no form.

    Args:
        model: Name of the network.
        options: What it was built with.
        weights: Name of the weights that it began with. Those of a set decide
            the form.
    """
    options = _tuples(options)
    if weights not in list_weights():
        return options
    specification, _, arguments = resolve(model, weights=get_card(weights), **options)
    return options_of(noted_form(specification, arguments))


def _row_of(specification: NetworkSpecification) -> NetworkSpecification:
    """Find the row that a network is made from; weights may have chosen it."""
    own = look_up(specification.name)
    rows = (own, *SPECIFICATIONS.values())
    return next(row for row in rows if row.title == specification.title)


def _free_fields(specification: NetworkSpecification) -> set[str]:
    fields = {field.name for field in dataclasses.fields(specification)}
    return fields - NOT_OVERRIDDEN


def _tuples(options: Mapping) -> dict:
    return {name: tuples_for_lists(value) for name, value in options.items()}
