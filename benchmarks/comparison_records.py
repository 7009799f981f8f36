"""The two sides of a ratio as records of the common schema."""

from collections.abc import Iterable

from keras_resnet.benchmarks.comparisons import ComparisonResult
from keras_resnet.benchmarks.measure import MILLISECONDS
from keras_resnet.benchmarks.occasion import Occasion
from keras_resnet.benchmarks.records.identity import command_line, this_device
from keras_resnet.benchmarks.records.latency import latency_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Model

# A round times each side once.
NOTE = "each round timed both sides once, in turns; the times are those of the title"


def records_of(
    results: Iterable[ComparisonResult], occasion: Occasion
) -> list[BenchmarkRecord]:
    """Make a record of each side of what was measured.

    Args:
        results: Results; those that were not measured give no record.
        occasion: Where and with what they were measured.
    """
    versions = ", ".join(f"{name} {v}" for name, v in occasion.software.items())
    return [
        BenchmarkRecord(
            model=Model(result.title),
            device=this_device(occasion.machine),
            operating_system=occasion.machine.system,
            runtime=f"benchmarks.{occasion.kind}",
            runtime_version=versions,
            runs=len(seconds),
            latency=latency_of([[time * MILLISECONDS] for time in seconds]),
            settings={"comparison": result.name, "side": side},
            command=command_line(),
            notes=(NOTE,),
        )
        for result in results
        if result.ratio is not None
        for side, seconds in (
            (result.upper, result.upper_seconds),
            (result.lower, result.lower_seconds),
        )
    ]
