"""Asking a process of its own to measure a model."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_resnet.benchmarks.host.jobs import TENSORFLOW, Job, is_keras
from keras_resnet.benchmarks.host.settings import Settings

LITERT_WORKER = Path(__file__).parents[1] / "litert_worker.py"
KERAS_WORKER = "keras_resnet.benchmarks.host.keras_worker"


def ask(job: Job, settings: Settings) -> dict:
    """Measure a job once.

    Args:
        job: What to measure.
        settings: How; runs and seconds are those of all rounds.

    Returns:
        What the worker answers.

    Raises:
        ValueError: If the worker does not accept the model.
        RuntimeError: If the runtime cannot run it.
    """
    request = {
        "path": job.path,
        "runtime": job.runtime,
        "threads": job.threads,
        "xnnpack": job.xnnpack,
        "warmup_runs": settings.warmup_runs,
        "runs": math.ceil(settings.runs / settings.rounds),
        "seconds": settings.seconds / settings.rounds,
    }
    environment = None
    if is_keras(job.path):
        command = [sys.executable, "-m", KERAS_WORKER]
        if job.runtime == TENSORFLOW:
            # Keras reads it when it is imported, before the worker's first line.
            environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    else:
        # -P: the worker's folder holds modules with general names, which must
        # not shadow anyone else's.
        command = [sys.executable, "-P", os.fspath(LITERT_WORKER)]
    return run_worker(command, request, job.runtime, job.path, environment)


def run_worker(
    command: Sequence[str],
    request: Mapping,
    runtime: str,
    path: str,
    environment: Mapping[str, str] | None = None,
) -> dict:
    """Start a worker and read its answer.

    Args:
        command: What starts it, but for the request.
        request: What it shall do.
        runtime: What runs the model, for errors.
        path: The model, for errors.
        environment: Its environment. Defaults to that of this process.

    Raises:
        As `ask`.
    """
    finished = subprocess.run(
        [*command, json.dumps(request)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    if finished.returncode < 0:
        name = signal.Signals(-finished.returncode).name
        raise RuntimeError(f"{runtime} was ended by {name} while it ran '{path}'.")
    lines = finished.stdout.splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError) as error:
        last = (finished.stderr.splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{runtime} could not run '{path}': {last}") from error
    if "refused" in answer:
        raise ValueError(f"{answer['refused']} Received: '{path}'")
    if "error" in answer:
        raise RuntimeError(f"{runtime} could not run '{path}': {answer['error']}")
    return answer
