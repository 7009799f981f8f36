"""`keras-resnet-benchmark profile FILE`: the latency by operator."""

import collections
import functools
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.host.jobs import XNNPACK_CHOICES
from keras_resnet.benchmarks.machine import this_machine
from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.pictures.svg import standing_alone
from keras_resnet.benchmarks.profiling.operators import Profile, profile_file
from keras_resnet.benchmarks.profiling.record import (
    profile_picture,
    profile_record,
    share,
)
from keras_resnet.files import write_text
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS, Column
from keras_resnet.wording import counted

DESCRIPTION = """Estimate what each operator of a .tflite file takes on this machine.

  keras-resnet-benchmark profile model.tflite --picture=profile.svg

Every operator is cut out as a file of its own and timed in turns with the
others and with the whole file. The sum of them is set beside the whole: what
an operator gains from its neighbours, and what a call of LiteRT costs, is the
difference.
"""
COLUMNS = (
    Column("", number_format="d"),
    Column("layer", align="left"),
    Column("operator", align="left"),
    Column("output", align="left"),
    Column("time", "ms", ".4f"),
    Column("share", align="right"),
    Column("MACs", "million", ",.2f"),
    Column("speed", "GMAC/s", ",.1f", missing=""),
)
KIND_COLUMNS = (
    Column("operator", align="left"),
    Column("count", number_format="d"),
    Column("time", "ms", ".4f"),
    Column("share", align="right"),
)
# Multiplications a millisecond over this are a thousand million a second.
PER_MILLISECOND = 1e6


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    number, text = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_integer, flags.DEFINE_string)
    )
    number("threads", 1, "Threads of LiteRT.")
    text("xnnpack", "on", "Whether LiteRT uses XNNPACK: on or off.")
    number("rounds", 60, "Times that each operator and the whole are timed.")
    text("picture", None, "File to draw the operators into, ending in .svg.")
    define_ledger(values)
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


def rows(profile: Profile) -> list[tuple]:
    """Make the rows that stand below `COLUMNS`."""
    return [
        (
            operator.index,
            operator.layer,
            operator.operator,
            "x".join(map(str, operator.output_shape)),
            operator.ms,
            share(profile, operator.ms),
            operator.macs / PER_MILLISECOND,
            operator.macs / operator.ms / PER_MILLISECOND if operator.macs else None,
        )
        for operator in profile.operators
    ]


def kind_rows(profile: Profile) -> list[tuple]:
    """Make the rows that stand below `KIND_COLUMNS`, the longest first."""
    kinds = collections.defaultdict(list)
    for operator in profile.operators:
        kinds[operator.operator].append(operator.ms)
    return [
        (name, len(times), sum(times), share(profile, sum(times)))
        for name, times in sorted(kinds.items(), key=lambda pair: -sum(pair[1]))
    ]


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Profile the file named in `arguments[1]`."""
    paths = arguments[1:]
    if len(paths) != 1:
        raise ValueError(
            "Name one .tflite file: keras-resnet-benchmark profile FILE. "
            f"Received: {counted(len(paths), 'file')}"
        )
    (path,) = paths
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    xnnpack = XNNPACK_CHOICES[
        check_choice("--xnnpack", values.xnnpack, XNNPACK_CHOICES)
    ]
    threads = check_positive_integer("--threads", values.threads)
    rounds = check_positive_integer("--rounds", values.rounds)
    if values.picture:
        if Path(values.picture).suffix != ".svg":
            raise ValueError(
                "`--picture` must be a file that ends in .svg. "
                f"Received: --picture={values.picture}"
            )
        check_writable(values.picture)
    check_ledger(values)
    with ProgressLine() as progress:
        profile = profile_file(
            path, threads, xnnpack=xnnpack, rounds=rounds, progress=progress
        )
    print(this_machine().sentence(), end="\n\n")
    print(layout(COLUMNS, rows(profile)), end="\n\n")
    print(layout(KIND_COLUMNS, kind_rows(profile)))
    print(
        f"\nThe operators alone take {profile.sum_ms:.3f} ms together, the whole file "
        f"{profile.whole_ms:.3f} ms: {profile.sum_to_whole:.2f} times as long."
    )
    if values.picture:
        drawn = profile_picture(profile, Path(path).name)
        write_text(values.picture, standing_alone(drawn))
        print(f"Written: {values.picture}")
    keep([profile_record(path, profile, threads, xnnpack=xnnpack)], values)
    return 0
