"""The picture of a recipe's learning rate over its steps."""

import os

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.schedules import PiecewiseConstant

COLOUR = "#0b6bcb"
POINTS = 2000


def rates_at(rate, steps) -> np.ndarray:
    """Return the learning rates at some steps.

    Args:
        rate: A schedule.
        steps: Steps, counted from 0, `(count,)`.

    Returns:
        float32 array `(count,)`.
    """
    return np.array([float(rate(step)) for step in steps], "float32")


def notable_steps(recipe: Recipe, steps_per_epoch: int) -> list[int]:
    """Return the steps at which a schedule can be read: first, last, turns.

    Args:
        recipe: The recipe.
        steps_per_epoch: Steps of an epoch.
    """
    total = recipe.epochs * steps_per_epoch
    epochs = [recipe.epochs * quarter / 4 for quarter in range(4)]
    epochs.append(recipe.warmup_epochs)
    if isinstance(recipe.schedule, PiecewiseConstant):
        epochs = [0, recipe.warmup_epochs, *recipe.schedule.boundaries]
    peak_at = getattr(recipe.schedule, "peak_at", 0)
    epochs.append(recipe.epochs * peak_at)
    steps = {round(epoch * steps_per_epoch) for epoch in epochs}
    return sorted(step for step in {*steps, total - 1} if 0 <= step < total)


def draw_schedule(
    path: str | os.PathLike, recipe: Recipe, steps_per_epoch: int
) -> None:
    """Draw the learning rate over the steps of a training.

    Args:
        path: Picture to write, `.png`.
        recipe: The recipe.
        steps_per_epoch: Steps of an epoch.

    Raises:
        ImportError: If matplotlib is not installed.
        OSError: If `path` cannot be written.
        ValueError: If the warm-up leaves the schedule no room.
    """
    figure_module = import_extra("matplotlib.figure", "training")
    total = recipe.epochs * steps_per_epoch
    notable = notable_steps(recipe, steps_per_epoch)
    # Both sides of every step at which the rate may jump.
    before = [step - 1 for step in notable if step]
    even = np.linspace(0, total - 1, min(POINTS, total)).round().astype(int)
    steps = np.unique(np.concatenate([even, notable, before]).astype(int))
    rates = rates_at(rate_of(recipe, steps_per_epoch), steps)
    # A figure of its own, without pyplot, leaves the user's backend alone.
    figure = figure_module.Figure(figsize=(8, 3.6), dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.plot(steps, rates, color=COLOUR)
    axes.set_xlim(0, total)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"step ({steps_per_epoch:,} an epoch)")
    axes.set_ylabel("learning rate")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color="#d8dde3", linewidth=0.6)
    axes.spines["right"].set_visible(False)
    epochs = axes.secondary_xaxis(
        "top",
        functions=(
            lambda step: step / steps_per_epoch,
            lambda epoch: epoch * steps_per_epoch,
        ),
    )
    epochs.set_xlabel("epoch")
    figure.suptitle(
        f"{recipe.name}: {type(recipe.schedule).__name__}, peak "
        f"{recipe.peak_learning_rate():g} at batch {recipe.batch_size:,}",
        fontsize=11,
    )
    with write_aside(path) as temporary:
        figure.savefig(temporary, format="png")
