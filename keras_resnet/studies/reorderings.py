"""Changing the order of residual modules (Veit et al. 2016, section 4.3)."""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.error_levels import PERCENT
from keras_resnet.studies.error_result import DrawnErrorResult
from keras_resnet.studies.evaluation_cache import EvaluationCache
from keras_resnet.studies.modules import Module
from keras_resnet.studies.result import FIGURE_COLOUR
from keras_resnet.studies.subjects import check_counts
from keras_resnet.studies.variants import make_evaluator

MOST_SWAPS = 10


@dataclasses.dataclass(frozen=True)
class Reordering:
    """One order of the modules.

    Attributes:
        swaps: How many pairs were swapped, one after the other.
        order: The module at each place.
        tau: Kendall's rank correlation with the order that was trained.
        error: Share of the images that the network gets wrong.
    """

    swaps: int
    order: tuple[int, ...]
    tau: float
    error: float


@dataclasses.dataclass(frozen=True)
class ReorderingResult(DrawnErrorResult):
    """The error of a network whose modules are in another order.

    Attributes:
        reorderings: The orders.
    """

    reorderings: tuple[Reordering, ...]

    name = "reorderings"
    change = "modules swapped"
    x_label = "Kendall's tau with the trained order (1: the same)"
    columns = ("swaps", "Kendall's tau", "error (%)", "order")

    def rows(self):
        """Return a row for every order."""
        return [
            (r.swaps, r.tau, PERCENT * r.error, " ".join(map(str, r.order)))
            for r in self.reorderings
        ]

    @property
    def medians(self):
        """Median share of wrong images, by the number of swaps."""
        return _medians((r.swaps, r.error) for r in self.reorderings)

    def draw_errors(self, axes):
        """Draw the error against Kendall's tau, from 1 downwards."""
        pairs = [(r.tau, PERCENT * r.error) for r in self.reorderings]
        axes.plot(
            *zip(*pairs, strict=True),
            "o",
            color=FIGURE_COLOUR,
            alpha=0.35,
            markersize=4,
            label="one order",
        )
        medians = _medians((round(tau, 9), error) for tau, error in pairs)
        axes.plot(
            *zip(*sorted(medians.items(), reverse=True), strict=True),
            color=FIGURE_COLOUR,
            label="median",
        )
        axes.invert_xaxis()


def _medians(pairs: Iterable[tuple[float, float]]) -> dict:
    """Return the median of the values of each key."""
    values = collections.defaultdict(list)
    for key, value in pairs:
        values[key].append(value)
    return {key: float(np.median(group)) for key, group in values.items()}


def kendall_tau(order: Sequence[int]) -> float:
    """Return Kendall's rank correlation of an order with the ascending one.

    `1 - 4 d / (n (n - 1))`, where d is the number of pairs that stand the
    other way round (Kendall 1938): 1 for the same order, -1 for the reverse.

    Args:
        order: The numbers 0 to n - 1, each once.

    Raises:
        ValueError: If it is something else, or of fewer than two numbers.
    """
    order = np.asarray(order)
    count = len(order)
    if count < 2 or not np.array_equal(np.sort(order), np.arange(count)):
        raise ValueError(
            "`order` must be the numbers from 0 to n - 1, each once, of n of at least "
            f"2. Received: order={tuple(order.tolist())}"
        )
    inverted = np.triu(order[:, None] > order[None, :], k=1).sum()
    return float(1 - 4 * inverted / (count * (count - 1)))


def reorderings(
    model: keras.Model,
    images,
    labels,
    swaps: Iterable[int] | None = None,
    *,
    draws: int = 10,
    seed: int = 0,
    plain: bool = False,
    batch_size: int | None = None,
    cache: EvaluationCache | None = None,
    progress: Callable[[str], None] | None = None,
) -> ReorderingResult:
    """Swap random pairs of modules of the same shapes and count the errors.

    A module that downsamples has none of the same shapes and stays, and so does
    a dense layer. Columns, and blocks below a shortcut over several, have no
    places to swap. Kendall's tau is over all modules.

    Args:
        model: As `keras_resnet.studies.lesions` takes it.
        images: Likewise.
        labels: Likewise.
        swaps: How many pairs to swap, one after the other. Defaults to every
            number from 1 to 10.
        draws: How often to draw pairs for each number. Defaults to `10`.
        seed: Of the draws. Defaults to `0`.
        plain: As `keras_resnet.studies.lesions` takes it. Defaults to `False`.
        batch_size: Likewise.
        cache: Likewise.
        progress: Likewise.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: As `keras_resnet.studies.lesions` does, if no two modules
            are of the same shapes, or a number is out of range.
    """
    evaluator = make_evaluator(model, images, labels, plain, batch_size, cache)
    graph = evaluator.graph
    check_positive_integer("draws", draws)
    pairs = _pairs(graph.modules)
    if not pairs:
        raise ValueError(
            "No two modules in a row of the network take and return maps of the same "
            "shapes, so that none can be swapped. "
            f"Received: model={model.name!r}"
        )
    # More swaps than modules shuffle no further.
    most = max(MOST_SWAPS, len(graph.modules))
    swaps = range(1, MOST_SWAPS + 1) if swaps is None else swaps
    swaps = check_counts("swaps", swaps, most)
    drawn = [
        (count, _swapped(graph.baseline, pairs, count, seed, draw))
        for count in swaps
        for draw in range(draws)
    ]
    found, errors = evaluator.compare([order for _, order in drawn], progress)
    return ReorderingResult(
        **found,
        reorderings=tuple(
            Reordering(count, order, kendall_tau(order), errors[order])
            for count, order in drawn
        ),
        seed=seed,
    )


def _pairs(modules: Sequence[Module]) -> list[tuple[int, int]]:
    return [
        (one.index, two.index)
        for one in modules
        for two in modules[one.index + 1 :]
        if one.fits(two)
    ]


def _swapped(order, pairs, count: int, seed: int, draw: int) -> tuple[int, ...]:
    order, random = list(order), np.random.default_rng([seed, count, draw])
    for chosen in random.integers(len(pairs), size=count):
        one, two = pairs[chosen]
        order[one], order[two] = order[two], order[one]
    return tuple(order)
