"""Measuring files on an Edge TPU, in turns, each time in a process of its own."""

import dataclasses
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_resnet.benchmarks.coral.compiled import CompiledFile, prepare
from keras_resnet.benchmarks.host.processes import run_worker
from keras_resnet.benchmarks.host.settings import Settings
from keras_resnet.benchmarks.machine import this_machine
from keras_resnet.benchmarks.measure import MILLISECONDS, interleaved_order
from keras_resnet.benchmarks.records.identity import model_of, sha256_of
from keras_resnet.benchmarks.records.latency import latency_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Device
from keras_resnet.benchmarks.short_names import short_names
from keras_resnet.versions import software_versions

WORKER = Path(__file__).with_name("worker.py")
RUNTIME = "LiteRT Interpreter"
DELEGATE = "Edge TPU"
KIND = "edge tpu"
LIBRARIES = {"darwin": "libedgetpu.1.dylib", "win32": "edgetpu.dll"}
LIBRARY = LIBRARIES.get(sys.platform, "libedgetpu.so.1")
# The first letters of a device's name in the runtime to what it is.
DEVICES = {"usb": "Coral USB", "pci": "Coral M2"}
UNNAMED = "Coral Edge TPU"


@dataclasses.dataclass(frozen=True)
class EdgeTpu:
    """Which Edge TPU to run on, and by which library.

    Attributes:
        library: The runtime's library, by its name or path.
        device: `"usb"`, `"pci"`, `"usb:1"`, ...; empty for the first one.
    """

    library: str = LIBRARY
    device: str = ""

    @property
    def name(self) -> str:
        """What a record calls it."""
        return DEVICES.get(self.device.partition(":")[0], UNNAMED)


def measure_files(
    paths: Sequence[str | os.PathLike],
    edge_tpu: EdgeTpu | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] = lambda line: None,
    command: str | None = None,
) -> list[BenchmarkRecord]:
    """Measure files on an Edge TPU.

    Args:
        paths: `.tflite` files, compiled for the Edge TPU; others are compiled
            first, where `edgetpu_compiler` is installed.
        edge_tpu: Which one. Defaults to `EdgeTpu()`.
        settings: How to measure. Defaults to `Settings()`.
        progress: Receives a line of text before every measurement.
        command: Command line for the records. Defaults to none.

    Returns:
        One record for every file.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a file is no `.tflite` file of one input of a known size.
        CompilerError: If a file cannot be compiled.
        RuntimeError: If the library or the device is missing, or cannot run a
            file.
    """
    edge_tpu, settings = edge_tpu or EdgeTpu(), settings or Settings()
    with tempfile.TemporaryDirectory() as folder:
        names = short_names(list(map(os.fspath, paths)))
        files = []
        for place, path in enumerate(names):
            progress(f"compiling {names[path]}")
            own = Path(folder, str(place))
            own.mkdir()
            files.append(prepare(path, own))
        answers: list[list[dict]] = [[] for _ in files]
        for current, place in interleaved_order(range(len(files)), settings.rounds):
            file = files[place]
            name = names[file.source]
            progress(f"round {current + 1} of {settings.rounds}: {name}")
            answers[place].append(_ask(file, edge_tpu, settings))
        return [
            _record(file, names[file.source], edge_tpu, settings, given, command)
            for file, given in zip(files, answers, strict=True)
        ]


def _ask(file: CompiledFile, edge_tpu: EdgeTpu, settings: Settings) -> dict:
    request = {
        "path": file.path,
        "threads": 1,
        "library": edge_tpu.library,
        "options": {"device": edge_tpu.device} if edge_tpu.device else {},
        "warmup_runs": settings.warmup_runs,
        "runs": math.ceil(settings.runs / settings.rounds),
        "seconds": settings.seconds / settings.rounds,
    }
    # -P: the worker's folder must not shadow anyone else's modules.
    worker = [sys.executable, "-P", os.fspath(WORKER)]
    return run_worker(worker, request, DELEGATE, file.source)


def _record(
    file: CompiledFile,
    name: str,
    edge_tpu: EdgeTpu,
    settings: Settings,
    answers: Sequence[dict],
    command: str | None,
) -> BenchmarkRecord:
    def median_ms(key: str) -> float:
        return statistics.median(answer[key] for answer in answers) * MILLISECONDS

    def highest(key: str) -> int | None:
        values = [answer[key] for answer in answers]
        return None if None in values else max(values)

    return BenchmarkRecord(
        # The file that the user knows: what the compiler made of it is gone.
        model=dataclasses.replace(
            model_of(file.path),
            name=Path(name).as_posix(),
            sha256=sha256_of(file.source),
        ),
        device=Device(edge_tpu.name, KIND),
        operating_system=this_machine().system,
        runtime=RUNTIME,
        runtime_version=software_versions("ai-edge-litert")["ai-edge-litert"],
        delegate_requested=DELEGATE,
        # A compiled file cannot be run without it.
        delegate_used=DELEGATE,
        delegate_share=file.share,
        threads=1,
        warmup_runs=settings.warmup_runs,
        runs=sum(len(answer["times"]) for answer in answers),
        latency=latency_of(
            [[time * MILLISECONDS for time in answer["times"]] for answer in answers]
        ),
        first_inference_ms=median_ms("first"),
        initialisation_ms=median_ms("initialisation"),
        peak_memory_bytes=highest("peak_memory_bytes"),
        model_memory_bytes=highest("model_memory_bytes"),
        figures=_figures(file),
        command=command,
        notes=file.notes,
    )


def _figures(file: CompiledFile) -> dict[str, float]:
    said = file.compilation
    if said is None:
        return {}
    numbers = {
        "edgetpu_on_chip_bytes": said.on_chip_bytes,
        "edgetpu_on_chip_bytes_left": said.on_chip_bytes_left,
        "edgetpu_streamed_bytes": said.off_chip_bytes,
        "edgetpu_subgraphs": said.subgraphs,
        "edgetpu_operators": said.mapped,
    }
    return {name: value for name, value in numbers.items() if value is not None}
