"""From what was measured on a device to a record."""

import dataclasses
from collections.abc import Sequence

from keras_resnet.benchmarks.android import properties
from keras_resnet.benchmarks.android.results import ToolResult, latency_of_rounds
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Model, Thermal

ROUNDS_NOTE = "percentiles are medians of the percentiles of {} rounds"
WARM_NOTE = "the device was throttled: its thermal status was {} after the runs"
COOL = (None, "none")
# Enough to tell two builds of the tool apart.
DIGEST_LENGTH = 12


@dataclasses.dataclass
class Measured:
    """One file with one number of threads on one device.

    Attributes:
        model: The file.
        graph: Its path on the device.
        threads: Threads of the runtime.
        mask: Cores that it may run on, None for all.
        notes: Sentences on the file, to be kept.
        rounds: What the tool told, round by round.
        before: How warm the device was before the first round.
        after: How warm it was after the last one.
    """

    model: Model
    graph: str
    threads: int
    mask: int | None
    notes: tuple[str, ...] = ()
    rounds: list[ToolResult] = dataclasses.field(default_factory=list)
    before: Thermal | None = None
    after: Thermal | None = None


def to_record(
    measured: Measured,
    description: str,
    serial: str,
    *,
    runtime: str,
    delegate: str,
    tool_sha256: str,
    command: str | None,
) -> BenchmarkRecord:
    """Make the record of what was measured.

    Args:
        measured: At least one round.
        description: What `properties.COMMAND` printed on the device.
        serial: Its serial number; only a hash of it is kept.
        runtime: What the tool is called.
        delegate: What was asked for.
        tool_sha256: Hash of the tool.
        command: Command line that was typed.
    """
    rounds, mask = measured.rounds, measured.mask
    notes = list(measured.notes)
    if len(rounds) > 1:
        notes.append(ROUNDS_NOTE.format(len(rounds)))
    status = measured.after.status if measured.after else None
    if status not in COOL:
        notes.append(WARM_NOTE.format(status))
    warmups = [result.warmup_runs for result in rounds]
    first = rounds[0]
    return BenchmarkRecord(
        model=measured.model,
        device=properties.parse_device(
            description, serial, None if mask is None else mask.bit_count()
        ),
        runtime=runtime,
        operating_system=properties.parse_system(description),
        delegate_requested=delegate,
        delegate_used=first.delegate,
        delegate_share=first.delegate_share,
        threads=measured.threads,
        # The tool counts the first inference among the warm-up.
        warmup_runs=None if None in warmups else sum(max(0, n - 1) for n in warmups),
        runs=sum(result.runs for result in rounds),
        latency=latency_of_rounds(rounds),
        first_inference_ms=first.first_inference_ms,
        initialisation_ms=first.initialisation_ms,
        peak_memory_bytes=_highest(rounds, "peak_memory_bytes"),
        model_memory_bytes=_highest(rounds, "model_memory_bytes"),
        thermal_before=measured.before,
        thermal_after=measured.after,
        settings={
            "cores": "all" if mask is None else f"{mask:x}",
            "tool_sha256": tool_sha256[:DIGEST_LENGTH],
        },
        command=command,
        notes=tuple(notes),
    )


def _highest(rounds: Sequence[ToolResult], name: str) -> int | None:
    values = [getattr(result, name) for result in rounds]
    return None if None in values else max(values)
