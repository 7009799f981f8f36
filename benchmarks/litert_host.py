"""Timing LiteRT files on this machine's processor."""

import collections
import dataclasses
import json
import math
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks.measure import (
    MILLISECONDS,
    interleaved_order,
    summarise,
)
from keras_resnet.benchmarks.results import HostResult
from keras_resnet.export.operators import FileDescription, describe_file
from keras_resnet.wording import counted

WORKER = Path(__file__).with_name("litert_worker.py")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How files are measured.

    Attributes:
        rounds: Processes that measure each file and thread count in turns.
        runs: Timed inferences over all rounds, at least.
        seconds: Time spent on them over all rounds, at least.
        warmup_runs: Untimed inferences of every process after its first.
        xnnpack: Whether to use LiteRT's default XNNPACK kernels.
    """

    rounds: int = 3
    runs: int = 50
    seconds: float = 1.0
    warmup_runs: int = 5
    xnnpack: bool = True

    def __post_init__(self):
        """Refuse counts below one and times that are negative."""
        check_positive_integer("rounds", self.rounds)
        check_positive_integer("runs", self.runs)
        check_positive_integer("warmup_runs", self.warmup_runs)
        if not (self.seconds >= 0 and math.isfinite(self.seconds)):
            raise ValueError(
                "`seconds` must be a time of at least 0. "
                f"Received: seconds={self.seconds!r}"
            )


def measure_files(
    paths: Sequence[str | os.PathLike],
    threads: Sequence[int] = (1,),
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[HostResult]:
    """Measure LiteRT files, in turns, each time in a process of its own.

    Args:
        paths: The `.tflite` files.
        threads: Thread counts to measure each file with.
        settings: How to measure. Defaults to `Settings()`.
        progress: Receives a line of text before every measurement.

    Returns:
        One result for every file and thread count, in the order given.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a file is no `.tflite` file, or a count is not positive.
        RuntimeError: If LiteRT cannot run a file.
        ImportError: If LiteRT is not installed.
    """
    settings = settings or Settings()
    say = progress or (lambda line: None)
    if not paths or not threads:
        raise ValueError(
            "At least one file and one thread count are needed. "
            f"Received: paths={list(paths)}, threads={list(threads)}"
        )
    # A file or a count that is named twice is measured once.
    counts = list(dict.fromkeys(check_positive_integer("threads", n) for n in threads))
    descriptions = {path: describe_file(path) for path in map(os.fspath, paths)}
    jobs = [(path, count) for path in descriptions for count in counts]
    answers = collections.defaultdict(list)
    for current, (path, count) in interleaved_order(jobs, settings.rounds):
        say(
            f"round {current + 1} of {settings.rounds}: {Path(path).name}, "
            f"{counted(count, 'thread')}"
        )
        answers[path, count].append(_ask_worker(path, count, settings))
    return [
        _gather(descriptions[path], count, settings, answers[path, count])
        for path, count in jobs
    ]


def _ask_worker(path: str, threads: int, settings: Settings) -> dict:
    request = {
        "path": path,
        "threads": threads,
        "xnnpack": settings.xnnpack,
        "warmup_runs": settings.warmup_runs,
        "runs": math.ceil(settings.runs / settings.rounds),
        "seconds": settings.seconds / settings.rounds,
    }
    # -P: the worker's folder holds modules with general names, which must not
    # shadow anyone else's.
    command = [sys.executable, "-P", str(WORKER), json.dumps(request)]
    finished = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    if finished.returncode < 0:
        name = signal.Signals(-finished.returncode).name
        raise RuntimeError(f"LiteRT was ended by {name} while it ran '{path}'.")
    lines = finished.stdout.splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError) as error:
        last = (finished.stderr.splitlines() or ["no message"])[-1]
        raise RuntimeError(f"LiteRT could not run '{path}': {last}") from error
    if "error" in answer:
        raise RuntimeError(f"LiteRT could not run '{path}': {answer['error']}")
    return answer


def _gather(
    description: FileDescription, threads: int, settings: Settings, answers: list[dict]
) -> HostResult:
    def median_ms(key: str) -> float:
        return statistics.median(answer[key] for answer in answers) * MILLISECONDS

    def highest(key: str) -> int | None:
        values = [answer[key] for answer in answers]
        return None if None in values else max(values)

    return HostResult(
        file=description.path,
        size_bytes=description.size_bytes,
        operators=description.operators,
        input_types=tuple(tensor.type for tensor in description.inputs),
        threads=threads,
        xnnpack=settings.xnnpack,
        rounds=settings.rounds,
        initialisation_ms=median_ms("initialisation"),
        first_inference_ms=median_ms("first"),
        latency=summarise([time for answer in answers for time in answer["times"]]),
        peak_memory_bytes=highest("peak_memory_bytes"),
        model_memory_bytes=highest("model_memory_bytes"),
    )
