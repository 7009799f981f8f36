"""What tells two records apart, and how a record is called in a table."""

import re
from collections.abc import Iterable, Sequence

from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.wording import counted

NO_DELEGATE = "none"
HOST = "host"
# What a processor's name has around its name.
PROCESSOR_WORDS = re.compile(r"\((?:R|TM)\)|\b(?:CPU|Processor)\b|@.*", re.IGNORECASE)
# Enough to tell the devices of a ledger apart.
SERIAL_LENGTH = 6


def key(record: BenchmarkRecord, *, with_model: bool = True) -> tuple:
    """Return what two records of the same configuration have in common.

    Args:
        record: A record.
        with_model: Whether another model is another configuration. Defaults
            to True.
    """
    return (
        record.model.name if with_model else None,
        record.device.name,
        record.device.serial_hash,
        record.runtime,
        record.basis,
        record.delegate_requested,
        record.threads,
        tuple(sorted(record.settings.items())),
    )


def newest(records: Iterable[BenchmarkRecord], **options) -> dict:
    """Map the key of every configuration to the last record of it.

    Args:
        records: Records in the order of measuring.
        **options: As for `key`.
    """
    return {key(record, **options): record for record in records}


def runtime_text(record: BenchmarkRecord) -> str:
    """Say what ran the model, as in `"LiteRT Interpreter, XNNPACK, 2 threads"`."""
    parts = [record.runtime, delegate_text(record), threads_text(record)]
    parts.append(settings_text(record))
    return ", ".join(filter(None, parts))


def device_text(record: BenchmarkRecord) -> str:
    """Say which device it was, as short as tells it from others."""
    device = record.device
    if device.kind == HOST:
        return " ".join(PROCESSOR_WORDS.sub(" ", device.name).split()) or device.name
    serial = (device.serial_hash or "")[:SERIAL_LENGTH]
    return f"{device.name} {serial}".rstrip()


def delegate_text(record: BenchmarkRecord) -> str | None:
    """Say which delegate was asked for; None where there was no choice."""
    none = record.delegate_requested == NO_DELEGATE
    return "no delegate" if none else record.delegate_requested


def threads_text(record: BenchmarkRecord) -> str | None:
    """Say how many threads there were; None where that is not known."""
    return None if record.threads is None else counted(record.threads, "thread")


def settings_text(record: BenchmarkRecord) -> str | None:
    """Say what else was chosen; None for nothing."""
    said = [f"{name} {value}" for name, value in settings_of(record)]
    return ", ".join(said) or None


def settings_of(record: BenchmarkRecord) -> list[tuple]:
    """Return what else was chosen, by name."""
    return sorted(record.settings.items())


def distinct_labels(records: Sequence[BenchmarkRecord]) -> list[str]:
    """Say of each record as much as tells it from the others.

    Args:
        records: What stands side by side.

    Returns:
        A label a record, in their order.
    """
    parts = [
        {
            "model": record.model.name,
            "device": device_text(record),
            "runtime": record.runtime,
            "delegate": delegate_text(record),
            "threads": threads_text(record),
            **{name: f"{name} {value}" for name, value in settings_of(record)},
        }
        for record in records
    ]
    names = list(dict.fromkeys(name for part in parts for name in part))
    telling: list[str] = []
    for name in names:
        if _kinds(parts, [*telling, name]) > max(1, _kinds(parts, telling)):
            telling.append(name)
    telling = telling or ["model"]
    return [
        ", ".join(part[name] for name in telling if part.get(name)) or part["model"]
        for part in parts
    ]


def _kinds(parts: list[dict], names: list[str]) -> int:
    return len({tuple(part.get(name) for name in names) for part in parts})


def label(record: BenchmarkRecord) -> str:
    """Say which model ran how and where, in a line."""
    return f"{record.model.name} on {device_text(record)}: {runtime_text(record)}"
