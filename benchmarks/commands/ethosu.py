"""`keras-resnet-benchmark ethosu FILE...`: what Vela models for an Ethos-U."""

import sys

from absl import flags

from keras_resnet.arguments import check_choice
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.ethosu import table
from keras_resnet.benchmarks.ethosu.configurations import ALL, configurations
from keras_resnet.benchmarks.ethosu.runner import model_files
from keras_resnet.benchmarks.records.identity import command_line
from keras_resnet.export.ethosu.accelerators import ACCELERATORS, MEMORY_MODES
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS

DESCRIPTION = """Ask Arm's Vela what an Ethos-U would make of a LiteRT file.

  keras-resnet-benchmark ethosu model.tflite
  keras-resnet-benchmark ethosu model.tflite --accelerators=ethos-u55 --layers=10

For every configuration and memory mode: the share of operators on the NPU,
SRAM, flash and DRAM, cycles and milliseconds. They are modelled by Vela, never
measured: Arm states that its model is an estimate.
"""


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    flags.DEFINE_list(
        "accelerators",
        [ALL],
        f"Configurations or families, separated by commas: {', '.join(ACCELERATORS)}.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "memory_modes",
        [ALL],
        f"Memory modes, separated by commas: {', '.join(MEMORY_MODES)}.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "layers",
        0,
        "Layers to list of every configuration, the slowest first.",
        flag_values=values,
    )
    define_ledger(values)
    flags.DEFINE_string(
        "format",
        "text",
        f"Tables' format: {', '.join(LAYOUTS)}.",
        flag_values=values,
    )


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Model the files named in `arguments[1:]`; 1 if Vela refused one."""
    paths = arguments[1:]
    if not paths:
        raise ValueError(
            "Name at least one .tflite file: keras-resnet-benchmark ethosu FILE... "
            "Received: no file"
        )
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    if values.layers < 0:
        raise ValueError(
            f"`--layers` must be at least 0. Received: --layers={values.layers}"
        )
    rows = configurations(values.accelerators, values.memory_modes)
    check_ledger(values)
    with ProgressLine() as progress:
        records, refusals = model_files(paths, rows, progress, command_line())
    if records:
        print(layout(table.COLUMNS, table.rows(records)))
    for record in records if values.layers else ():
        print(
            f"\n{record.model.name}, {record.device.name}, "
            f"{record.settings['memory_mode']}, {record.basis}\n"
        )
        print(layout(table.LAYER_COLUMNS, table.layer_rows(record, values.layers)))
    for refusal in refusals:
        row = refusal.accelerator
        print(
            f"Refused: {refusal.model.name}, {row.name}, {row.memory_mode}: "
            f"{refusal.reason}",
            file=sys.stderr,
        )
    keep(records, values)
    return 1 if refusals else 0
