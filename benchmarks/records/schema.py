"""The schema of what every runner writes down."""

import dataclasses
import hashlib
import math
from collections.abc import Mapping

from keras_resnet.benchmarks.machine import now

SCHEMA = "keras_resnet.benchmarks.record"
SCHEMA_VERSION = 1

MEASURED = "measured"
PREDICTED = "predicted"
MODELLED = "modelled by "

# Of a list that is refused.
MOST_SHOWN = 8

Scalar = str | int | float | bool


def modelled_by(tool: str, version: str) -> str:
    """Return the basis of what a tool modelled, as in `"modelled by Vela 4.2.0"`."""
    return f"{MODELLED}{tool} {version}"


@dataclasses.dataclass(frozen=True)
class Model:
    """What was run.

    `keras_resnet.benchmarks.records.identity.model_of` makes it from a file.

    Attributes:
        name: Name of the file, without its folder, or of the network.
        sha256: Hash of the file, in hexadecimal digits; None where there is
            no file.
        size_bytes: Size of the file.
        operators: Operator name to how often it occurs, most frequent first.
        input_types: Element type of every input, such as `"UINT8"`.
        output_types: Element type of every output.
    """

    name: str
    sha256: str | None = None
    size_bytes: int | None = None
    operators: Mapping[str, int] | None = None
    input_types: tuple[str, ...] | None = None
    output_types: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class Device:
    """What it was run on.

    `keras_resnet.benchmarks.records.identity.this_device` describes this
    machine.

    Attributes:
        name: Its name, such as that of the processor or of the phone.
        kind: What it is: `"host"`, `"phone"`, `"edge tpu"`, `"ethos-u"`, ...
        serial_hash: Hash of its serial number (`hashed_serial`); the number
            itself is never kept.
        cores: Cores that the run could use.
        memory_bytes: Main memory.
    """

    name: str
    kind: str
    serial_hash: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None


def hashed_serial(serial: str) -> str:
    """Return a short hash that tells two devices apart and names neither."""
    return hashlib.sha256(serial.encode("utf-8")).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class Latency:
    """Times of one inference, or of whatever the record's notes say.

    A tool that tells some of them leaves the others None.
    `keras_resnet.benchmarks.records.latency.latency_of` makes it from samples.

    Attributes:
        p50_ms: Median, in milliseconds.
        p90_ms: 90th percentile.
        p95_ms: 95th percentile.
        mean_ms: Mean. What was modelled or predicted stands here alone.
        standard_deviation_ms: Standard deviation of a single run, with n - 1.
        minimum_ms: Shortest.
        maximum_ms: Longest.
        samples_ms: Single runs in the order of measuring; of many runs, some
            that are evenly spread. `compare` draws from them.
        samples_per_round: How many of `samples_ms` belong to each round, the
            rounds being processes or turns of their own; None for one round.
    """

    p50_ms: float | None = None
    p90_ms: float | None = None
    p95_ms: float | None = None
    mean_ms: float | None = None
    standard_deviation_ms: float | None = None
    minimum_ms: float | None = None
    maximum_ms: float | None = None
    samples_ms: tuple[float, ...] | None = None
    samples_per_round: tuple[int, ...] | None = None

    def __post_init__(self):
        """Refuse samples that are no times, and rounds that do not hold them."""
        samples, counts = self.samples_ms, self.samples_per_round
        if not all(math.isfinite(time) and time > 0 for time in samples or ()):
            raise ValueError(
                "`samples_ms` must be times above 0. "
                f"Received: {min(samples)} to {max(samples)}"
            )
        if counts is None:
            return
        if min(counts, default=0) < 1 or sum(counts) != len(samples or ()):
            raise ValueError(
                "`samples_per_round` must be counts of at least 1 that sum to the "
                f"samples. Received: {list(counts)[:MOST_SHOWN]} for "
                f"{len(samples or ())} samples"
            )

    @property
    def central_ms(self) -> float | None:
        """The median, or the mean where no median is known."""
        return self.mean_ms if self.p50_ms is None else self.p50_ms


@dataclasses.dataclass(frozen=True)
class Thermal:
    """How warm a device is.

    Attributes:
        status: What the system calls it, such as `"none"` or `"moderate"`.
        celsius: Temperature in degrees Celsius.
    """

    status: str | None = None
    celsius: float | None = None


@dataclasses.dataclass(frozen=True)
class Layer:
    """The share of one operator, in the order of execution.

    Attributes:
        name: Name of the layer, or of the operator's output.
        operator: Kind of operator, such as `"CONV_2D"`.
        ms: Its time in milliseconds.
        bound: What limits it, such as `"compute"` or `"memory"`; None where
            that is not known.
    """

    name: str
    operator: str
    ms: float | None = None
    bound: str | None = None


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """How many labelled images the model got right.

    Attributes:
        correct: Images whose class it predicted.
        count: Images that it was shown.
        dataset: Which images these were.
    """

    correct: int
    count: int
    dataset: str | None = None


@dataclasses.dataclass(frozen=True)
class BenchmarkRecord:
    """One model on one device in one configuration.

    None means that it was not measured, and is written so.

    Attributes:
        model: What was run.
        device: What it was run on.
        runtime: What ran it, such as `"LiteRT Interpreter"` or `"Keras"`.
        runtime_version: Its version.
        basis: How the figures came about: `MEASURED`, `PREDICTED`, or
            `modelled_by(...)`.
        operating_system: Operating system of the device and its release.
        delegate_requested: Delegate or kernels that were asked for, such as
            `"XNNPACK"`; `"none"` where none was.
        delegate_used: What really ran, as the runtime tells.
        delegate_share: Share of the operators that it ran, from 0 to 1.
        threads: Threads of the runtime.
        warmup_runs: Runs before the timed ones, the first not among them.
        runs: Timed runs.
        latency: Their times.
        first_inference_ms: The first inference, in milliseconds.
        initialisation_ms: From opening the file until it could be run.
        peak_memory_bytes: Highest memory of the process that ran it.
        model_memory_bytes: What of it came after the runtime was loaded.
        energy_mj: Energy of one inference in millijoules.
        thermal_before: How warm the device was before.
        thermal_after: How warm it was after.
        accuracy: What it got right, where that was looked at.
        figures: Other numbers by names that hold their units, such as
            `"sram_bytes"`, `"npu_cycles"` or `"npu_operator_share"`.
        settings: What else was chosen and tells two configurations apart,
            such as `"memory_mode"`, `"quantization"` or `"resolution"`.
        layers: The time by layer, where it is known.
        date: When, in UTC by ISO 8601.
        command: Command line that made it.
        notes: Sentences about it.
        schema: What this is a record of.
        schema_version: Version of the schema.
    """

    model: Model
    device: Device
    runtime: str
    runtime_version: str | None = None
    basis: str = MEASURED
    operating_system: str | None = None
    delegate_requested: str | None = None
    delegate_used: str | None = None
    delegate_share: float | None = None
    threads: int | None = None
    warmup_runs: int | None = None
    runs: int | None = None
    latency: Latency = dataclasses.field(default_factory=Latency)
    first_inference_ms: float | None = None
    initialisation_ms: float | None = None
    peak_memory_bytes: int | None = None
    model_memory_bytes: int | None = None
    energy_mj: float | None = None
    thermal_before: Thermal | None = None
    thermal_after: Thermal | None = None
    accuracy: Accuracy | None = None
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Scalar] = dataclasses.field(default_factory=dict)
    layers: tuple[Layer, ...] | None = None
    date: str = dataclasses.field(default_factory=now)
    command: str | None = None
    notes: tuple[str, ...] = ()
    schema: str = SCHEMA
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self):
        """Refuse an unknown basis and shares that are none."""
        known = self.basis in (MEASURED, PREDICTED)
        if not known and not self.basis.startswith(MODELLED):
            raise ValueError(
                f"`basis` must be '{MEASURED}', '{PREDICTED}' or '{MODELLED}...'. "
                f"Received: basis={self.basis!r}"
            )
        share = self.delegate_share
        if share is not None and not 0 <= share <= 1:
            raise ValueError(
                "`delegate_share` must be from 0 to 1. "
                f"Received: delegate_share={share!r}"
            )

    @property
    def is_measured(self) -> bool:
        """Whether its figures were measured."""
        return self.basis == MEASURED
