"""`keras-resnet-benchmark coral FILE...`: files on a Coral Edge TPU."""

import functools

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks import host_table
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.coral.runner import LIBRARY, EdgeTpu, measure_files
from keras_resnet.benchmarks.host.settings import Settings
from keras_resnet.benchmarks.records.identity import command_line
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS, Column

DESCRIPTION = """Measure LiteRT files on a Coral Edge TPU.

  keras-resnet-benchmark coral model_edgetpu.tflite
  keras-resnet-benchmark coral model.tflite --device=usb

Files that were not compiled for the Edge TPU are compiled first, where
`edgetpu_compiler` is installed, and what it says is kept with the result. The
Edge TPU runtime, the library libedgetpu, must be installed.
"""
DEFAULTS = Settings()
COLUMNS = (
    Column("file", align="left"),
    Column("device", align="left"),
    Column("on the Edge TPU", number_format=".0%", missing="a part"),
    Column("sent every time", "KiB", ",.1f", missing="not told"),
    Column("p50", "ms", ".3f"),
    Column("p95", "ms", ".3f"),
    Column("first", "ms", ".2f"),
    Column("initialise", "ms", ".2f"),
)


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    text("library", LIBRARY, "The Edge TPU runtime's library.")
    text("device", "", "usb, pci, usb:1, ... Defaults to the first one.")
    number(
        "rounds",
        DEFAULTS.rounds,
        "Processes that measure each file in turns; even, so that a steady drift "
        "cancels.",
    )
    number("runs", DEFAULTS.runs, "Timed inferences over all rounds, at least.")
    number("warmup_runs", DEFAULTS.warmup_runs, "Untimed inferences of a process.")
    flags.DEFINE_float(
        "seconds", DEFAULTS.seconds, "Seconds of timing, at least.", flag_values=values
    )
    define_ledger(values)
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure the files named in `arguments[1:]`."""
    paths = arguments[1:]
    if not paths:
        raise ValueError(
            "Name at least one .tflite file: keras-resnet-benchmark coral FILE... "
            "Received: no file"
        )
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    settings = Settings(
        rounds=check_positive_integer("--rounds", values.rounds),
        runs=check_positive_integer("--runs", values.runs),
        seconds=values.seconds,
        warmup_runs=check_positive_integer("--warmup_runs", values.warmup_runs),
    )
    check_ledger(values)
    edge_tpu = EdgeTpu(values.library, values.device)
    with ProgressLine() as progress:
        records = measure_files(paths, edge_tpu, settings, progress, command_line())
    rows = [
        (
            record.model.name,
            record.device.name,
            record.delegate_share,
            host_table.kibibytes(record.figures.get("edgetpu_streamed_bytes")),
            record.latency.p50_ms,
            record.latency.p95_ms,
            record.first_inference_ms,
            record.initialisation_ms,
        )
        for record in records
    ]
    print(layout(COLUMNS, rows))
    for note in dict.fromkeys(note for record in records for note in record.notes):
        print(f"Note: {note}.")
    keep(records, values)
    return 0
