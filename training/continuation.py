"""Whether, and from where, a training continues from a checkpoint."""

import dataclasses
import sys
from pathlib import Path

import keras
import numpy as np

from keras_resnet.training.checkpoints import Progress
from keras_resnet.training.noted_fields import read_fields
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.schedules import SCHEDULES
from keras_resnet.wording import counted

# Fields of a recipe that act on the learning rate and on nothing else.
RATE_FIELDS = frozenset({"epochs", "schedule", "warmup_epochs", "warmup_start"})
RATE_PREFIXES = tuple(f"recipe.{name}" for name in RATE_FIELDS)
TOLD = 3


def differences(
    before: dict,
    now: dict,
    prefix: str = "",
    words: tuple[str, str] = ("before", "now"),
) -> list[str]:
    """Name the values in which two identities differ.

    Args:
        before: One of them, of plain JSON values.
        now: The other.
        prefix: What stands before every name. Defaults to nothing.
        words: What they are called. Defaults to `("before", "now")`.

    Returns:
        One phrase each, such as `"recipe.epochs: 12 before, 20 now"`.
    """
    found = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{prefix}{key}.", words)
        elif old != new:
            found.append(f"{prefix}{key}: {old!r} {words[0]}, {new!r} {words[1]}")
    return found


def changes(progress: Progress, identity: dict, recipe: Recipe) -> list[str]:
    """Name what would make this another training than the one so far.

    More epochs do not, if the new recipe has the old one's learning rate at
    every step that was taken: then the training so far is the beginning of
    the longer one. That holds for a constant rate, for one that falls at
    fixed epochs if those stay where they are, and before the first fall; it
    does not hold for a cosine, which depends on the total from the start.

    Args:
        progress: How far the training came.
        identity: What decides the result of the run that is to continue.
        recipe: Its recipe.

    A field that a recipe did not have yet when the training began had what is
    its default now.

    Returns:
        One phrase each, or nothing.
    """
    noted = progress.identity
    noted = {**noted, "recipe": _completed(noted["recipe"], identity["recipe"], recipe)}
    found = differences(noted, identity)
    if found and _is_beginning(progress, noted, identity, recipe):
        return []
    return found


def _completed(noted: dict, described: dict, now) -> dict:
    """Return noted fields with the defaults of those that came later.

    Args:
        noted: The fields of a dataclass, as `description.plain` wrote them.
        described: Those of `now`, written in the same way.
        now: The dataclass as it is today.
    """
    completed = dict(noted)
    for field in dataclasses.fields(now):
        name, value = field.name, getattr(now, field.name)
        if name in described and name not in noted:
            default = _default_of(field)
            if default is not dataclasses.MISSING:
                completed[name] = list(default) if type(default) is tuple else default
        elif dataclasses.is_dataclass(value) and name in described:
            # Where there was none, all of it is another.
            older = noted[name]
            if older and older.get("kind") == described[name].get("kind"):
                completed[name] = _completed(older, described[name], value)
    return completed


def _default_of(field: dataclasses.Field):
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _is_beginning(
    progress: Progress, noted: dict, identity: dict, recipe: Recipe
) -> bool:
    if differences(_but_rate(noted), _but_rate(identity)):
        return False
    steps = progress.steps_per_epoch
    taken = progress.epochs * steps + progress.step
    if recipe.epochs * steps < taken:
        return False
    before = noted["recipe"]
    fields = {name: before[name] for name in RATE_FIELDS - {"schedule"}}
    older = dataclasses.replace(
        recipe, schedule=_schedule(before["schedule"]), **fields
    )
    every = np.arange(taken, dtype="float32")
    rates = [np.asarray(rate_of(r, steps)(every)) for r in (older, recipe)]
    return np.allclose(*rates, rtol=1e-6, atol=0)


def _but_rate(identity: dict) -> dict:
    recipe = identity["recipe"]
    kept = {name: value for name, value in recipe.items() if name not in RATE_FIELDS}
    return {**identity, "recipe": kept}


def _schedule(fields: dict):
    """Make a schedule from what `description.plain` wrote of it."""
    kinds = {kind.__name__: kind for kind in SCHEDULES}
    return read_fields(kinds[fields["kind"]], fields)


def check_continuation(
    progress: Progress,
    identity: dict,
    recipe: Recipe,
    folder: Path,
    resume: bool,
    allow_changes: bool,
    told: bool = True,
) -> None:
    """Accept a training that may continue from where it is.

    Args:
        progress: How far the training in `folder` came.
        identity: What decides the result of the run that is to continue.
        recipe: Its recipe.
        folder: The run's folder.
        resume: Whether it may continue at all.
        allow_changes: Whether it may as another one.
        told: Whether to say so then. Defaults to True.

    Raises:
        ValueError: If it may not.
    """
    if not resume:
        raise ValueError(
            f"'{folder}' already holds a training of "
            f"{counted(progress.epochs, 'epoch')}. Resume it, overwrite it, or choose "
            "another folder. Received: resume=False, overwrite=False"
        )
    found = changes(progress, identity, recipe)
    if found and not allow_changes:
        raise ValueError(_refusal(found, folder))
    if found and told:
        print(f"Continuing with changes: {'; '.join(found)}.", file=sys.stderr)


def _refusal(found: list[str], folder: Path) -> str:
    more = f" (and {len(found) - TOLD} more)" if len(found) > TOLD else ""
    why = ""
    if all(phrase.startswith(RATE_PREFIXES) for phrase in found):
        why = " With these the steps already taken had another learning rate."
    return (
        f"The checkpoint in '{folder}' belongs to another training: "
        f"{'; '.join(found[:TOLD])}{more}.{why} Repeat the arguments of that "
        "training, allow the changes, overwrite it, or choose another folder. "
        f"Received: output='{folder}', allow_changes=False, overwrite=False"
    )


def counted_in_steps(
    progress: Progress, steps_per_epoch: int, optimizer: keras.optimizers.Optimizer
) -> Progress:
    """Begin an epoch anew whose number of steps has changed.

    The place in the schedule is then that of the same epoch.

    Args:
        progress: How far the training came.
        steps_per_epoch: Steps that an epoch has now.
        optimizer: Counts the steps, and is told.

    Returns:
        The progress in those steps.
    """
    if progress.steps_per_epoch == steps_per_epoch:
        return progress
    is_trained = progress.means is not None
    optimizer.iterations.assign((progress.epochs + is_trained) * steps_per_epoch)
    return dataclasses.replace(
        progress,
        step=steps_per_epoch if is_trained else 0,
        steps_per_epoch=steps_per_epoch,
    )


def standing(progress: Progress | None, folder) -> str:
    """Say how much of a training is kept.

    Args:
        progress: How far it came, or None if there is no checkpoint.
        folder: The run's folder.
    """
    if progress is None:
        return "Nothing is kept: it had no checkpoint yet."
    parts = []
    if progress.epochs or not progress.step:
        parts.append(counted(progress.epochs, "epoch"))
    if progress.step:
        epoch = f"epoch {progress.epochs + 1}"
        parts.append(
            f"{progress.step:,} of {counted(progress.steps_per_epoch, 'step')} of "
            f"{epoch}"
        )
    return f"Kept in '{folder}': {' and '.join(parts)}."
