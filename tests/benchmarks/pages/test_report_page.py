from html.parser import HTMLParser

import pytest

from keras_resnet.benchmarks.commands import report
from keras_resnet.benchmarks.pages import pareto, record_tables, report_page
from keras_resnet.benchmarks.records.ledger import append
from keras_resnet.benchmarks.records.schema import (
    Accuracy,
    Device,
    Latency,
    Layer,
    Model,
)

EVIL = "<script>alert('x')</script>\x1b"


class Page(HTMLParser):
    """Counts what a page holds and what it would load."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [
            value for name, value in attributes if name in ("src", "href") and value
        ]


@pytest.fixture
def records(make_record):
    return [
        make_record(1.0, accuracy=Accuracy(80, 100)),
        make_record(2.0, threads=2, accuracy=Accuracy(70, 100)),
        make_record(3.0, threads=4, accuracy=Accuracy(90, 100)),
        make_record(
            model=Model(EVIL),
            device=Device(EVIL, "npu"),
            runtime=EVIL,
            basis="modelled by Vela 4.2",
            latency=Latency(mean_ms=4.0),
            layers=(Layer(EVIL, "CONV_2D", 1.0),),
            figures={EVIL: 1.0},
            notes=(EVIL,),
            command=EVIL,
        ),
    ]


def test_the_page_holds_all_and_loads_nothing(records):
    text = report_page.build(records, ["Line 3 is passed over."])
    page = Page(text)
    assert page.loads == []
    assert page.tags.count("script") == 1
    assert "<script>alert" not in text
    assert "\x1b" not in text
    assert page.tags.count("table") == 2 + 3
    assert page.tags.count("svg") == 2 + 1 + 1
    for expected in ("Line 3 is passed over.", "modelled by Vela 4.2", "80.00"):
        assert expected in text


def test_the_front_is_what_no_other_beats(records):
    scored = records[:3]
    assert pareto.pareto_front(scored) == [scored[0], scored[2]]
    picture = pareto.pareto_picture(scored)
    assert picture.count('class="front"') == 2
    assert picture.count('class="other"') == 1


def test_without_accuracy_size_is_drawn(make_record):
    records = [make_record(model=Model("a", size_bytes=1024)), make_record()]
    assert "size (KiB)" in pareto.pareto_picture(records)
    assert pareto.pareto_picture([make_record(latency=Latency())]) is None


def test_what_is_not_measured_is_not_drawn_among_measurements(make_record):
    files = [Model(name, size_bytes=1024) for name in "abc"]
    predicted = make_record(model=files[2], basis="predicted")
    records = [*(make_record(model=file) for file in files[:2]), predicted]
    picture = pareto.pareto_picture(records)
    assert "latency of 2 configurations" in picture
    assert pareto.pareto_picture([predicted]) is None


@pytest.mark.parametrize("name", ["accuracy", "layers"])
def test_rows_of_several_devices_name_them(make_record, name):
    records = [
        make_record(
            device=Device(device, "phone"),
            accuracy=Accuracy(80, 100),
            layers=(Layer("stem", "CONV_2D", 1.0),),
        )
        for device in ("Pixel 6", "Pixel 8")
    ]

    def cells(some):
        table = record_tables.TABLES[name](some)
        columns, rows = record_tables.without_empty_columns(table)
        return [column.title for column in columns], rows

    titles, rows = cells(records)
    assert [row[titles.index("device")] for row in rows] == ["Pixel 6", "Pixel 8"]
    assert "device" not in cells(records[:1])[0]


def test_sections_of_layers_name_the_device(make_record):
    layers = (Layer("stem", "CONV_2D", 1.0),)
    devices = [Device(name, "phone") for name in ("Pixel 6", "Pixel 8")]
    text = report_page.build([make_record(device=d, layers=layers) for d in devices])
    for device in devices:
        assert f"Layers of model.tflite on {device.name}:" in text


def test_one_record_without_a_time(make_record):
    assert "<table>" in report_page.build([make_record(latency=Latency())])


def test_the_command(call_main, tmp_path, records, capsys):
    append(tmp_path / "bench.jsonl", records)
    with (tmp_path / "bench.jsonl").open("a") as stream:
        stream.write("{")
    output = tmp_path / "new" / "report.html"
    arguments = [tmp_path / "bench.jsonl", f"--output={output}", "--title=Mine"]
    assert call_main(report, report.run, *arguments) == 0
    text = output.read_text(encoding="utf-8")
    assert "<h1>Mine</h1>" in text
    assert "may have been cut short" in text
    assert "Warning: Line 5" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError):
        call_main(report, report.run, "absent", f"--output={output}")
