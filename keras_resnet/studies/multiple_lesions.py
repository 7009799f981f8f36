"""Deleting several residual modules at once (Veit et al. 2016, section 4.2)."""

import dataclasses
from collections.abc import Callable, Iterable

import keras

from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.error_levels import PERCENT
from keras_resnet.studies.error_result import DrawnErrorResult
from keras_resnet.studies.evaluation_cache import EvaluationCache
from keras_resnet.studies.module_choices import ModuleChoices
from keras_resnet.studies.result import integer_axis
from keras_resnet.studies.spread import Spread, draw_spreads
from keras_resnet.studies.subjects import check_counts
from keras_resnet.studies.variants import make_evaluator, without
from keras_resnet.wording import counted


@dataclasses.dataclass(frozen=True)
class MultipleLesionResult(DrawnErrorResult):
    """The error of a network without several random modules.

    Attributes:
        spreads: For each number of modules, the errors of the draws.
        deleted: For each number of modules, which were deleted in each draw.
    """

    spreads: tuple[Spread, ...]
    deleted: tuple[tuple[tuple[int, ...], ...], ...]

    name = "multiple_lesions"
    x_label = "modules deleted (number)"
    columns = ("modules deleted", "draw", "error (%)", "which")

    def rows(self):
        """Return a row for every draw."""
        return [
            (spread.x, draw, PERCENT * error, " ".join(map(str, which)))
            for spread, drawn in zip(self.spreads, self.deleted, strict=True)
            for draw, (error, which) in enumerate(
                zip(spread.values, drawn, strict=True)
            )
        ]

    @property
    def medians(self):
        """Median share of wrong images, by the number of modules."""
        return {spread.x: spread.median for spread in self.spreads}

    @property
    def change(self) -> str:
        """What was done to the network, for the title."""
        draws = max(len(spread.values) for spread in self.spreads)
        return f"random modules deleted, up to {counted(draws, 'draw')} a number"

    def draw_errors(self, axes):
        """Draw the error against the number of modules, with its spread."""
        draw_spreads(axes, self.spreads, PERCENT)
        integer_axis(axes.xaxis)


def multiple_lesions(
    model: keras.Model,
    images,
    labels,
    counts: Iterable[int] | None = None,
    *,
    draws: int = 10,
    seed: int = 0,
    plain: bool = False,
    batch_size: int | None = None,
    cache: EvaluationCache | None = None,
    progress: Callable[[str], None] | None = None,
) -> MultipleLesionResult:
    """Delete several random modules at once and count the errors.

    Args:
        model: As `lesions` takes it.
        images: Likewise.
        labels: Likewise.
        counts: How many modules to delete. Defaults to every number from 1 to
            all that can be deleted; of every fractal block one column stays.
        draws: How often to draw modules for each number; where there are no
            more ways to choose, all are taken. Defaults to `10`.
        seed: Of the draws. Defaults to `0`.
        plain: As `lesions` takes it. Defaults to `False`.
        batch_size: Likewise.
        cache: Likewise.
        progress: Likewise.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: As `lesions` does, or if a number is out of range.
    """
    evaluator = make_evaluator(model, images, labels, plain, batch_size, cache)
    graph = evaluator.graph
    check_positive_integer("draws", draws)
    graph.check_indices(None)
    choices = ModuleChoices(graph)
    most = len(choices.ways) - 1
    counts = range(1, most + 1) if counts is None else counts
    counts = check_counts("counts", counts, most)
    drawn = tuple(choices.draw(count, draws, seed) for count in counts)
    variants = [without(graph.baseline, which) for group in drawn for which in group]
    found, errors = evaluator.compare(variants, progress)
    return MultipleLesionResult(
        **found,
        spreads=tuple(
            Spread(count, tuple(errors[without(graph.baseline, w)] for w in group))
            for count, group in zip(counts, drawn, strict=True)
        ),
        deleted=drawn,
        seed=seed,
    )
