"""Training several networks at an equal budget, each resumable."""

import dataclasses
import inspect
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from keras_resnet.arguments import check_choice
from keras_resnet.progress import INTERVAL_SECONDS
from keras_resnet.training import datasets
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.fit import train
from keras_resnet.training.history import Epoch
from keras_resnet.training.networks import DTYPE_POLICIES, network_of
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.recipes.recipe import Recipe

# As `train` takes it: a name, or a function that builds a network.
Network = str | Callable[..., keras.Model]
# What such a function is called with.
BUILT_WITH = ("input_shape", "classes", "classifier_activation")


@dataclasses.dataclass(frozen=True)
class Variant:
    """A network of a comparison.

    Attributes:
        label: What tables and the folder of its training call it.
        model: Name of the network, or a function that builds one, as
            `keras_resnet.training.train` takes it.
        options: More arguments for it.
    """

    label: str
    model: Network
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Budget:
    """What every network of a comparison is trained with.

    Attributes:
        epochs: How many epochs; None for the recipe's.
        batch_size: Images a step; None for the recipe's.
        image_side: Height and width of the images; None for the recipe's.
        seed: Of the weights, the order and the augmentation.
        dtype_policy: Precision to train in.
    """

    epochs: int | None = None
    batch_size: int | None = None
    image_side: int | None = None
    seed: int = 0
    dtype_policy: str = "float32"


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


def recipe_and_data(
    recipe: str | Recipe, dataset: str | os.PathLike | ImageDataset | None
) -> tuple[Recipe, ImageDataset]:
    """Return a recipe and a dataset by what `train` takes for them.

    Raises:
        ValueError: If there is no such recipe or dataset.
        OSError: If a file is missing.
    """
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    if isinstance(dataset, ImageDataset):
        return recipe, dataset
    return recipe, datasets.load(recipe.dataset if dataset is None else dataset)


def name_of(model: Network) -> str:
    """Return what to call a network."""
    return (
        model
        if isinstance(model, str)
        else getattr(model, "__name__", type(model).__name__)
    )


def check_variants(variants: Sequence[Variant], recipe: Recipe) -> None:
    """Refuse what could not be trained, before anything is.

    Raises:
        ValueError: If there is nothing to train, two variants have the same
            label, or a name or an option is unknown.
        TypeError: If an argument of a network is.
    """
    labels = [variant.label for variant in variants]
    if not labels or len({*labels}) < len(labels):
        raise ValueError(
            "A comparison takes at least one network, and different ones. "
            f"Received: {', '.join(labels) or 'none'}"
        )
    for variant in variants:
        network = network_of(recipe, variant.model, variant.options)
        if not isinstance(variant.model, str):
            arguments = {**dict.fromkeys(BUILT_WITH), **network.options}
            try:
                inspect.signature(variant.model).bind(**arguments)
            except TypeError as error:
                raise TypeError(
                    f"The function that builds {variant.label!r} must take "
                    f"{', '.join(arguments)}. Received: {error}"
                ) from error


def train_variants(
    variants: Sequence[Variant],
    recipe: Recipe,
    data: ImageDataset,
    folder: str | os.PathLike,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[TrainedVariant]:
    """Train variants one after the other, at the same budget.

    All are checked before the first is trained. A training that was
    interrupted is continued, and one that is complete not repeated.

    Args:
        variants: What to train.
        recipe: How to train.
        data: What to train on.
        folder: Where each gets a folder of its own.
        budget: What they are trained with. Defaults to what the recipe says.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Raises:
        ValueError: If a name is unknown, or a folder holds another training.
        TypeError: If an argument of a network is unknown.
        TrainingInterrupted: If the process was told to stop; it is a
            `KeyboardInterrupt`.
        OSError: If a file cannot be read or written.
    """
    budget = budget or Budget()
    check_choice("dtype_policy", budget.dtype_policy, DTYPE_POLICIES)
    recipe.adapted(budget.epochs, budget.batch_size, budget.image_side)
    check_variants(variants, recipe)
    trained = []
    for position, variant in enumerate(variants, start=1):
        what = f"training {position} of {len(variants)}: {variant.label}"
        callbacks = []
        if progress is not None:
            progress(what)
            callbacks = [_Told(progress, what)]
        result = train(
            recipe,
            data,
            variant.model,
            Path(folder) / variant.label,
            **dataclasses.asdict(budget),
            model_options=variant.options,
            callbacks=callbacks,
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
