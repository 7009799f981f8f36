"""`keras-resnet-study degradation`: plain against residual, deeper and deeper."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence

from absl import flags

from keras_resnet import studies
from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.compared_networks import COLOURS
from keras_resnet.studies.gradient_norms import GradientNormResult
from keras_resnet.studies.result import (
    FIGURE_COLOUR,
    OTHER_COLOUR,
    StudyResult,
    integer_axis,
    plain_axes,
)
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.numbers import integers
from keras_resnet.training.studies.training_flags import (
    define_training_flags,
    folder_of_study,
    save_study,
    study_by_flags,
)
from keras_resnet.training.studies.variant_training import (
    Budget,
    Network,
    TrainedVariant,
    Variant,
    recipe_and_data,
    train_variants,
)
from keras_resnet.weights.loading import read_model

DESCRIPTION = """Train plain and residual networks of growing depth (He et al. 2015).

  keras-resnet-study degradation --dataset=cifar10 --epochs=5 --depths=20,32
  keras-resnet-study degradation --dataset=cifar10 --recipe=he2015_cifar10

Draws training and test error by depth, and the gradient that reaches every
convolution. The same command again continues what was interrupted.
"""
DEPTHS = (20, 32, 44, 56)
# By kind, the name of the network of a depth.
NETWORKS = {"plain": "plain{}".format, "resnet": "resnet{}".format}
KIND_COLOURS = {"plain": OTHER_COLOUR, "resnet": FIGURE_COLOUR}
GRADIENT_IMAGES = 128
PERCENT = 100


@dataclasses.dataclass(frozen=True)
class DegradationResult(StudyResult):
    """Errors of plain and residual networks by depth.

    Attributes:
        recipe: Name of the recipe.
        depths: The depths.
        trained: By kind, such as `"plain"` and `"resnet"`, what the trainings
            measured, in the order of the depths.
        gradients: The gradients of all of them at every convolution, after
            the training; None where they were not measured.
    """

    recipe: str
    depths: tuple[int, ...]
    trained: dict[str, tuple[TrainedVariant, ...]]
    gradients: GradientNormResult | None = None

    name = "degradation"
    columns = (
        "kind",
        "depth (weighted layers)",
        "training error (%)",
        "test error (%)",
        "epochs",
        "time (s)",
    )
    size = (8.4, 3.8)

    def rows(self):
        """Return a row for every network."""
        return [
            (
                kind,
                depth,
                PERCENT * trained.train_error,
                PERCENT * trained.test_error,
                len(trained.history),
                trained.seconds,
            )
            for kind, row in self.trained.items()
            for depth, trained in zip(self.depths, row, strict=True)
        ]

    def document(self):
        """Return how they were trained."""
        return {"recipe": self.recipe}

    def draw(self, figure):
        """Draw the errors by depth and the training errors by epoch."""
        by_depth, by_epoch = figure.subplots(1, 2)
        for number, (kind, row) in enumerate(self.trained.items()):
            colour = KIND_COLOURS.get(kind, COLOURS[number % len(COLOURS)])
            for line, style, label in (
                ([x.test_error for x in row], "o-", f"{kind}, test"),
                ([x.train_error for x in row], "o--", f"{kind}, training"),
            ):
                errors = [PERCENT * error for error in line]
                by_depth.plot(
                    self.depths, errors, style, color=colour, ms=4, label=label
                )
            for i, trained in enumerate(row):
                errors = [PERCENT * (1 - e.train_accuracy) for e in trained.history]
                by_epoch.plot(
                    range(1, len(errors) + 1),
                    errors,
                    color=colour,
                    lw=0.8 + 0.7 * i,
                    label=f"{kind}-{self.depths[i]}",
                )
        by_depth.set_xticks(self.depths)
        plain_axes(by_depth, "depth (weighted layers)", "error (%)")
        integer_axis(by_epoch.xaxis)
        plain_axes(by_epoch, "epoch", "training error (%)")
        for axes in (by_depth, by_epoch):
            axes.legend(frameon=False, fontsize=7)


def study_degradation(
    recipe: str | Recipe,
    dataset: str | os.PathLike | ImageDataset | None,
    depths: Sequence[int],
    folder: str | os.PathLike,
    *,
    networks: Mapping[str, Callable[[int], Network]] | None = None,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> DegradationResult:
    """Train plain and residual networks of growing depth (He et al. 2015).

    Each gets a folder of its own in `folder`; the same call again continues
    what was interrupted.

    Args:
        recipe: Name of a recipe, or one.
        dataset: Name of a dataset, or one; `None` for the recipe's.
        depths: The depths.
        folder: Where to train.
        networks: By kind, a function that takes a depth and returns the
            network's name or a function that builds it, as
            `keras_resnet.training.train` takes it. Defaults to `"plain"` and
            `"resnet"`, this package's networks.
        budget: What they are trained with. Defaults to what the recipe says.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a name is unknown, nothing is to be trained, or a
            folder holds another training.
        TrainingInterrupted: If the process was told to stop.
        OSError: If a file cannot be read or written.
    """
    depths = tuple(sorted({check_positive_integer("depths", n) for n in depths}))
    networks = NETWORKS if networks is None else networks
    recipe, data = recipe_and_data(recipe, dataset)
    variants = [
        Variant(f"{kind}{depth}", network(depth))
        for kind, network in networks.items()
        for depth in depths
    ]
    trained = train_variants(variants, recipe, data, folder, budget, progress)
    by_kind = {
        kind: tuple(trained[i * len(depths) : (i + 1) * len(depths)])
        for i, kind in enumerate(networks)
    }
    gradients = _gradients(trained, data, progress)
    return DegradationResult(recipe.name, depths, by_kind, gradients)


def _gradients(trained, data, progress) -> GradientNormResult:
    models = {x.variant.label: read_model(x.model_path) for x in trained}
    shape = next(iter(models.values())).input_shape[1:]
    batches = evaluation_batches(data.test, shape, GRADIENT_IMAGES, GRADIENT_IMAGES)
    images, labels = next(iter(batches))
    return studies.gradient_norms(
        models, images.numpy(), labels.numpy(), progress=progress
    )


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_training_flags(values)
    flags.DEFINE_list(
        "depths",
        [str(depth) for depth in DEPTHS],
        "Depths to train, each as a plain and as a residual network.",
        flag_values=values,
    )


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    depths = integers("depths", values.depths)
    folder = folder_of_study(values, "degradation")
    result = study_by_flags(study_degradation, values, depths, folder)
    save_study(values, "degradation", folder, [result, result.gradients])
    for row in result.rows():
        print(f"{row[0]}-{row[1]}: training {row[2]:.2f} %, test {row[3]:.2f} % wrong")
