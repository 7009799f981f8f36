"""The program `keras-resnet-benchmark`."""

import functools
import sys
from collections.abc import Sequence

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks import host_table, litert_host
from keras_resnet.benchmarks.machine import available_cores, this_machine
from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.results import to_document, write_json
from keras_resnet.program import run
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS
from keras_resnet.versions import software_versions
from keras_resnet.wording import counted

DESCRIPTION = """Measure LiteRT files on this machine.

  keras-resnet-benchmark model.tflite other.tflite --threads=1,4 --output=host.json

Each file is timed with each number of threads, in turns, every time in a
process of its own: median and 90th percentile of an inference, the first
inference, initialisation, peak memory, file size and operators.
"""
DEFAULTS = litert_host.Settings()


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    flags.DEFINE_list(
        "threads",
        None,
        "Thread counts to measure each file with, separated by commas. "
        "Defaults to 1 and all cores.",
        flag_values=values,
    )
    number("rounds", DEFAULTS.rounds, "Processes that measure each file in turns.")
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
    flags.DEFINE_bool(
        "xnnpack",
        DEFAULTS.xnnpack,
        "Use the default XNNPACK kernels.",
        flag_values=values,
    )
    text("output", None, "File to write the results to, as JSON.")
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


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


def benchmark(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure the files named in `arguments[1:]` as the flags in `values` say."""
    paths = arguments[1:]
    if not paths:
        raise ValueError(
            "Name at least one .tflite file: keras-resnet-benchmark FILE... "
            "Received: no file"
        )
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    settings = litert_host.Settings(
        rounds=check_positive_integer("--rounds", values.rounds),
        runs=check_positive_integer("--runs", values.runs),
        seconds=values.seconds,
        warmup_runs=check_positive_integer("--warmup_runs", values.warmup_runs),
        xnnpack=values.xnnpack,
    )
    machine = this_machine()
    threads = parse_threads(values.threads, available_cores())
    if max(threads) > machine.cores:
        print(
            f"Warning: {max(threads)} threads are more than the "
            f"{counted(machine.cores, 'core')} that this process may use; the times "
            "will say little.",
            file=sys.stderr,
        )
    if values.output:
        check_writable(values.output)
    with ProgressLine() as progress:
        results = litert_host.measure_files(paths, threads, settings, progress)
    document = to_document(
        "litert_host",
        results,
        machine=machine,
        software=software_versions("ai-edge-litert", "numpy"),
        settings=vars(settings),
    )
    software = document["software"]
    kernels = "XNNPACK" if settings.xnnpack else "without XNNPACK"
    print(
        f"{machine.sentence()}\nLiteRT {software['ai-edge-litert']}, {kernels},"
        f" {document['date']}\n"
    )
    print(layout(host_table.COLUMNS, host_table.host_rows(results)), end="\n\n")
    rows = host_table.operator_rows(results)
    print(layout(host_table.OPERATOR_COLUMNS, rows))
    if values.output:
        write_json(values.output, document)
        print(f"\nWritten: {values.output}")
    return 0


def main() -> None:
    """Run the program."""
    define_flags()
    run(benchmark, DESCRIPTION)
