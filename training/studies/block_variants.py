"""`keras-resnet-study block_variants`: shortcuts and activations compared."""

import dataclasses
import os
from collections.abc import Callable, Sequence

from absl import flags

from keras_resnet.arguments import check_choice
from keras_resnet.studies.result import FIGURE_COLOUR, OTHER_COLOUR, StudyResult
from keras_resnet.tables import Column, text_table
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.block_variants_table import (
    SOURCE,
    TABLES,
    BlockVariant,
)
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
    name_of,
    recipe_and_data,
    train_variants,
)

DESCRIPTION = """Train the second paper's blocks at equal budget (He et al. 2016).

  keras-resnet-study block_variants --table=shortcuts --dataset=cifar10 --epochs=10
  keras-resnet-study block_variants --table=activations --model=resnet110 \\
      --recipe=he2015_cifar10_warmup

The first is short; the second trains as in the paper, for machines that can.
The published errors beside are the paper's, of ResNet-110 and its full budget.
The same command again continues what was interrupted.
"""
PERCENT = 100
# What a table is called that is none of the paper's.
OWN = "own"


@dataclasses.dataclass(frozen=True)
class BlockVariantResult(StudyResult):
    """The errors of the variants beside the published ones.

    Attributes:
        table: Key of `TABLES`, or `"own"`.
        model: Name of the network that was varied.
        recipe: Name of the recipe.
        variants: The rows of the table.
        trained: What their trainings measured, in the same order.
    """

    table: str
    model: str
    recipe: str
    variants: tuple[BlockVariant, ...]
    trained: tuple[TrainedVariant, ...]

    columns = (
        "variant",
        "test error (%)",
        "training error (%)",
        "epochs",
        "published error (%)",
        "published with",
    )
    size = (8.0, 3.8)

    @property
    def name(self):
        """What the files are called."""
        return f"block_variants_{self.table}"

    def rows(self):
        """Return a row for every variant."""
        return [
            (
                variant.label,
                PERCENT * trained.test_error,
                PERCENT * trained.train_error,
                len(trained.history),
                variant.published,
                "; ".join(
                    text
                    for text in (SOURCE * bool(variant.published_text), variant.note)
                    if text
                ),
            )
            for variant, trained in zip(self.variants, self.trained, strict=True)
        ]

    def document(self):
        """Return what was trained."""
        return {"model": self.model, "recipe": self.recipe, "published": SOURCE}

    def draw(self, figure):
        """Draw the measured errors beside the published ones."""
        labels = [variant.label.replace("_", " ") for variant in self.variants]
        errors = [PERCENT * trained.test_error for trained in self.trained]
        epochs = len(self.trained[0].history)
        panels = [
            (
                f"{self.model}, {epochs} epochs, measured",
                errors,
                [f"{error:.2f}" for error in errors],
                FIGURE_COLOUR,
            )
        ]
        texts = [variant.published_text for variant in self.variants]
        if any(texts):
            given = [variant.published or 0 for variant in self.variants]
            title = "ResNet-110, full budget, published"
            panels.append((title, given, texts, OTHER_COLOUR))
        every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, values, texts, colour) in zip(every, panels, strict=True):
            axes.barh(range(len(labels)), values, color=colour)
            axes.set_title(title, fontsize=9)
            axes.set_xlabel("test error (%)")
            axes.spines[["top", "right"]].set_visible(False)
            for place, (value, text) in enumerate(zip(values, texts, strict=True)):
                axes.text(value, place, f" {text}", va="center", fontsize=7)
            axes.margins(x=0.18)
        every[0].set_yticks(range(len(labels)), labels, fontsize=8)
        every[0].invert_yaxis()


def study_block_variants(
    recipe: str | Recipe,
    dataset: str | os.PathLike | ImageDataset | None,
    model: Network,
    folder: str | os.PathLike,
    *,
    table: str | Sequence[BlockVariant] = "shortcuts",
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> BlockVariantResult:
    """Train a network with one kind of block after another (He et al. 2016).

    Each gets a folder of its own in `folder`; the same call again continues
    what was interrupted.

    Args:
        recipe: Name of a recipe, or one.
        dataset: Name of a dataset, or one; `None` for the recipe's.
        model: Name of the network, or a function that builds it, as
            `keras_resnet.training.train` takes it. It is given the options of
            the variants.
        folder: Where to train.
        table: What to vary: `"shortcuts"` or `"activations"`, as in the paper,
            or variants of your own. Defaults to `"shortcuts"`.
        budget: What they are trained with. Defaults to what the recipe says.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Raises:
        TypeError: If the network has no such argument.
        ValueError: If a name is unknown, nothing is to be trained, or a
            folder holds another training.
        TrainingInterrupted: If the process was told to stop.
        OSError: If a file cannot be read or written.
    """
    if isinstance(table, str):
        name, rows = table, TABLES[check_choice("table", table, TABLES)]
    else:
        name, rows = OWN, tuple(table)
    recipe, data = recipe_and_data(recipe, dataset)
    variants = [Variant(row.label, model, row.options) for row in rows]
    trained = train_variants(variants, recipe, data, folder, budget, progress)
    return BlockVariantResult(name, name_of(model), recipe.name, rows, tuple(trained))


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_training_flags(values)
    for name, default, text in (
        ("model", "resnet20", "Network of basic blocks whose blocks are varied."),
        ("table", "shortcuts", f"What to vary: one of {', '.join(TABLES)}."),
    ):
        flags.DEFINE_string(name, default, text, flag_values=values)


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    check_choice("--table", values.table, TABLES)
    folder = folder_of_study(values, "block_variants", "table", "model")
    result = study_by_flags(
        study_block_variants, values, values.model, folder, table=values.table
    )
    save_study(values, "block_variants", folder, [result])
    columns = (
        Column("variant", align="left"),
        Column("test error", "%"),
        Column("published", "%"),
    )
    rows = [
        (row[0], row[1], variant.published_text)
        for row, variant in zip(result.rows(), result.variants, strict=True)
    ]
    print(text_table(columns, rows))
    print(f"Published: {SOURCE}, at its full budget.")
