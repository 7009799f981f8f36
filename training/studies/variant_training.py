"""Training several networks at an equal budget, each resumable."""

import dataclasses
import functools
import time
from collections.abc import Sequence
from pathlib import Path

import keras
from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.progress import INTERVAL_SECONDS, ProgressLine
from keras_resnet.studies.result import StudyResult
from keras_resnet.training import datasets
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import spread
from keras_resnet.training.fit import train
from keras_resnet.training.history import Epoch
from keras_resnet.training.networks import DTYPE_POLICIES
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.recipes.overrides import override
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.subject import typed_command

RECIPE = "cifar10_short"


@dataclasses.dataclass(frozen=True)
class Variant:
    """A network of a comparison.

    Attributes:
        label: What tables and the folder of its training call it.
        model: Name of the network.
        options: More arguments for `keras_resnet.create_model`.
    """

    label: str
    model: str
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class TrainedVariant:
    """A variant and what its training measured.

    Attributes:
        variant: The variant.
        model_path: The trained model.
        history: One entry an epoch.
    """

    variant: Variant
    model_path: Path
    history: tuple[Epoch, ...]

    @property
    def test_error(self) -> float:
        """Share of the test images that it gets wrong after the last epoch."""
        return 1 - self.history[-1].test_accuracy

    @property
    def train_error(self) -> float:
        """Share that it got wrong of the images of the last epoch, as trained."""
        return 1 - self.history[-1].train_accuracy

    @property
    def seconds(self) -> float:
        """Wall-clock time of all epochs."""
        return sum(epoch.seconds for epoch in self.history)


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
    text("output", None, "Folder to write to. Default: runs/study_<name>.")
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


def folder_of_study(values: flags.FlagValues, name: str) -> Path:
    """Return where a study writes."""
    return Path(values.output or f"runs/study_{name}")


def recipe_of(values: flags.FlagValues) -> Recipe:
    """Return the recipe that the flags name, with what they change in it.

    Raises:
        ValueError: If there is no such recipe, or no such field.
    """
    recipe = get_recipe(values.recipe)
    # As an attribute, `set` would be a method.
    changes = values["set"].value
    return override(recipe, changes) if changes else recipe


def load_dataset(values: flags.FlagValues) -> ImageDataset:
    """Load the dataset that the flags name, with the training images they want.

    Raises:
        ValueError: If there is no such dataset or recipe.
        OSError: If a file is missing.
    """
    data = datasets.load(values.dataset or recipe_of(values).dataset)
    count = values.train_images
    if count is None or check_positive_integer("--train_images", count) >= (
        data.train.size
    ):
        return data
    chosen = spread(data.train.size, count)
    return dataclasses.replace(data, train=data.train.subset(chosen))


def train_variants(
    variants: Sequence[Variant],
    values: flags.FlagValues,
    folder: Path,
    data: ImageDataset,
) -> list[TrainedVariant]:
    """Train variants one after the other, at the budget that the flags say.

    A training that was interrupted is continued, and one that is complete not
    repeated.

    Args:
        variants: What to train.
        values: The flags of `define_training_flags`.
        folder: Where each gets a folder of its own.
        data: What to train on.

    Raises:
        ValueError: If a name is unknown, or a folder holds another training.
        TrainingInterrupted: If the process was told to stop; it is a
            `KeyboardInterrupt`.
        OSError: If a file cannot be read or written.
    """
    trained, recipe = [], recipe_of(values)
    with ProgressLine() as progress:
        for position, variant in enumerate(variants, start=1):
            what = f"training {position} of {len(variants)}: {variant.label}"
            progress(what)
            result = train(
                recipe,
                data,
                variant.model,
                folder / variant.label,
                epochs=values.epochs,
                batch_size=values.batch_size,
                image_side=values.image_side,
                seed=values.seed,
                dtype_policy=values.dtype_policy,
                model_options=variant.options,
                callbacks=[_Told(progress, what)],
                verbose=False,
            )
            trained.append(TrainedVariant(variant, result.model_path, result.history))
    return trained


class _Told(keras.callbacks.Callback):
    """Says on a line which epoch and step a training is at.

    Args:
        progress: Takes what to say.
        what: What comes before it.
    """

    def __init__(self, progress, what):
        super().__init__()
        self._progress = progress
        self._what = what
        self._epoch = 0
        self._said_at = float("-inf")

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Say it, a few times a second at most."""
        if time.monotonic() - self._said_at < INTERVAL_SECONDS:
            return
        self._said_at = time.monotonic()
        self._progress(
            f"{self._what}, epoch {self._epoch + 1} of {self.params['epochs']}, "
            f"step {batch + 1:,} of {self.params['steps'] or '?'}"
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
