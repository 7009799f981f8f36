"""The tables that show records, whichever runner made them."""

from collections.abc import Callable, Sequence

from keras_resnet.benchmarks.host_table import kibibytes, mebibytes
from keras_resnet.benchmarks.records.configuration import (
    delegate_text,
    device_text,
    runtime_text,
    settings_text,
)
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.confidence import wilson_interval
from keras_resnet.export.printable import printable
from keras_resnet.tables import Column

PERCENT = 100
Table = tuple[tuple[Column, ...], list[tuple]]


def latency_table(records: Sequence[BenchmarkRecord]) -> Table:
    """Make a table of times, a row a record."""
    columns = (
        Column("model", align="left"),
        Column("device", align="left"),
        Column("runtime", align="left"),
        Column("delegate", align="left", missing=""),
        Column("delegated", "%", ".0f", missing="not told"),
        Column("threads", number_format="d", missing=""),
        Column("chosen", align="left", missing=""),
        Column("basis", align="left", missing="measured"),
        Column("p50", "ms", ",.3f"),
        Column("p90", "ms", ",.3f"),
        Column("p95", "ms", ",.3f"),
        Column("mean", "ms", ",.3f"),
        Column("deviation", "ms", ",.3f"),
        Column("first", "ms", ",.2f"),
        Column("initialise", "ms", ",.2f"),
        Column("peak memory", "MiB", ",.1f"),
        Column("energy", "mJ", ",.2f"),
        Column("size", "KiB", ",.1f"),
    )
    rows = [
        (
            printable(record.model.name),
            printable(device_text(record)),
            printable(record.runtime),
            _printable(delegate_text(record)),
            _percent(record.delegate_share),
            record.threads,
            _printable(settings_text(record)),
            None if record.is_measured else printable(record.basis),
            record.latency.p50_ms,
            record.latency.p90_ms,
            record.latency.p95_ms,
            record.latency.mean_ms,
            record.latency.standard_deviation_ms,
            record.first_inference_ms,
            record.initialisation_ms,
            mebibytes(record.peak_memory_bytes),
            record.energy_mj,
            kibibytes(record.model.size_bytes),
        )
        for record in records
    ]
    return columns, rows


def accuracy_table(records: Sequence[BenchmarkRecord]) -> Table:
    """Make a table of accuracies beside times, a row a record that has both."""
    columns = (
        Column("model", align="left"),
        Column("device", align="left", missing=""),
        Column("run by", align="left"),
        Column("accuracy", "%"),
        Column("95 % interval", "%", align="left"),
        Column("images", number_format=",d"),
        Column("p50", "ms", ",.3f"),
        Column("size", "KiB", ",.1f"),
    )
    rows = []
    scored = [record for record in records if record.accuracy is not None]
    for record, device in zip(scored, _told_apart(scored), strict=True):
        correct, count = record.accuracy.correct, record.accuracy.count
        low, high = (bound * PERCENT for bound in wilson_interval(correct, count))
        rows.append(
            (
                printable(record.model.name),
                device,
                printable(runtime_text(record)),
                correct / count * PERCENT,
                f"{low:.2f} to {high:.2f}",
                count,
                record.latency.central_ms,
                kibibytes(record.model.size_bytes),
            )
        )
    return columns, rows


def layer_table(records: Sequence[BenchmarkRecord]) -> Table:
    """Make a table of layers, the records one below the other."""
    columns = (
        Column("model", align="left"),
        Column("device", align="left", missing=""),
        Column("layer", align="left"),
        Column("operator", align="left"),
        Column("time", "ms", ",.4f"),
        Column("share", "%", ".1f"),
        Column("bound by", align="left", missing=""),
    )
    rows = []
    for record, device in zip(records, _told_apart(records), strict=True):
        layers = record.layers or ()
        total = sum(layer.ms or 0 for layer in layers)
        rows += [
            (
                printable(record.model.name),
                device,
                printable(layer.name),
                printable(layer.operator),
                layer.ms,
                None if not total or layer.ms is None else layer.ms / total * PERCENT,
                layer.bound,
            )
            for layer in layers
        ]
    return columns, rows


def figure_table(records: Sequence[BenchmarkRecord]) -> Table:
    """Make a table of the numbers that only some runners know."""
    columns = (
        Column("model", align="left"),
        Column("device", align="left"),
        Column("run by", align="left"),
        Column("figure", align="left"),
        Column("value", number_format=",.6g"),
    )
    rows = [
        (
            printable(record.model.name),
            printable(device_text(record)),
            printable(runtime_text(record)),
            printable(name).replace("_", " "),
            value,
        )
        for record in records
        for name, value in record.figures.items()
    ]
    return columns, rows


# Name, as it is typed in a document, to what makes the table.
TABLES: dict[str, Callable[[Sequence[BenchmarkRecord]], Table]] = {
    "latency": latency_table,
    "accuracy": accuracy_table,
    "layers": layer_table,
    "figures": figure_table,
}


def without_empty_columns(table: Table, *others: str) -> Table:
    """Leave out the columns that hold nothing in any row.

    Args:
        table: Columns and rows.
        *others: Titles of columns that are left out, too.
    """
    columns, rows = table
    kept = [
        place
        for place, column in enumerate(columns)
        if column.title not in others
        and (not rows or any(row[place] is not None for row in rows))
    ]
    return (
        tuple(columns[place] for place in kept),
        [tuple(row[place] for place in kept) for row in rows],
    )


def _told_apart(records: Sequence[BenchmarkRecord]) -> list[str | None]:
    """Name the records' devices; None for every one where there is but one."""
    names = list(map(device_text, records))
    if len(set(names)) < 2:
        return [None] * len(names)
    return list(map(printable, names))


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)


def _percent(share: float | None) -> float | None:
    return None if share is None else share * PERCENT
