"""Tables from the same rows as aligned text, Markdown or HTML."""

import dataclasses
import html
import unicodedata
from collections.abc import Callable, Sequence

from keras_resnet.arguments import check_choice

NOT_MEASURED = "not measured"
GAP = "  "


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: What stands above it.
        unit: Unit of its numbers, on a line of its own below the title.
            Defaults to none.
        number_format: How numbers are printed, in the language of `format`.
            Defaults to two decimal places. Text is printed as it is.
        align: `"right"` for numbers, `"left"` for text.
        missing: What is printed for None. Defaults to `"not measured"`.
    """

    title: str
    unit: str = ""
    number_format: str = ".2f"
    align: str = "right"
    missing: str = NOT_MEASURED

    def __post_init__(self):
        """Refuse an unknown alignment."""
        check_choice("align", self.align, ("left", "right"))

    def cell(self, value) -> str:
        """Say a value; None reads as `missing`."""
        if value is None:
            return self.missing
        if isinstance(value, str):
            return value
        return format(value, self.number_format)


Rows = Sequence[Sequence[object]]


def text_table(columns: Sequence[Column], rows: Rows) -> str:
    """Lay out a table for a terminal, without trailing spaces."""
    lines = [[column.title for column in columns]]
    if any(column.unit for column in columns):
        lines.append([column.unit for column in columns])
    header_lines = len(lines)
    lines += _cells(columns, rows)
    widths = [max(map(display_width, cells)) for cells in zip(*lines, strict=True)]
    lines.insert(header_lines, ["-" * width for width in widths])
    return "\n".join(
        GAP.join(
            _pad(cell, width, column.align)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    )


def markdown_table(columns: Sequence[Column], rows: Rows) -> str:
    """Lay out a table in GitHub's Markdown."""

    def line(cells) -> str:
        escaped = (str(cell).replace("|", "\\|") for cell in cells)
        return "| " + " | ".join(escaped) + " |"

    rule = ["---:" if column.align == "right" else ":---" for column in columns]
    body = [line(cells) for cells in _cells(columns, rows)]
    return "\n".join([line(map(_heading, columns)), line(rule), *body])


def html_table(columns: Sequence[Column], rows: Rows, caption: str = "") -> str:
    """Lay out a table in HTML.

    Cells that are aligned to the right have the class `number`, and units in
    the head the class `unit`.
    """

    def line(tag: str, cells) -> str:
        # `cells` are HTML already.
        marked = (
            f'<{tag} class="number">' if column.align == "right" else f"<{tag}>"
            for column in columns
        )
        inside = "".join(
            f"{start}{cell}</{tag}>" for start, cell in zip(marked, cells, strict=True)
        )
        return f"<tr>{inside}</tr>"

    head = line("th", map(_html_heading, columns))
    body = "\n".join(
        line("td", map(html.escape, cells)) for cells in _cells(columns, rows)
    )
    title = f"<caption>{html.escape(caption)}</caption>\n" if caption else ""
    return (
        f"<table>\n{title}<thead>\n{head}\n</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


LAYOUTS: dict[str, Callable[[Sequence[Column], Rows], str]] = {
    "text": text_table,
    "markdown": markdown_table,
    "html": html_table,
}


def display_width(text: str) -> int:
    """Count the terminal's cells that a text takes up."""
    cells = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        wide = unicodedata.east_asian_width(character) in "WF"
        cells += 2 if wide else 1
    return cells


def _cells(columns: Sequence[Column], rows: Rows) -> list[list[str]]:
    return [
        [column.cell(value) for column, value in zip(columns, row, strict=True)]
        for row in rows
    ]


def _html_heading(column: Column) -> str:
    if not column.unit:
        return html.escape(column.title)
    unit = html.escape(column.unit)
    return f'{html.escape(column.title)} <span class="unit">{unit}</span>'


def _heading(column: Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _pad(cell: str, width: int, align: str) -> str:
    space = " " * (width - display_width(cell))
    return space + cell if align == "right" else cell + space
