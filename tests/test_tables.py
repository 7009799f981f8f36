import html.parser

import pytest

from keras_resnet import tables

COLUMNS = (
    tables.Column("file", align="left"),
    tables.Column("p50", "ms", ".2f"),
    tables.Column("threads", number_format="d"),
)
ROWS = [("a.tflite", 1.234, 1), ("längere|日本.tflite", 1234.5, 12), ("c", None, 2)]


def test_text_table_as_a_whole():
    assert tables.text_table(COLUMNS, ROWS).splitlines() == [
        "file                          p50  threads",
        "                               ms",
        "-------------------  ------------  -------",
        "a.tflite                     1.23        1",
        "längere|日本.tflite       1234.50       12",
        "c                    not measured        2",
    ]


def test_lines_without_units_are_left_out():
    lines = tables.text_table((tables.Column("n", number_format="d"),), [(1,)])
    assert lines.splitlines() == ["n", "-", "1"]


def test_a_column_says_itself_what_is_missing():
    columns = (tables.Column("accuracy", missing="-"), tables.Column("time"))
    lines = tables.text_table(columns, [(None, None)])
    assert lines.splitlines()[-1].split() == ["-", "not", "measured"]


def test_markdown_table_escapes_bars_and_aligns_numbers():
    lines = tables.markdown_table(COLUMNS, ROWS).splitlines()
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
    cells.feed(tables.html_table(COLUMNS, [("<b>&\"'", 2.0, 3)], caption="<i>"))
    assert cells.rows == [
        ["file", "p50 ms", "threads"],
        ["<b>&\"'", "2.00", "3"],
    ]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="argument"):
        tables.text_table(COLUMNS, [("a", 1.0)])


def test_unknown_alignment_is_refused():
    with pytest.raises(ValueError, match="Received: align='centre'"):
        tables.Column("x", align="centre")


def test_display_width_of_combining_characters():
    assert tables.display_width("e\u0301") == 1
