"""The flags of the studies that train networks."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.progress import ProgressLine
from keras_resnet.studies.result import StudyResult
from keras_resnet.training import datasets
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import spread
from keras_resnet.training.networks import DTYPE_POLICIES
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.recipes.overrides import override
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.subject import typed_command
from keras_resnet.training.studies.variant_training import Budget

RECIPE = "cifar10_short"


def define_training_flags(values: flags.FlagValues) -> None:
    """Define the flags of studies that train networks."""
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    text("recipe", RECIPE, "How to train, by name, as keras-resnet-train takes it.")
    flags.DEFINE_multi_string(
        "set",
        [],
        "Change a field of the recipe, as name=value; may be repeated.",
        flag_values=values,
    )
    text(
        "dtype_policy",
        "float32",
        f"Precision to train in: one of {', '.join(DTYPE_POLICIES)}.",
    )
    text("dataset", None, "What to train on. Default: the recipe's.")
    text(
        "output",
        None,
        "Folder to write to. Default: runs/study_<name>, with the table, the network "
        "and the recipe where a study takes them.",
    )
    number(
        "epochs",
        None,
        "Train so many epochs each. Default: the recipe's.",
        lower_bound=1,
    )
    number("batch_size", None, "Images a step. Default: the recipe's.", lower_bound=1)
    number(
        "image_side",
        None,
        "Height and width of the images. Default: the recipe's.",
        lower_bound=1,
    )
    number(
        "train_images",
        None,
        "Train on so many images, spread evenly over the split. Default: all.",
        lower_bound=1,
    )
    number("seed", 0, "Seed of the weights, the order and the augmentation.")


def folder_of_study(values: flags.FlagValues, name: str, *varied: str) -> Path:
    """Return where a study writes.

    Args:
        values: The flags.
        name: The study's.
        *varied: Names of the flags that say what is trained. Studies that
            differ in one write to different folders by default.
    """
    said = [values[flag].value for flag in (*varied, "recipe")]
    return Path(values.output or f"runs/study_{'_'.join([name, *said])}")


def budget_of(values: flags.FlagValues) -> Budget:
    """Return what the flags say of every network's training."""
    fields = [field.name for field in dataclasses.fields(Budget)]
    return Budget(**{field: values[field].value for field in fields})


def recipe_of(values: flags.FlagValues) -> Recipe:
    """Return the recipe that the flags name, with what they change in it.

    Raises:
        ValueError: If there is no such recipe, or no such field.
    """
    recipe = get_recipe(values.recipe)
    # As an attribute, `set` would be a method.
    changes = values["set"].value
    return override(recipe, changes) if changes else recipe


def load_dataset(values: flags.FlagValues, recipe: Recipe) -> ImageDataset:
    """Load the dataset that the flags name, with the training images they want.

    Args:
        values: The flags.
        recipe: Names the dataset where the flags do not.

    Raises:
        ValueError: If there is no such dataset.
        OSError: If a file is missing.
    """
    data = datasets.load(values.dataset or recipe.dataset)
    count = values.train_images
    if count is None or check_positive_integer("--train_images", count) >= (
        data.train.size
    ):
        return data
    chosen = spread(data.train.size, count)
    return dataclasses.replace(data, train=data.train.subset(chosen))


def study_by_flags(study: Callable, values: flags.FlagValues, *arguments, **options):
    """Call a study with the recipe, the data and the budget that the flags name.

    Args:
        study: Takes a recipe and a dataset first, and `budget` and `progress`.
        values: The flags.
        *arguments: What it takes after the dataset.
        **options: What else it takes by name.

    Returns:
        Its result.
    """
    recipe = recipe_of(values)
    with ProgressLine() as progress:
        return study(
            recipe,
            load_dataset(values, recipe),
            *arguments,
            budget=budget_of(values),
            progress=progress,
            **options,
        )


def save_study(
    values: flags.FlagValues,
    name: str,
    folder: Path,
    results: Sequence[StudyResult],
) -> None:
    """Write results down and say where.

    Args:
        values: The flags.
        name: The study's.
        folder: Where to write.
        results: What was found.

    Raises:
        OSError: If a file cannot be written.
    """
    command = typed_command(values, name)
    paths = [path for result in results for path in result.save(folder, command)]
    print(f"Written: {folder} ({', '.join(path.name for path in paths)})")
