"""Measuring files on one device: push, choose cores, run in turns, read."""

import dataclasses
import math
import os
import shlex
import tempfile
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks.android import cores, properties, thermal
from keras_resnet.benchmarks.android.adb import SHORT_TIMEOUT, Connection
from keras_resnet.benchmarks.android.binary_results import parse_binary
from keras_resnet.benchmarks.android.errors import DeviceError, ToolOutputError
from keras_resnet.benchmarks.android.record import Measured, to_record
from keras_resnet.benchmarks.android.results import ToolResult, checked, merged
from keras_resnet.benchmarks.android.text_results import parse_text, why_failed
from keras_resnet.benchmarks.android.tools import (
    DELEGATES,
    InstalledTool,
    recognise,
    tool_flags,
)
from keras_resnet.benchmarks.host.model_checks import check_measurable
from keras_resnet.benchmarks.measure import interleaved_order
from keras_resnet.benchmarks.records.identity import model_of, sha256_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Thermal
from keras_resnet.benchmarks.short_names import short_names
from keras_resnet.export.operators import describe_file
from keras_resnet.wording import counted

FOLDER = "/data/local/tmp"
TOOL = "benchmark_model"
RESULT = "result.pb"
# Seconds that loading a file, its first inference and the warm-up may take
# beyond the timed runs.
STARTUP_SECONDS = 120.0
# Whoever has pressed Ctrl-C waits no longer than this for a device's files to go.
HURRIED_TIMEOUT = 5.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """How files are measured.

    Attributes:
        threads: Thread counts to measure each file with.
        rounds: Times that each file is measured, in turns; an even number, so
            that a steady drift cancels.
        runs: Timed runs of each round, at least.
        warmup_runs: Untimed runs of each round, at least.
        seconds: Seconds of timed runs of each round, at least.
        timeout: Seconds that timed runs of a round may take.
        cores: One of `cores.CHOICES`, or a mask.
        delegate: One of `tools.DELEGATES`.
        peak_memory: Whether a thread of the tool watches the peak of memory,
            which may cost time.
        extra: Further flags of the tool.
        libraries: Shared libraries that the tool or a delegate loads.
    """

    threads: tuple[int, ...] = (1,)
    rounds: int = 4
    runs: int = 50
    warmup_runs: int = 5
    seconds: float = 1.0
    timeout: float = 150.0
    cores: str | int = cores.BIG
    delegate: str = "xnnpack"
    peak_memory: bool = False
    extra: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    def __post_init__(self):
        """Refuse counts below one, times that are none and unknown delegates."""
        for name in ("rounds", "runs", "warmup_runs"):
            check_positive_integer(name, getattr(self, name))
        for count in self.threads:
            check_positive_integer("threads", count)
        if not self.threads:
            raise ValueError("`threads` must name at least one. Received: threads=()")
        for name, low in (("seconds", 0), ("timeout", 1)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= low):
                raise ValueError(
                    f"`{name}` must be a time of at least {low}. "
                    f"Received: {name}={value!r}"
                )
        check_choice("--delegate", self.delegate, DELEGATES, noun="delegate")
        for library in self.libraries:
            if not Path(library).is_file():
                raise FileNotFoundError(f"There is no file '{library}'.")


def measure_on_device(
    serial: str,
    paths: Sequence[str | os.PathLike],
    tool: str | os.PathLike,
    settings: Settings,
    progress: Callable[[str], None] = lambda line: None,
    command: str | None = None,
    stop: threading.Event | None = None,
) -> list[BenchmarkRecord]:
    """Measure files on one device.

    Args:
        serial: The device, as `adb devices` lists it.
        paths: The `.tflite` files.
        tool: `benchmark_model` for the device's processor, either tool of
            that name.
        settings: How to measure.
        progress: Receives a line of text before every step.
        command: Command line for the records. Defaults to none.
        stop: Gives up, within seconds, when another thread sets it. Defaults
            to none.

    Returns:
        One record for every file and thread count.

    Raises:
        ProgramStoppedError: If `stop` was set.
        DeviceError: If the device cannot be used, or vanishes.
        ToolOutputError: If the tool fails, or prints what is not understood.
        ValueError: If the tool or the device has not what `settings` ask for,
            or a file is not one of a single input of a known size.
    """
    device = Connection(serial, stop)
    folder = f"{FOLDER}/keras-resnet-{uuid.uuid4().hex[:8]}"
    progress(f"{device.name}: copying")
    made = device.shell(f"mkdir -p {folder}")
    if made.status:
        raise DeviceError(
            f"Device {device.name} does not let itself be written to: "
            f"{why_failed(made.output)}."
        )
    try:
        installed = _install(device, tool, folder, settings)
        work = _copy_models(device, paths, folder, settings)
        description = device.shell(properties.COMMAND).output
        for current, place in interleaved_order(range(len(work)), settings.rounds):
            job = work[place]
            progress(
                f"{device.name}: round {current + 1} of {settings.rounds}, "
                f"{job.model.name}, {counted(job.threads, 'thread')}"
            )
            warmth = _thermal(device)
            job.before = job.before if job.rounds else warmth
            job.rounds.append(_run(device, installed, job, folder, settings))
            job.after = _thermal(device)
    finally:
        _clean(serial, folder, stop)
    digest = sha256_of(tool)
    return [
        to_record(
            job,
            description,
            serial,
            runtime=installed.tool.name,
            delegate=DELEGATES[settings.delegate],
            tool_sha256=digest,
            command=command,
        )
        for job in work
    ]


def _copy_models(
    device: Connection, paths: Sequence[str | os.PathLike], folder: str, settings
) -> list[Measured]:
    frequencies = cores.parse_frequencies(device.shell(cores.READ_FREQUENCIES).output)
    work = []
    names = short_names(list(map(os.fspath, paths)))
    for place, (path, name) in enumerate(names.items()):
        graph = f"{folder}/model-{place}.tflite"
        model = model_of(path, Path(name).as_posix())
        notes = check_measurable(describe_file(path))
        device.push(path, graph)
        work += [
            Measured(
                model,
                graph,
                threads,
                cores.core_mask(frequencies, threads, settings.cores),
                notes,
            )
            for threads in settings.threads
        ]
    return work


def _install(
    device: Connection, tool, folder: str, settings: Settings
) -> InstalledTool:
    program = f"{folder}/{TOOL}"
    device.push(tool, program)
    for library in settings.libraries:
        device.push(library, f"{folder}/{Path(library).name}")
    line = shlex.join([*_environment(folder, settings), program, "--help"])
    answer = device.shell(f"chmod 755 {program} && {line}")
    return recognise(answer.output)


def _environment(folder: str, settings: Settings) -> list[str]:
    """Return the words before a program that let it find libraries."""
    return ["env", f"LD_LIBRARY_PATH={folder}"] if settings.libraries else []


def _clean(serial: str, folder: str, stop: threading.Event | None) -> None:
    hurried = stop is not None and stop.is_set()
    timeout = HURRIED_TIMEOUT if hurried else SHORT_TIMEOUT
    try:
        Connection(serial).shell(f"rm -rf {shlex.quote(folder)}", timeout)
    except DeviceError:
        # A device that is gone keeps its files. The caller is told so already, or
        # has its results.
        return


def _thermal(device: Connection) -> Thermal | None:
    return thermal.parse_thermal(device.shell(thermal.COMMAND).output)


def _run(
    device: Connection,
    installed: InstalledTool,
    job: Measured,
    folder: str,
    settings: Settings,
) -> ToolResult:
    result = f"{folder}/{RESULT}"
    words = [
        *_environment(folder, settings),
        f"{folder}/{TOOL}",
        *tool_flags(
            installed,
            delegate=settings.delegate,
            graph=job.graph,
            result=result,
            folder=folder,
            threads=job.threads,
            runs=settings.runs,
            warmup_runs=settings.warmup_runs,
            seconds=settings.seconds,
            most_seconds=settings.timeout,
            peak_memory=settings.peak_memory,
            extra=settings.extra,
        ),
    ]
    if job.mask is not None:
        words = ["taskset", f"{job.mask:x}", *words]
    line = f"rm -f {result}; {shlex.join(words)}"
    answer = device.shell(line, settings.timeout + STARTUP_SECONDS)
    name = job.model.name
    if answer.status:
        raise ToolOutputError(
            f"benchmark_model could not run '{name}' on device {device.name} "
            f"(status {answer.status}): {why_failed(answer.output)}."
        )
    try:
        return _read(device, answer.output, result, DELEGATES[settings.delegate])
    except ToolOutputError as error:
        raise ToolOutputError(f"'{name}' on device {device.name}: {error}") from error


def _read(device: Connection, text: str, result: str, delegate: str) -> ToolResult:
    told = parse_text(text, delegate)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, RESULT)
        if not device.pull(result, path):
            return told
        content = path.read_bytes()
    return checked(merged(parse_binary(content), told))
