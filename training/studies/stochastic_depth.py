"""`keras-resnet-study stochastic_depth`: time and error by survival probability."""

import dataclasses

import numpy as np
from absl import flags

import keras_resnet
from keras_resnet.layers import linear_survival_probabilities
from keras_resnet.studies.result import (
    FIGURE_COLOUR,
    OTHER_COLOUR,
    StudyResult,
    plain_axes,
)
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.networks import network_of
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.variant_training import (
    TrainedVariant,
    Variant,
    define_training_flags,
    folder_of_study,
    load_dataset,
    recipe_of,
    save_study,
    train_variants,
)
from keras_resnet.weights.loading import read_model

DESCRIPTION = """Train with stochastic depth at several survival probabilities.

  keras-resnet-study stochastic_depth --dataset=cifar10 --epochs=5
  keras-resnet-study stochastic_depth --dataset=cifar10 --model=resnet110 \\
      --recipe=huang2016_cifar10

By the linear and the constant rule (Huang et al. 2016), scored with and without
re-calibration: branches scaled by their survival probability at test time. The
same command again continues what was interrupted.
"""
RULES = {"linear": FIGURE_COLOUR, "constant": OTHER_COLOUR}
PROBABILITIES = (0.2, 0.5, 0.8)
TEST_BATCH = 250
PERCENT = 100
PUBLISHED = {
    "source": "Huang et al. 2016, table 1, ResNet-110, 500 epochs",
    "constant depth, error (%)": 6.41,
    "linear rule to 0.5, error (%)": 5.25,
}


@dataclasses.dataclass(frozen=True)
class Depth:
    """A rule and a probability, and what a training with them came to.

    Attributes:
        rule: `"linear"` or `"constant"`.
        probability: Survival probability of the last block.
        expected_blocks: Blocks that survive a step on average.
        trained: What the training measured.
        errors: Share of test images that are wrong, with re-calibration and
            without.
    """

    rule: str
    probability: float
    expected_blocks: float
    trained: TrainedVariant
    errors: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class StochasticDepthResult(StudyResult):
    """Time and error by survival probability.

    Attributes:
        model: Name of the network.
        recipe: Name of the recipe.
        blocks: How many blocks it has.
        test_images: How many images the errors were counted on.
        depths: What was trained.
    """

    model: str
    recipe: str
    blocks: int
    test_images: int
    depths: tuple[Depth, ...]

    name = "stochastic_depth"
    columns = (
        "rule",
        "survival probability of the last block",
        "expected depth (blocks)",
        "test error, re-calibrated (%)",
        "test error, not re-calibrated (%)",
        "training error (%)",
        "epochs",
        "time (s)",
    )
    size = (8.8, 3.4)

    def rows(self):
        """Return a row for every training."""
        return [
            (
                depth.rule,
                depth.probability,
                depth.expected_blocks,
                PERCENT * depth.errors[0],
                PERCENT * depth.errors[1],
                PERCENT * depth.trained.train_error,
                len(depth.trained.history),
                depth.trained.seconds,
            )
            for depth in self.depths
        ]

    def document(self):
        """Return what was trained, and what was published."""
        return {
            "model": self.model,
            "recipe": self.recipe,
            "blocks": self.blocks,
            "test images": self.test_images,
            "published": PUBLISHED,
        }

    def draw(self, figure):
        """Draw the error and the time by probability."""
        error_axes, time_axes = figure.subplots(1, 2)
        for rule, colour in RULES.items():
            chosen = [x for x in self.depths if x.rule == rule]
            places = [x.probability for x in chosen]
            for i, style, label in (
                (0, "o-", f"{rule}, re-calibrated"),
                (1, "o:", f"{rule}, not re-calibrated"),
            ):
                errors = [PERCENT * x.errors[i] for x in chosen]
                error_axes.plot(places, errors, style, color=colour, ms=4, label=label)
            seconds = [x.trained.seconds for x in chosen]
            time_axes.plot(places, seconds, "o-", color=colour, ms=4, label=rule)
            for x in chosen:
                time_axes.annotate(
                    f"{x.expected_blocks:.1f} blocks",
                    (x.probability, x.trained.seconds),
                    xytext=(3, 4),
                    textcoords="offset points",
                    fontsize=6,
                )
        plain_axes(
            error_axes, "survival probability of the last block", "test error (%)"
        )
        plain_axes(
            time_axes, "survival probability of the last block", "training time (s)"
        )
        for axes in (error_axes, time_axes):
            axes.legend(frameon=False, fontsize=7)
        time_axes.set_ylim(bottom=0)


def expected_blocks(blocks: int, probability: float, rule: str) -> float:
    """Return how many blocks survive a step on average.

    Args:
        blocks: How many there are.
        probability: Survival probability of the last one.
        rule: `"linear"` or `"constant"`.
    """
    if rule == "constant":
        return blocks * probability
    return sum(linear_survival_probabilities(blocks, probability))


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_training_flags(values)
    flags.DEFINE_string("model", "resnet20", "Network to train.", flag_values=values)
    flags.DEFINE_list(
        "probabilities",
        [str(probability) for probability in PROBABILITIES],
        "Survival probabilities of the last block, below 1. Constant depth is trained "
        "besides.",
        flag_values=values,
    )


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    probabilities = _probabilities(values.probabilities)
    folder, data = folder_of_study(values, "stochastic_depth"), load_dataset(values)
    recipe = recipe_of(values)
    pairs = [(rule, p) for rule in RULES for p in probabilities]
    variants = [Variant("constant_depth", values.model, _options(1.0, "linear"))]
    variants += [
        Variant(f"{rule}_{p:g}", values.model, _options(p, rule)) for rule, p in pairs
    ]
    trained = train_variants(variants, values, folder, data)
    # Both rules end in the network that drops nothing.
    rows = [(rule, 1.0, trained[0]) for rule in RULES]
    rows += [(*pair, x) for pair, x in zip(pairs, trained[1:], strict=True)]
    blocks = sum(keras_resnet.models.specification(values.model).depths)
    depths = tuple(
        Depth(
            rule,
            p,
            expected_blocks(blocks, p, rule),
            x,
            (x.test_error, _uncalibrated_error(x, recipe, data)),
        )
        for rule, p, x in sorted(
            rows, key=lambda row: (list(RULES).index(row[0]), row[1])
        )
    )
    result = StochasticDepthResult(
        values.model, values.recipe, blocks, data.test.size, depths
    )
    save_study(values, "stochastic_depth", folder, [result])
    for row in result.rows():
        print(
            f"{row[0]} {row[1]:g}: {row[2]:.1f} blocks, {row[3]:.2f} % wrong "
            f"({row[4]:.2f} % not re-calibrated), {row[7]:.0f} s"
        )


def _options(probability, rule) -> dict:
    # A dropped block is left uncomputed where it is one layer of the model.
    return {
        "survival_probability": probability,
        "survival_rule": rule,
        "nested": True,
    }


def _probabilities(typed: list[str]) -> list[float]:
    try:
        found = sorted({float(probability) for probability in typed})
    except ValueError:
        found = []
    if not found or not all(0 < probability < 1 for probability in found):
        raise ValueError(
            "--probabilities must be numbers between 0 and 1 separated by commas. "
            f"Received: --probabilities={','.join(typed)}"
        )
    return found


def _uncalibrated_error(trained: TrainedVariant, recipe: Recipe, data: ImageDataset):
    """Count the errors of a network whose branches are not scaled at test time."""
    options = trained.variant.options
    if options["survival_probability"] == 1:
        return trained.test_error
    shape = read_model(trained.model_path).input_shape[1:]
    network = network_of(
        recipe,
        trained.variant.model,
        {**options, "survival_probability": 1.0},
    )
    unscaled = network.construct(
        input_shape=shape, classes=data.classes, classifier_activation="softmax"
    )
    keras_resnet.weights.load(unscaled, trained.model_path)
    wrong = 0
    for images, labels in evaluation_batches(data.test, shape, TEST_BATCH):
        found = unscaled(images, training=False).numpy().argmax(axis=1)
        wrong += int(np.count_nonzero(found != labels.numpy()))
    return wrong / data.test.size
