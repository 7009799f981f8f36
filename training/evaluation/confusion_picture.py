"""The picture of which classes were taken for which."""

import os

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside
from keras_resnet.training.evaluation.result import EvaluationResult

# Classes up to which each cell has its number and each line its name.
NUMBERED, NAMED = 20, 60
RIGHT_COLOUR = "#0b6bcb"
# From none to all images of a class; rare confusions must stand out from white.
WRONG_COLOURS = ("#ffffff", "#f3b08c", "#c8553d", "#6b1020")
BAR_COLOUR = "#c8553d"
LISTED = 20
NAME_LENGTH = 26
# Names up to this length stand side by side.
SHORT = 3
DPI = 150
# Between two `$`, matplotlib would read a formula in a name.
AS_IT_IS = {"parse_math": False}


def draw_confusion_matrix(path: str | os.PathLike, result: EvaluationResult) -> None:
    """Draw the confusion matrix, and the most frequent confusions by name.

    Rows are the right classes, and a cell is a share of its row. The diagonal
    is blue, what is beside it red. Of many classes neighbours are drawn as
    one cell, as dark as the darkest of them, so that none is lost.

    Args:
        path: Picture to write, `.png`.
        result: What to draw.

    Raises:
        ImportError: If matplotlib is not installed.
        OSError: If `path` cannot be written.
    """
    figure_module = import_extra("matplotlib.figure", "training")
    matrix = result.confusion_matrix
    classes = len(matrix)
    # A figure of its own, without pyplot, leaves the user's backend alone.
    side = float(np.clip(2.5 + 0.34 * classes, 5.0, 9.5))
    figure = figure_module.Figure(
        figsize=(side + 4.6, max(side, 5.4)), dpi=DPI, layout="constrained"
    )
    grid = figure.add_gridspec(2, 2, width_ratios=(side, 4.2), height_ratios=(3, 1))
    _draw_matrix(figure.add_subplot(grid[:, 0]), matrix, result.class_names)
    _draw_confusions(figure.add_subplot(grid[0, 1]), result)
    _draw_accuracies(figure.add_subplot(grid[1, 1]), result)
    top1 = result.top1
    figure.suptitle(
        f"{result.network} on {_shortened(result.dataset, 40)}: "
        f"{100 * top1.value:.2f} % of {result.count:,} test images right",
        fontsize=11,
        **AS_IT_IS,
    )
    with write_aside(path) as temporary:
        figure.savefig(temporary, format="png")


def _draw_matrix(axes, matrix: np.ndarray, names) -> None:
    classes = len(matrix)
    counts = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(counts, 1)
    wrong = shares - np.diag(np.diag(shares))
    # Shares differ by orders of magnitude; their roots can be told apart.
    pooled = np.sqrt(_pooled(wrong))
    extent = (-0.5, classes - 0.5, classes - 0.5, -0.5)
    axes.imshow(
        pooled,
        cmap=_scale(*WRONG_COLOURS),
        vmin=0,
        vmax=1,
        extent=extent,
        interpolation="none",
    )
    _draw_diagonal(axes, np.diag(shares))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("right class")
    if classes <= NAMED:
        size = 9 if classes <= NUMBERED else 6
        labels = [_shortened(name) for name in names]
        turned = 90 if max(map(len, labels)) > SHORT else 0
        style = {"fontsize": size, **AS_IT_IS}
        axes.set_xticks(range(classes), labels, rotation=turned, **style)
        axes.set_yticks(range(classes), labels, **style)
        axes.tick_params(length=0)
    if classes <= NUMBERED:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            share = shares[row, column]
            dark = share > 0.4 if row == column else share > 0.3
            axes.text(
                column,
                row,
                f"{matrix[row, column]:,}",
                ha="center",
                va="center",
                fontsize=7 if matrix.max() < 1000 else 6,
                color="white" if dark else "black",
            )


def _draw_diagonal(axes, shares: np.ndarray) -> None:
    collections = import_extra("matplotlib.collections", "training")
    patches = import_extra("matplotlib.patches", "training")
    squares = [
        patches.Rectangle((place - 0.5, place - 0.5), 1, 1)
        for place in range(len(shares))
    ]
    axes.add_collection(
        collections.PatchCollection(
            squares,
            facecolors=_scale("#ffffff", RIGHT_COLOUR)(shares),
            edgecolors="none",
            zorder=2,
        )
    )


def _scale(*shades: str):
    colors = import_extra("matplotlib.colors", "training")
    return colors.LinearSegmentedColormap.from_list("shares", shades)


def _pooled(wrong: np.ndarray, cells: int = 250) -> np.ndarray:
    """Return the largest share of each of `cells` by `cells` parts at most."""
    classes = len(wrong)
    if classes <= cells:
        return wrong
    step = -(-classes // cells)
    size = -(-classes // step)
    padded = np.zeros((size * step, size * step))
    padded[:classes, :classes] = wrong
    return padded.reshape(size, step, size, step).max(axis=(1, 3))


def _draw_confusions(axes, result: EvaluationResult) -> None:
    confusions = result.confusions(LISTED)[::-1]
    axes.set_title("most frequent confusions", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if not confusions:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "none", ha="center", transform=axes.transAxes)
        return
    axes.barh(range(len(confusions)), [c.count for c in confusions], color=BAR_COLOUR)
    axes.set_yticks(
        range(len(confusions)),
        [f"{_shortened(c.right)} as {_shortened(c.predicted)}" for c in confusions],
        fontsize=7,
        **AS_IT_IS,
    )
    axes.set_ylim(len(confusions) - LISTED - 0.5, len(confusions) - 0.5)
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlabel("images", fontsize=8)


def _draw_accuracies(axes, result: EvaluationResult) -> None:
    values = [100 * score.accuracy.value for score in result.worst_first()]
    axes.hist(values, bins=np.arange(0, 102.5, 2.5), color=RIGHT_COLOUR)
    axes.set_xlim(0, 100)
    axes.set_title("accuracy of the classes", fontsize=9, loc="left")
    axes.set_xlabel("accuracy (%)", fontsize=8)
    axes.set_ylabel("classes", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def _shortened(name: str, length: int = NAME_LENGTH) -> str:
    return name if len(name) <= length else f"{name[: length - 3]}..."
