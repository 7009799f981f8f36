"""What is found of the gradients of paths, and its picture."""

import dataclasses
import math

from keras_resnet.studies.path_lengths import MOST, draw_path_lengths, path_lengths
from keras_resnet.studies.result import (
    FIGURE_COLOUR,
    OTHER_COLOUR,
    StudyResult,
    integer_axis,
    logarithmic_axis,
    plain_axes,
)
from keras_resnet.wording import counted


@dataclasses.dataclass(frozen=True)
class PathGradientResult(StudyResult):
    """The gradient that the paths of each length carry.

    A path's gradient is that of an image's cross entropy at the input of the
    first module, brought back through the residual branches of the path's
    modules and the shortcuts of the others.

    Attributes:
        model: Name of the network.
        images: How many images it is the mean over.
        modules: Number of residual modules.
        lengths: The lengths that were drawn, in modules.
        draws: Paths of each length; all that there are where they are fewer.
        norms: Mean norm of the gradient of one path of each length.
        shares_of_sum: For every length from 0 on, the share of all its paths
            together in the whole gradient: the inner product of their summed
            gradient with the whole one, by that of the whole one with itself.
            Exact; the shares add up to 1, and some may be negative.
        seed: Of the draws.
    """

    model: str
    images: int
    modules: int
    lengths: tuple[int, ...]
    draws: tuple[int, ...]
    norms: tuple[float, ...]
    shares_of_sum: tuple[float, ...]
    seed: int

    name = "path_gradients"
    columns = (
        "length (modules)",
        "share of paths",
        "paths drawn",
        "gradient norm of a path",
        "number of paths times norm",
        "share of that",
        "share of the whole gradient",
    )
    size = (9.0, 3.3)

    @property
    def totals(self) -> tuple[float, ...]:
        """Number of paths of each length, times the norm of one."""
        return tuple(
            math.comb(self.modules, length) * norm
            for length, norm in zip(self.lengths, self.norms, strict=True)
        )

    @property
    def effective_lengths(self) -> tuple[int, int]:
        """The narrowest range of lengths with 95 % of the totals."""
        totals = self.totals
        ranges = (
            (self.lengths[last] - self.lengths[first], first, last)
            for first in range(len(totals))
            for last in range(first, len(totals))
            if sum(totals[first : last + 1]) >= MOST * sum(totals)
        )
        _, first, last = min(ranges)
        return self.lengths[first], self.lengths[last]

    @property
    def effective_share_of_paths(self) -> float | None:
        """The share of all paths that are of the effective lengths.

        None where lengths between those that were drawn were left out: the
        totals are not those of all paths of the range then.
        """
        if self.lengths[-1] - self.lengths[0] >= len(self.lengths):
            return None
        low, high = self.effective_lengths
        return sum(path_lengths(self.modules).shares[low : high + 1])

    @property
    def effective_share_of_gradient(self) -> float:
        """The share of the whole gradient that they carry, by `shares_of_sum`."""
        low, high = self.effective_lengths
        return sum(self.shares_of_sum[low : high + 1])

    def rows(self):
        """Return a row for every length that was drawn."""
        totals = self.totals
        shares = path_lengths(self.modules).shares
        return [
            (
                length,
                shares[length],
                draws,
                norm,
                total,
                total / sum(totals),
                self.shares_of_sum[length],
            )
            for length, draws, norm, total in zip(
                self.lengths, self.draws, self.norms, totals, strict=True
            )
        ]

    def document(self):
        """Return which paths are effective."""
        return {
            "model": self.model,
            "images": self.images,
            "modules": self.modules,
            "seed": self.seed,
            "effective lengths (modules)": self.effective_lengths,
            "share of paths that are effective": self.effective_share_of_paths,
            "share of the whole gradient through them": (
                self.effective_share_of_gradient
            ),
        }

    def draw(self, figure):
        """Draw the lengths, the norm of a path, and their product."""
        first, second, third = figure.subplots(1, 3)
        draw_path_lengths(first, path_lengths(self.modules))
        first.set_title("number of paths", fontsize=9)
        second.plot(self.lengths, self.norms, "o-", color=FIGURE_COLOUR, markersize=3)
        logarithmic_axis(second)
        plain_axes(second, "path length (modules)", "gradient norm (nats / value)")
        second.set_title("gradient of one path", fontsize=9)
        shares = [total / sum(self.totals) for total in self.totals]
        third.bar(self.lengths, shares, color=FIGURE_COLOUR, label="number times norm")
        third.plot(
            range(self.modules + 1),
            self.shares_of_sum,
            "o-",
            color=OTHER_COLOUR,
            markersize=3,
            linewidth=1,
            label="of the whole gradient",
        )
        plain_axes(third, "path length (modules)", "share of the gradient")
        third.legend(frameon=False, fontsize=7, loc="upper right")
        third.set_ylim(top=1.3 * max(*shares, *self.shares_of_sum))
        low, high = self.effective_lengths
        title = f"{low} to {high} modules: {100 * MOST:.0f} % of this"
        share = self.effective_share_of_paths
        if share is not None:
            title += f"\nby {100 * share:.3g} % of the paths"
        third.set_title(title, fontsize=9)
        for axes in (second, third):
            integer_axis(axes.xaxis)
        figure.suptitle(
            f"{self.model}: paths through {self.modules} modules, "
            f"{counted(self.images, 'image')}",
            fontsize=10,
        )
