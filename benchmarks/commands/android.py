"""`keras-resnet-benchmark android FILE...`: LiteRT files on phones."""

import functools
import sys
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks.android.attached import attached_devices, chosen_devices
from keras_resnet.benchmarks.android.cores import parse_choice
from keras_resnet.benchmarks.android.runner import Settings
from keras_resnet.benchmarks.android.several import DeviceOutcome, measure_on_devices
from keras_resnet.benchmarks.android.table import COLUMNS, android_rows
from keras_resnet.benchmarks.android.tools import DELEGATES
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger
from keras_resnet.benchmarks.commands.host import parse_threads
from keras_resnet.benchmarks.host.model_checks import check_measurable
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.identity import command_line
from keras_resnet.export.operators import describe_file
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS

DESCRIPTION = """Measure LiteRT files on Android devices, over adb.

  keras-resnet-benchmark android model.tflite --tool=benchmark_model --threads=1,4

--tool names `benchmark_model` for the devices' processor, TensorFlow Lite's or
LiteRT's: https://ai.google.dev/edge/litert/models/measurement has both. It is
copied to every device with the files, run on cores that suit the number of
threads, and deleted again. Devices are measured at once, files of a device in
turns.
"""
DEFAULTS = Settings()


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    text, number, real, several, switch = (
        functools.partial(define, flag_values=values)
        for define in (
            flags.DEFINE_string,
            flags.DEFINE_integer,
            flags.DEFINE_float,
            flags.DEFINE_list,
            flags.DEFINE_bool,
        )
    )
    text("tool", None, "The program `benchmark_model` for the devices' processor.")
    several("devices", [], "Serial numbers of the devices. Defaults to all.")
    several("threads", ["1"], "Thread counts, separated by commas.")
    number(
        "rounds",
        DEFAULTS.rounds,
        "Turns in which each file is measured; even, so that a steady drift cancels.",
    )
    number("runs", DEFAULTS.runs, "Timed inferences of a turn, at least.")
    number("warmup_runs", DEFAULTS.warmup_runs, "Untimed inferences of a turn.")
    real("seconds", DEFAULTS.seconds, "Seconds of timing of a turn, at least.")
    real("timeout", DEFAULTS.timeout, "Seconds that the timing of a turn may take.")
    text(
        "cores",
        DEFAULTS.cores,
        "Cores to run on: big (the fastest, one for every thread), little, all, or a "
        "mask in hexadecimal digits.",
    )
    text("delegate", DEFAULTS.delegate, f"One of {', '.join(DELEGATES)}.")
    switch(
        "peak_memory",
        DEFAULTS.peak_memory,
        "Watch the peak of memory, in a thread that may cost time.",
    )
    flags.DEFINE_multi_string(
        "tool_flag", [], "A further flag for the tool.", flag_values=values
    )
    flags.DEFINE_multi_string(
        "library",
        [],
        "A shared library that the tool or a delegate loads, copied beside it.",
        flag_values=values,
    )
    define_ledger(values)
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure the files named in `arguments[1:]`; 1 if a device failed."""
    paths = arguments[1:]
    if not paths:
        raise ValueError(
            "Name at least one .tflite file: keras-resnet-benchmark android FILE... "
            "Received: no file"
        )
    if not values.tool or not Path(values.tool).is_file():
        raise ValueError(
            "`--tool` must name the program benchmark_model for the devices' "
            f"processor. Received: --tool={values.tool}"
        )
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    settings = Settings(
        threads=tuple(dict.fromkeys(parse_threads(values.threads, 1))),
        rounds=check_positive_integer("--rounds", values.rounds),
        runs=check_positive_integer("--runs", values.runs),
        warmup_runs=check_positive_integer("--warmup_runs", values.warmup_runs),
        seconds=values.seconds,
        timeout=values.timeout,
        cores=parse_choice(values.cores),
        delegate=values.delegate,
        peak_memory=values.peak_memory,
        extra=tuple(values.tool_flag),
        libraries=tuple(values.library),
    )
    for path in paths:
        # Whatever cannot be measured is told before any device is touched.
        check_measurable(describe_file(path))
    check_ledger(values)
    attached = attached_devices()
    serials, errors = chosen_devices(attached, values.devices)
    for error in errors:
        print(f"Warning: {error}", file=sys.stderr)
    if not serials:
        return 1
    outcomes = []

    def finished(outcome: DeviceOutcome) -> None:
        # What one device has given is kept, whatever happens to the others.
        outcomes.append(outcome)
        if outcome.records and values.ledger:
            ledger.append(values.ledger, outcome.records)

    with ProgressLine() as progress:
        measure_on_devices(
            serials,
            paths,
            values.tool,
            settings,
            progress,
            finished,
            command=command_line([*values.devices, *(d.serial for d in attached)]),
        )
    records = [record for outcome in outcomes for record in outcome.records]
    if records:
        print(layout(COLUMNS, android_rows(records)))
        for note in dict.fromkeys(note for record in records for note in record.notes):
            print(f"Note: {note.rstrip('.')}.")
        if values.ledger:
            print(f"\nAppended to: {values.ledger}")
    failed = [outcome.error for outcome in outcomes if outcome.error]
    for error in failed:
        print(f"Failed: {error}", file=sys.stderr)
    return 1 if failed or errors else 0
