"""The picture of a training: loss and accuracy by epoch."""

import os

from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside
from keras_resnet.training.history import Epoch, best_epoch

TRAIN_COLOUR, TEST_COLOUR = "#7a8794", "#0b6bcb"
# Losses that differ by more than this are drawn on a logarithmic axis. On a
# shorter one hardly any tick would have a number.
LOGARITHMIC_FROM = 10


def draw_learning_curve(
    path: str | os.PathLike, history: list[Epoch], title: str
) -> None:
    """Draw the loss and the accuracy of training and test images.

    The epoch with the best test accuracy is marked.

    Args:
        path: Picture to write, `.png`.
        history: At least one epoch.
        title: What was trained.

    Raises:
        ImportError: If matplotlib is not installed.
        OSError: If `path` cannot be written.
        ValueError: If `history` is empty.
    """
    if not history:
        raise ValueError(f"`history` must not be empty. Received: history={history!r}")
    figure_module = import_extra("matplotlib.figure", "training")
    ticker = import_extra("matplotlib.ticker", "training")
    # A figure of its own, without pyplot, leaves the user's backend alone.
    figure = figure_module.Figure(figsize=(9, 3.6), dpi=150, layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    marker = "o" if len(history) <= 30 else None
    for axes, measure in ((loss_axes, "loss"), (accuracy_axes, "accuracy")):
        scale = 100 if measure == "accuracy" else 1
        for split, colour in (("train", TRAIN_COLOUR), ("test", TEST_COLOUR)):
            values = [scale * getattr(row, f"{split}_{measure}") for row in history]
            axes.plot(
                epochs, values, color=colour, label=split, marker=marker, markersize=3
            )
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(color="#d8dde3", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    losses = [v for row in history for v in (row.train_loss, row.test_loss)]
    if min(losses) > 0 and max(losses) > LOGARITHMIC_FROM * min(losses):
        loss_axes.set_yscale("log")
        loss_axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        loss_axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        loss_axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    loss_axes.set_ylabel("cross entropy (nats)")
    accuracy_axes.set_ylabel("accuracy (%)")
    last, best = history[-1], best_epoch(history)
    accuracy_axes.plot(
        [best.epoch],
        [100 * best.test_accuracy],
        color=TEST_COLOUR,
        marker="o",
        markersize=9,
        markerfacecolor="none",
    )
    reached = f"test {100 * last.test_accuracy:.2f} % after epoch {last.epoch}"
    if best is not last:
        reached += f", {100 * best.test_accuracy:.2f} % after epoch {best.epoch}"
    accuracy_axes.set_title(reached, fontsize=9, color=TEST_COLOUR)
    loss_axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9
    )
    # Between two `$`, matplotlib would read a formula in a folder's name.
    figure.suptitle(title, fontsize=11, parse_math=False)
    with write_aside(path) as temporary:
        figure.savefig(temporary, format="png")
