"""What a study found: a table, a picture and a document, in a folder."""

import abc
import csv
import io
import json
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path

from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside, write_text
from keras_resnet.versions import software_versions

FIGURE_COLOUR, OTHER_COLOUR, GRID_COLOUR = "#0b6bcb", "#c8553d", "#d8dde3"
DPI = 100
# Of the command below a picture, in letters of 6 points.
CAPTION_LETTERS_AN_INCH = 18


class StudyResult(abc.ABC):
    """Base of what the studies return.

    Attributes:
        name: What the files are called.
        columns: Headings of the table, units in brackets.
        size: Width and height of the picture, in inches.
    """

    name: str
    columns: tuple[str, ...]
    size: tuple[float, float] = (7.0, 4.0)

    @abc.abstractmethod
    def rows(self) -> Sequence[Sequence]:
        """Return the rows of the table."""

    @abc.abstractmethod
    def document(self) -> dict:
        """Return what else was found, for JSON."""

    @abc.abstractmethod
    def draw(self, figure) -> None:
        """Draw the picture.

        Args:
            figure: A `matplotlib.figure.Figure`.
        """

    def save(self, folder: str | os.PathLike, command: str = "") -> list[Path]:
        """Write the table, the picture and the document.

        Args:
            folder: Where `<name>.csv`, `<name>.png` and `<name>.json` go.
            command: What was typed for it; it is noted down in the picture
                and the document. Defaults to `""`.

        Returns:
            The paths of the files.

        Raises:
            ImportError: If matplotlib is not installed.
            OSError: If a file cannot be written.
        """
        folder = Path(folder)
        paths = [folder / f"{self.name}.{kind}" for kind in ("csv", "png", "json")]
        document = {
            "study": self.name,
            "command": command,
            **self.document(),
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows()],
            "software": software_versions("keras", "numpy"),
        }
        write_text(paths[0], self._table())
        self._picture(paths[1], command)
        write_text(paths[2], json.dumps(document, indent=2) + "\n")
        return paths

    def _table(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows())
        return text.getvalue()

    def _picture(self, path: Path, command: str) -> None:
        figure_module = import_extra("matplotlib.figure", "training")
        # A figure of its own, without pyplot, leaves the user's backend alone.
        figure = figure_module.Figure(figsize=self.size, dpi=DPI, layout="constrained")
        self.draw(figure)
        if command:
            width = int(CAPTION_LETTERS_AN_INCH * self.size[0])
            lines = textwrap.wrap(command, width, break_on_hyphens=False)
            figure.supxlabel("\n".join(lines), fontsize=6, color="#5b6670")
        with write_aside(path) as temporary:
            figure.savefig(temporary, format="png", pil_kwargs={"optimize": True})


def plain_axes(axes, x_label: str, y_label: str) -> None:
    """Label axes, and draw them as all pictures have them."""
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color=GRID_COLOUR, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def integer_axis(axis) -> None:
    """Let an axis have ticks at integers alone."""
    ticker = import_extra("matplotlib.ticker", "training")
    axis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))


def legend_above(axes) -> None:
    """Put a legend in one row above the axes, where it hides nothing."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, fontsize=8
    )


def logarithmic_axis(axes) -> None:
    """Make the vertical axis logarithmic, with few ticks that have a number."""
    ticker = import_extra("matplotlib.ticker", "training")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
