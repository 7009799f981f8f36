"""The columns and rows that show `HostResult`s."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from keras_resnet.benchmarks.results import HostResult
from keras_resnet.export.operators import operator_text
from keras_resnet.tables import Column

KIB = 2**10
MIB = 2**20

COLUMNS = (
    Column("file", align="left"),
    Column("input", align="left"),
    Column("size", "KiB", ",.1f"),
    Column("threads", number_format="d"),
    Column("p50", "ms", ".3f"),
    Column("p90", "ms", ".3f"),
    Column("initialise", "ms", ".2f"),
    Column("peak memory", "MiB", ",.1f"),
    Column("model's part", "MiB", ",.1f"),
)
OPERATOR_COLUMNS = (
    Column("file", align="left"),
    Column("operators", align="left"),
)


def host_rows(results: Iterable[HostResult]) -> list[tuple]:
    """Make the rows that stand below `COLUMNS`."""
    results = list(results)
    names = short_names([result.file for result in results])
    return [
        (
            names[result.file],
            " ".join(result.input_types).lower(),
            result.size_bytes / KIB,
            result.threads,
            result.latency.p50_ms,
            result.latency.p90_ms,
            result.initialisation_ms,
            mebibytes(result.peak_memory_bytes),
            mebibytes(result.model_memory_bytes),
        )
        for result in results
    ]


def operator_rows(results: Iterable[HostResult]) -> list[tuple[str, str]]:
    """Make the rows that stand below `OPERATOR_COLUMNS`, one a file."""
    results = list(results)
    names = short_names([result.file for result in results])
    texts = {
        names[result.file]: operator_text(result.operators) or "none"
        for result in results
    }
    return list(texts.items())


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Shorten paths to their last parts, as many as tell them apart."""
    unique = list(dict.fromkeys(paths))
    parts = {path: Path(path).parts for path in unique}
    longest = max((len(part) for part in parts.values()), default=1)
    for count in range(1, longest + 1):
        names = {path: os.sep.join(part[-count:]) for path, part in parts.items()}
        if len(set(names.values())) == len(unique):
            return names
    return {path: path for path in unique}


def mebibytes(value: int | None) -> float | None:
    """Convert bytes to MiB; what was not measured stays None."""
    return None if value is None else value / MIB
