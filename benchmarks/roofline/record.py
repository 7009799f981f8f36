"""Predictions as records, and beside what was measured."""

import dataclasses
from collections.abc import Iterable, Sequence

from keras_resnet.benchmarks.devices.figures import Device
from keras_resnet.benchmarks.host.jobs import NO_DELEGATE, XNNPACK
from keras_resnet.benchmarks.records import schema
from keras_resnet.benchmarks.records.schema import (
    PREDICTED,
    BenchmarkRecord,
    Latency,
    Layer,
    Model,
)
from keras_resnet.benchmarks.roofline.predict import COMPUTE, LINK, MEMORY, Limit

RUNTIME = "roofline"
RATIO = "measured_over_limit"
FASTEST_RATIO = "fastest_over_limit"


def to_record(
    limit: Limit, model: Model, command: str | None = None
) -> BenchmarkRecord:
    """Make the record of a prediction.

    Args:
        limit: The prediction.
        model: The file.
        command: Command line that was typed. Defaults to none.
    """
    device = limit.device
    figures = {
        f"{bound}_ms": limit.bound_ms(bound) for bound in (COMPUTE, MEMORY, LINK)
    }
    figures |= {
        f"peak_{precision}_operations_per_second": figure.value
        for precision, figure in device.peaks[-1].operations.items()
    }
    for name, figure in (
        ("memory_bytes_per_second", device.memory_bandwidth),
        ("link_bytes_per_second", device.link),
        ("on_chip_bytes", device.on_chip_bytes),
    ):
        if figure is not None:
            figures[name] = figure.value
    return BenchmarkRecord(
        model=model,
        device=schema.Device(device.title, device.kind, cores=device.cores),
        runtime=RUNTIME,
        basis=PREDICTED,
        threads=limit.threads,
        latency=Latency(mean_ms=limit.ms),
        layers=tuple(
            Layer(layer.name, layer.operator, layer.ms, layer.bound)
            for layer in limit.layers
        ),
        figures=figures,
        command=command,
        notes=(f"limited by {limit.bound}; a lower limit, not an expectation",),
    )


def measured_beside(
    records: Iterable[BenchmarkRecord],
    model: Model,
    device: Device,
    threads: int,
) -> BenchmarkRecord | None:
    """Find the newest measurement of a file on a device.

    A phone's GPU is not what its cores are limited by, nor the reverse. Of
    several runs on cores, one by XNNPACK counts before one by slower kernels.

    Args:
        records: The records of a ledger, oldest first.
        model: The file, told by its hash.
        device: The device, told by its aliases in the record's device name.
        threads: Threads of the runtime.

    Returns:
        The record; None if there is none that was measured.
    """
    found = [
        record
        for record in records
        if record.is_measured
        and record.model.sha256 == model.sha256
        and record.threads in (threads, None)
        and record.latency.central_ms is not None
        and any(alias in record.device.name.lower() for alias in device.aliases)
        and _ran_on(record, device)
    ]
    found.sort(key=lambda record: record.delegate_used == XNNPACK)
    return found[-1] if found else None


def _ran_on(record: BenchmarkRecord, device: Device) -> bool:
    """Tell whether cores ran it, or an accelerator, as the device's figures are."""
    # A runtime that tells nothing of delegates may be on either.
    by_cores = record.delegate_used in (XNNPACK, NO_DELEGATE)
    return record.delegate_used is None or by_cores == device.of_cores


def ratios(
    measured: BenchmarkRecord | None, limit_ms: float
) -> tuple[float | None, float | None]:
    """Return how many times the limit was measured.

    Args:
        measured: What was measured, if anything.
        limit_ms: The limit.

    Returns:
        The ratio of the median and that of the fastest run, which other load
        disturbs least; None for what is not known.
    """
    if measured is None or not limit_ms:
        return None, None
    latency = measured.latency
    fastest = latency.minimum_ms
    return (
        latency.central_ms / limit_ms,
        None if fastest is None else fastest / limit_ms,
    )


def with_ratios(
    record: BenchmarkRecord, measured: BenchmarkRecord | None
) -> BenchmarkRecord:
    """Keep with a prediction how many times it was measured."""
    found = zip(
        (RATIO, FASTEST_RATIO), ratios(measured, record.latency.mean_ms), strict=True
    )
    figures = {name: value for name, value in found if value is not None}
    return dataclasses.replace(record, figures={**record.figures, **figures})


def slowest(limit: Limit, count: int) -> Sequence:
    """Return the layers that need the most time, the slowest first."""
    return sorted(limit.layers, key=lambda layer: -layer.ms)[:count]
