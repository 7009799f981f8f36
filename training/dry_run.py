"""What a training would be, without training: the resolved recipe in words."""

import dataclasses
import os
from collections.abc import Sequence

from keras_resnet.models.description import ModelDescription, describe
from keras_resnet.tables import Column, text_table
from keras_resnet.training.dataset_sizes import dataset_size
from keras_resnet.training.distribution import check_batch_size
from keras_resnet.training.image_counts import image_counts
from keras_resnet.training.memory_estimate import estimate_memory
from keras_resnet.training.networks import network_of
from keras_resnet.training.phases import Phase, phases_of
from keras_resnet.training.pipeline import steps_per_epoch
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.recipes import NOT_REPRODUCED, WORDS, Recipe
from keras_resnet.training.schedule_plot import notable_steps, rates_at
from keras_resnet.wording import counted

LABEL_WIDTH = 11
# Multiplications of the backward pass are twice those of the forward pass.
PASSES = 3
RATES = (
    Column("epoch", number_format=".4g"),
    Column("step", number_format=",d"),
    Column("learning rate", number_format=".6g"),
)


def dry_run(
    recipe: Recipe,
    *,
    dataset: str | None = None,
    model=None,
    weights=None,
    trainable: str = "all",
    dtype_policy: str = "float32",
    replicas: int | None = 1,
    unreadable: str = "skip",
    class_map: str | os.PathLike | None = None,
    measured: Sequence[tuple[str, str]] = (),
) -> str:
    """Say what a recipe would train, one fact a line.

    Args:
        recipe: The recipe.
        dataset: Name of a dataset. Defaults to the recipe's.
        model: Name of a network, or a function that builds one. Defaults to
            the recipe's.
        weights: Weights to begin with, as `train` takes them. Nothing is
            downloaded. Defaults to random ones.
        trainable: What to train, `"all"` or `"classifier"`. Defaults to
            `"all"`.
        dtype_policy: Name of the dtype policy. Defaults to `"float32"`.
        replicas: Devices that share a batch, None if that is not known.
            Defaults to 1.
        unreadable: What to do about image files that cannot be decoded, as
            `train` takes it. Defaults to `"skip"`.
        class_map: Labels of an image folder's classes. Defaults to the order
            of their names.
        measured: What was measured, to be shown beside what is calculated.
            Defaults to nothing.

    Raises:
        ValueError: If a name is unknown or the recipe does not fit the data or
            the devices.
    """
    dataset = dataset or recipe.dataset
    size = dataset_size(dataset, class_map, unreadable)
    check_batch_size(recipe.batch_size, replicas or 1)
    steps = steps_per_epoch(size.train, recipe.batch_size)
    total = steps * recipe.epochs
    left_over = size.train - steps * recipe.batch_size
    network = network_of(recipe, model, weights=weights, trainable=trainable)
    phases = phases_of(recipe)

    def described_at(side: int) -> ModelDescription:
        shape = (side, side, size.channels)
        return describe(network.logits(shape, size.classes, dtype_policy))

    by_side = {side: described_at(side) for side in {p.side for p in phases}}
    described = by_side[max(by_side)]
    images = steps * recipe.batch_size
    forward = sum(
        (phase.end - phase.begin) * images * by_side[phase.side].macs
        for phase in phases
    )
    facts = [
        *recipe_facts(
            # With what was asked for in place of what it has by itself.
            dataclasses.replace(recipe, dataset=str(dataset), model=network.name),
            network.name,
        ),
        (
            "data",
            f"{dataset}: "
            f"{image_counts(recipe, size.train, size.test, size.channels)}, "
            f"{counted(size.classes, 'class', 'classes')}",
        ),
        (
            "model",
            f"{network.name}: {described.parameters:,} parameters, "
            f"{described.trainable_parameters:,} of them trained, "
            f"{described.macs / 1e6:,.4g} million MACs an image",
        ),
        *([("weights", network.weights.name)] if network.weights else []),
        (
            "steps",
            f"{steps:,} an epoch, {total:,} in all; "
            f"{counted(left_over, 'image')} left over each epoch",
        ),
        *sides_facts(phases),
        *_needs(forward, described, recipe, trainable, dtype_policy, replicas),
        *measured,
    ]
    lines = [f"{label:<{LABEL_WIDTH}} {text}".rstrip() for label, text in facts]
    notable = notable_steps(recipe, steps)
    rates = rates_at(rate_of(recipe, steps), notable)
    rows = [
        (step / steps, step, float(rate))
        for step, rate in zip(notable, rates, strict=True)
    ]
    return "\n".join([*lines, "", text_table(RATES, rows)])


def _needs(forward, described, recipe, trainable, dtype_policy, replicas):
    # A classifier alone needs no backward pass through the network, and nothing
    # kept for one.
    if trainable == "classifier":
        return [("compute", f"about {forward:.1e} MACs, forward alone")]
    memory = estimate_memory(described, recipe, dtype_policy, replicas or 1)
    variables = f"{_mebibytes(memory.variables)} of variables and gradients"
    activations = f"{_mebibytes(memory.activations)} of activations in {dtype_policy}"
    needed = f"at least {_mebibytes(memory.total)} a device: {variables}, {activations}"
    if replicas is None:
        needed = f"at least {variables} a device; {activations} on all of them together"
    return [
        ("compute", f"about {PASSES * forward:.1e} MACs with the backward passes"),
        ("memory", needed),
    ]


def sides_facts(phases: Sequence[Phase]) -> list[tuple[str, str]]:
    """Return the sides of training images by epoch, where there are several."""
    if len(phases) == 1:
        return []
    parts = [
        f"{phase.side} in epochs {phase.begin + 1} to {phase.end}"
        if phase.end > phase.begin + 1
        else f"{phase.side} in epoch {phase.end}"
        for phase in phases
    ]
    return [("sides", ", ".join(parts))]


def recipe_facts(recipe: Recipe, model: str) -> list[tuple[str, str]]:
    """Return a recipe as pairs of a label and a text.

    Args:
        recipe: The recipe.
        model: Name of the network, whose figures are told.
    """
    facts = [("recipe", recipe.name), ("source", recipe.source)]
    if recipe.deviations:
        facts.append(("deviations", recipe.deviations))
    published = [str(figure) for figure in recipe.published_for(model)]
    facts += [("published", text) for text in published or ["nothing for this model"]]
    reproduced = [str(figure) for figure in recipe.reproduced_for(model)]
    facts += [("reproduced", text) for text in reproduced or [NOT_REPRODUCED]]
    facts.append(("cost", recipe.cost))
    names = [field.name for field in dataclasses.fields(recipe)]
    for name in names:
        if name in ("name", *WORDS):
            continue
        facts += [("", f"{path} = {value!r}") for path, value in _flat(recipe, name)]
    return facts


def _flat(owner, name: str, prefix: str = "") -> list[tuple[str, object]]:
    """Return a field, or the fields of one, by the names that change them."""
    value, path = getattr(owner, name), f"{prefix}{name}"
    # A schedule is changed as a whole.
    if not dataclasses.is_dataclass(value) or name == "schedule":
        return [(path, value)]
    return [
        pair
        for field in dataclasses.fields(value)
        for pair in _flat(value, field.name, f"{path}.")
    ]


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"
