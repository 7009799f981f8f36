"""`keras-resnet-benchmark FILE...`: models on this machine."""

import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks import host_table
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.host import jobs
from keras_resnet.benchmarks.host.measuring import measure_jobs
from keras_resnet.benchmarks.host.settings import Settings
from keras_resnet.benchmarks.machine import available_cores, this_machine
from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.records import ledger
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS
from keras_resnet.wording import counted

DESCRIPTION = """Measure models on this machine.

  keras-resnet-benchmark model.tflite other.tflite --threads=1,4 --output=host.json
  keras-resnet-benchmark model.tflite model.keras \\
      --runtimes=interpreter,compiled_model,tensorflow,keras --xnnpack=on,off

Each is timed in each configuration, in turns, every time in a process of its
own, on the same image: median, 90th and 95th percentile, mean and deviation of
an inference, the first inference, initialisation and peak memory. A .keras file
is run in TensorFlow (a graph function) and in Keras (predict_on_batch).
"""
DEFAULTS = Settings()
RUNTIMES = jobs.LITERT_RUNTIMES | jobs.KERAS_RUNTIMES
# Backends of Keras whose threads can be chosen.
TOLD_THEIR_THREADS = ("tensorflow", "torch")
DEFAULT_RUNTIMES = ["interpreter", *jobs.KERAS_RUNTIMES]


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    listed, text = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_list, flags.DEFINE_string)
    )
    listed(
        "threads",
        None,
        "Thread counts to measure each file with, separated by commas. "
        "Defaults to 1 and all cores.",
    )
    listed(
        "runtimes",
        DEFAULT_RUNTIMES,
        f"What runs the files, separated by commas: {', '.join(RUNTIMES)}.",
    )
    listed("xnnpack", ["on"], "Whether LiteRT uses XNNPACK: on, off, or on,off.")
    define_measuring(values)
    text("output", None, "File to write the records to, as JSON.")
    define_ledger(values)
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


def define_measuring(values: flags.FlagValues) -> None:
    """Define the flags that say how long is measured."""
    number = functools.partial(flags.DEFINE_integer, flag_values=values)
    number(
        "rounds",
        DEFAULTS.rounds,
        "Processes that measure each file in turns; even, so that a steady drift "
        "cancels.",
    )
    number("runs", DEFAULTS.runs, "Timed inferences over all rounds, at least.")
    flags.DEFINE_float(
        "seconds",
        DEFAULTS.seconds,
        "Seconds of timing over all rounds, at least.",
        flag_values=values,
    )
    number(
        "warmup_runs",
        DEFAULTS.warmup_runs,
        "Untimed inferences of every process after its first.",
    )


def measuring_of(values: flags.FlagValues) -> Settings:
    """Return what the flags of `define_measuring` say.

    Raises:
        ValueError: If a count is not positive, or the time below 0.
    """
    return Settings(
        rounds=check_positive_integer("--rounds", values.rounds),
        runs=check_positive_integer("--runs", values.runs),
        seconds=values.seconds,
        warmup_runs=check_positive_integer("--warmup_runs", values.warmup_runs),
    )


def parse_threads(values: Sequence[str] | None, cores: int) -> list[int]:
    """Read thread counts as they were typed.

    Args:
        values: Each a number as text, or None for 1 and all cores.
        cores: Cores of the machine.

    Raises:
        ValueError: If one is not a positive integer.
    """
    if values is None:
        return sorted({1, cores})
    counts = []
    for value in values:
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            raise ValueError(
                "`--threads` must be positive integers separated by commas. "
                f"Received: --threads={','.join(values)}"
            )
        counts.append(number)
    if not counts:
        raise ValueError("`--threads` must name at least one. Received: --threads=")
    return counts


def parse_choices(flag: str, values: Sequence[str], known: dict) -> list:
    """Read names separated by commas as what they stand for.

    Raises:
        ValueError: If there is none, or one is unknown.
    """
    if not values:
        raise ValueError(f"`{flag}` must name at least one. Received: {flag}=")
    return [known[check_choice(flag, name, known)] for name in values]


def warn_of_threads(threads: Sequence[int], cores: int) -> None:
    """Say on standard error that there are more threads than cores."""
    if max(threads) > cores:
        print(
            f"Warning: {max(threads)} threads are more than the "
            f"{counted(cores, 'core')} that this process may use; the times "
            "will say little.",
            file=sys.stderr,
        )


def _with_fitting_threads(chosen: list[jobs.Job]) -> list[jobs.Job]:
    """Leave out thread counts that Keras's backend cannot be told.

    Raises:
        ValueError: If nothing is left.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend in TOLD_THEIR_THREADS:
        return chosen
    cores = available_cores()
    fitting = [
        job for job in chosen if job.runtime != jobs.KERAS or job.threads == cores
    ]
    if not fitting:
        counts = ",".join(str(job.threads) for job in chosen)
        raise ValueError(
            f"Keras on {backend} runs on all cores: add {cores} to `--threads`. "
            f"Received: --threads={counts}"
        )
    if len(fitting) < len(chosen):
        print(
            f"Note: Keras on {backend} is measured on all {cores} cores only.",
            file=sys.stderr,
        )
    return fitting


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure the files named in `arguments[1:]` as the flags in `values` say."""
    paths = arguments[1:]
    if not paths:
        raise ValueError(
            "Name at least one .tflite or .keras file: keras-resnet-benchmark FILE... "
            "Received: no file"
        )
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    settings = measuring_of(values)
    machine = this_machine()
    threads = parse_threads(values.threads, available_cores())
    chosen = jobs.jobs_of(
        paths,
        threads,
        parse_choices("--runtimes", values.runtimes, RUNTIMES),
        parse_choices("--xnnpack", values.xnnpack, jobs.XNNPACK_CHOICES),
    )
    left_out = set(paths) - {job.path for job in chosen}
    if left_out:
        raise ValueError(
            f"None of the runtimes takes '{Path(min(left_out))}'. "
            f"Received: --runtimes={','.join(values.runtimes)}"
        )
    chosen = _with_fitting_threads(chosen)
    warn_of_threads(threads, machine.cores)
    if values.output:
        check_writable(values.output)
    check_ledger(values)
    with ProgressLine() as progress:
        records = measure_jobs(chosen, settings, progress)
    versions = dict.fromkeys(f"{r.runtime} {r.runtime_version}" for r in records)
    print(f"{machine.sentence()}\n{', '.join(versions)}, {records[0].date}\n")
    print(layout(host_table.COLUMNS, host_table.host_rows(records)), end="\n\n")
    rows = host_table.operator_rows(records)
    print(layout(host_table.OPERATOR_COLUMNS, rows))
    if values.output:
        ledger.write(values.output, records)
        print(f"\nWritten: {values.output}")
    keep(records, values)
    return 0
