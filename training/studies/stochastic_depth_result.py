"""What is found of stochastic depth, and its picture."""

import dataclasses

from keras_resnet.studies.result import (
    FIGURE_COLOUR,
    OTHER_COLOUR,
    StudyResult,
    plain_axes,
)
from keras_resnet.training.studies.variant_training import TrainedVariant

RULES = {"linear": FIGURE_COLOUR, "constant": OTHER_COLOUR}
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
