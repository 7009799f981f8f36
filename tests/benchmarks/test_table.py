import html.parser

import pytest

from keras_resnet.benchmarks import table

COLUMNS = (
    table.Column("file", align="left"),
    table.Column("p50", "ms", ".2f"),
    table.Column("threads", number_format="d"),
)
ROWS = [("a.tflite", 1.234, 1), ("längere|日本.tflite", 1234.5, 12), ("c", None, 2)]


def test_text_table_as_a_whole():
    assert table.text_table(COLUMNS, ROWS).splitlines() == [
        "file                          p50  threads",
        "                               ms",
        "-------------------  ------------  -------",
        "a.tflite                     1.23        1",
        "längere|日本.tflite       1234.50       12",
        "c                    not measured        2",
    ]


def test_lines_without_units_are_left_out():
    lines = table.text_table((table.Column("n", number_format="d"),), [(1,)])
    assert lines.splitlines() == ["n", "-", "1"]


def test_markdown_table_escapes_bars_and_aligns_numbers():
    lines = table.markdown_table(COLUMNS, ROWS).splitlines()
    assert lines[0] == "| file | p50 (ms) | threads |"
    assert lines[1] == "| :--- | ---: | ---: |"
    assert lines[3] == "| längere\\|日本.tflite | 1234.50 | 12 |"
    assert lines[4] == "| c | not measured | 2 |"


def test_html_table_parses_back_to_the_same_cells():
    class Cells(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows = []
            self.inside = False

        def handle_starttag(self, tag, attributes):
            if tag == "tr":
                self.rows.append([])
            if tag in ("td", "th"):
                self.inside = True
                self.rows[-1].append("")

        def handle_endtag(self, tag):
            if tag in ("td", "th"):
                self.inside = False

        def handle_data(self, data):
            if self.inside:
                self.rows[-1][-1] += data

    cells = Cells()
    cells.feed(table.html_table(COLUMNS, [("<b>&\"'", 2.0, 3)], caption="<i>"))
    assert cells.rows == [
        ["file", "p50 ms", "threads"],
        ["<b>&\"'", "2.00", "3"],
    ]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="argument"):
        table.text_table(COLUMNS, [("a", 1.0)])


def test_unknown_alignment_is_refused():
    with pytest.raises(ValueError, match="Received: align='centre'"):
        table.Column("x", align="centre")


def test_display_width_of_combining_characters():
    assert table.display_width("e\u0301") == 1
