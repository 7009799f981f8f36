"""What was measured, and how it is written down."""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping

from keras_resnet.benchmarks.machine import Machine, now
from keras_resnet.files import write_text
from keras_resnet.tables import NOT_MEASURED

SCHEMA = "keras_resnet.benchmarks"
SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Latency:
    """Times of single calls, in milliseconds.

    Attributes:
        p50_ms: Median.
        p90_ms: 90th percentile.
        mean_ms: Mean.
        minimum_ms: Shortest.
        maximum_ms: Longest.
        runs: Number of calls.
    """

    p50_ms: float
    p90_ms: float
    mean_ms: float
    minimum_ms: float
    maximum_ms: float
    runs: int


@dataclasses.dataclass(frozen=True)
class HostResult:
    """One LiteRT file on this machine's processor with one number of threads.

    Attributes:
        file: Path of the file, as it was given.
        size_bytes: Size of the file.
        operators: Operator name to how often it occurs, most frequent first.
        input_types: Element type of every input, such as `"UINT8"`.
        threads: Threads given to the interpreter.
        xnnpack: Whether LiteRT's default XNNPACK kernels were used.
        rounds: Processes that measured; each contributes its share of runs.
        initialisation_ms: From opening the file to allocated tensors, median
            of the rounds.
        first_inference_ms: The first inference, median of the rounds.
        latency: Inferences after the warm-up, all rounds together.
        peak_memory_bytes: Highest resident memory of a process that did
            nothing else, Python and LiteRT themselves included; None where
            the system does not tell.
        model_memory_bytes: What of it came after LiteRT was loaded, and so
            belongs to the file; None where the system does not tell.
    """

    file: str
    size_bytes: int
    operators: Mapping[str, int]
    input_types: tuple[str, ...]
    threads: int
    xnnpack: bool
    rounds: int
    initialisation_ms: float
    first_inference_ms: float
    latency: Latency
    peak_memory_bytes: int | None
    model_memory_bytes: int | None


def to_document(
    kind: str,
    results: Iterable,
    *,
    machine: Machine,
    software: Mapping[str, str],
    settings: Mapping[str, object],
) -> dict:
    """Gather results with what is needed to read them later.

    Args:
        kind: What was measured, such as `"litert_host"`.
        results: Dataclass instances.
        machine: Where they were measured.
        software: Name to version.
        settings: How they were measured.

    Returns:
        A dictionary of plain values; whatever is None reads `"not measured"`.
    """
    document = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "date": now(),
        "machine": dataclasses.asdict(machine),
        "software": dict(software),
        "settings": dict(settings),
        "results": [dataclasses.asdict(result) for result in results],
    }
    return _spell_out(document)


def write_json(path: str | os.PathLike, document: Mapping) -> None:
    """Write a document of `to_document`, aside first and then renamed."""
    write_text(path, json.dumps(document, indent=2, allow_nan=False) + "\n")


def _spell_out(value):
    if value is None:
        return NOT_MEASURED
    if isinstance(value, Mapping):
        return {str(key): _spell_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spell_out(item) for item in value]
    return value
