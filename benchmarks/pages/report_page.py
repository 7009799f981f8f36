"""A ledger as one page of HTML that needs nothing beside it."""

import collections
from collections.abc import Sequence

from keras_resnet import html_page
from keras_resnet.benchmarks.pages import record_tables, sorting
from keras_resnet.benchmarks.pages.pareto import pareto_picture
from keras_resnet.benchmarks.pictures.bars import Bar, bar_picture
from keras_resnet.benchmarks.pictures.svg import STYLE
from keras_resnet.benchmarks.records.configuration import distinct_labels, label, newest
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.export.printable import printable
from keras_resnet.tables import html_table
from keras_resnet.wording import counted

WIDE = """
body { max-width: 82rem; }
section > figure { margin: 1rem 0; }
.wide td { white-space: nowrap; }
"""
KINDS = {"measured": "bar"}


def build(
    records: Sequence[BenchmarkRecord], faults: Sequence[str] = (), title: str = ""
) -> str:
    """Build the page.

    Args:
        records: The records, in the order of the ledger; of several of one
            configuration the last is shown.
        faults: What could not be read, as sentences.
        title: The heading. Defaults to "Benchmarks".

    Returns:
        A whole HTML document.
    """
    shown = list(newest(records).values())
    dates = sorted(record.date for record in shown)
    sections = []
    for device, group in _by_device(shown).items():
        sections.append(html_page.Section(device, _device(group)))
    picture = pareto_picture(shown) if len(shown) > 1 else None
    if picture is not None:
        sections.append(html_page.Section("What a time buys", _figure(picture)))
    for heading, name in (
        ("Accuracy", "accuracy"),
        ("Further figures", "figures"),
    ):
        columns, rows = record_tables.without_empty_columns(
            record_tables.TABLES[name](shown)
        )
        if rows:
            sections.append(html_page.Section(heading, _table(columns, rows)))
    sections += [
        html_page.Section(f"Layers of {printable(label(record))}", _layers(record))
        for record in shown
        if record.layers
    ]
    sections.append(html_page.Section("How it was made", _commands(shown)))
    lead = html_page.figures(
        [
            ("Records", f"{len(records):,}"),
            ("Configurations", f"{len(shown):,}"),
            ("Devices", f"{len(_by_device(shown)):,}"),
            ("Measured", f"{sum(record.is_measured for record in shown):,}"),
        ]
    )
    lead += "".join(html_page.paragraph(printable(fault)) for fault in faults)
    return html_page.page(
        title or "Benchmarks",
        f"{dates[0][:10]} to {dates[-1][:10]}, click a heading to sort",
        lead,
        [*sections[:-1], _with_script(sections[-1])],
        STYLE + sorting.STYLE + WIDE,
    )


def _by_device(records) -> dict[str, list[BenchmarkRecord]]:
    groups = collections.defaultdict(list)
    for record in records:
        device = record.device
        number = f" {device.serial_hash}" if device.serial_hash else ""
        groups[printable(f"{device.name}{number} ({device.kind})")].append(record)
    return groups


def _device(records: Sequence[BenchmarkRecord]) -> str:
    columns, rows = record_tables.without_empty_columns(
        record_tables.latency_table(records), "device"
    )
    timed = [record for record in records if record.latency.central_ms]
    device = records[0].device
    facts = [counted(device.cores, "core")] if device.cores else []
    if device.memory_bytes:
        facts.append(f"{device.memory_bytes / 2**30:.1f} GiB of memory")
    systems = dict.fromkeys(r.operating_system for r in records if r.operating_system)
    versions = dict.fromkeys(
        f"{r.runtime} {r.runtime_version}" for r in records if r.runtime_version
    )
    facts += [*systems, *versions]
    content = html_page.paragraph(printable(", ".join(facts)), faint=True)
    if timed:
        bars = list(map(_bar, timed, distinct_labels(timed)))
        what = counted(len(bars), "configuration")
        content += _figure(
            bar_picture(bars, f"Median latency of {what}, with the 90th percentile.")
        )
        content += html_page.paragraph(
            "Bars: median, with a line to the 90th percentile or the edge; grey where "
            "the figure was modelled or predicted, not measured.",
            faint=True,
        )
    return content + _table(columns, rows)


def _bar(record: BenchmarkRecord, name: str) -> Bar:
    central = record.latency.central_ms
    basis = "" if record.is_measured else f", {record.basis}"
    return Bar(
        label=name,
        value=central,
        shown=f"{central:.3f} ms{basis}",
        whisker=record.latency.p90_ms,
        kind=KINDS.get(record.basis, "other"),
    )


def _layers(record: BenchmarkRecord) -> str:
    bars = [
        Bar(f"{layer.name}  {layer.operator}", layer.ms, f"{layer.ms or 0:.4f} ms")
        for layer in record.layers
    ]
    columns, rows = record_tables.without_empty_columns(
        record_tables.layer_table([record]), "model"
    )
    notes = "".join(
        html_page.paragraph(printable(note), faint=True) for note in record.notes
    )
    table = _table(columns, rows)
    drawn = bar_picture(bars, f"Time by layer of {record.model.name}.")
    return notes + _figure(drawn) + table


def _commands(records: Sequence[BenchmarkRecord]) -> str:
    lines = dict.fromkeys(record.command for record in records if record.command)
    notes = dict.fromkeys(note for record in records for note in record.notes)
    content = html_page.commands([printable(line) for line in lines]) if lines else ""
    return content + "".join(html_page.paragraph(printable(n)) for n in notes)


def _table(columns, rows) -> str:
    return html_page.scrolling(html_table(columns, rows))


def _figure(drawn: str) -> str:
    return f"<figure>{drawn}</figure>"


def _with_script(section: html_page.Section) -> html_page.Section:
    return html_page.Section(section.title, section.content + "\n" + sorting.SCRIPT)
