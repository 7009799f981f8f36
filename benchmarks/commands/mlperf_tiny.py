"""`keras-resnet-benchmark mlperf_tiny`: MLPerf Tiny's image classification."""

import functools

from absl import flags

from keras_resnet.arguments import check_choice
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.commands.host import define_measuring, measuring_of
from keras_resnet.benchmarks.host_table import KIB
from keras_resnet.benchmarks.machine import this_machine
from keras_resnet.benchmarks.mlperf_tiny import reference
from keras_resnet.benchmarks.mlperf_tiny.rules import FAILS, judge
from keras_resnet.benchmarks.mlperf_tiny.working import Outcome, work
from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.records.schema import Accuracy
from keras_resnet.confidence import wilson_interval
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS, Column
from keras_resnet.wording import counted

DESCRIPTION = """Measure a trained ResNet-8 as MLPerf Tiny's image classification does.

  keras-resnet-benchmark mlperf_tiny --weights=runs/r8 --dataset=cifar10

Exports it as int8 with int8 pixels in, measures its quality on 200 test images
and on all, and the latency of one inference after the other on one thread, and
says which rules of the closed division hold. It makes no MLPerf result.
"""
COLUMNS = (
    Column("", align="left"),
    Column("here", align="left"),
    Column("reference", align="left", missing=""),
)
NUMBERED = dict(
    enumerate((reference.SAMPLE_ACCURACY, reference.SIZE, reference.QUALITY), start=1)
)
RULE_COLUMNS = (
    Column("rule of the closed division", align="left"),
    Column("", align="left"),
    Column("why", align="left"),
)


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    text = functools.partial(flags.DEFINE_string, flag_values=values)
    text("weights", None, "Folder of the training, or its .keras file.")
    text("dataset", None, "CIFAR-10: cifar10, or a folder of its images.")
    text("output", "mlperf_tiny.tflite", "The .tflite file to write.")
    define_measuring(values)
    define_ledger(values)
    text("format", "text", f"Table's format: {', '.join(LAYOUTS)}.")


def rows(outcome: Outcome) -> list[tuple]:
    """Make the rows that stand below `COLUMNS`."""
    latency, size = outcome.record.latency, outcome.record.model.size_bytes
    all_images = outcome.record.accuracy
    samples, size_of, target = (
        f"{figure.value} [{number}]" for number, figure in NUMBERED.items()
    )
    return [
        (
            f"top-1 on {outcome.samples.count} images",
            _quality(outcome.samples),
            f"{samples}, at least {target}",
        ),
        (
            f"top-1 on all {all_images.count:,} images",
            _quality(all_images),
            None,
        ),
        (
            "file size",
            f"{size:,} bytes ({size / KIB:.1f} KiB)",
            size_of,
        ),
        ("latency, p50", f"{latency.p50_ms:.3f} ms", None),
        ("latency, p90", f"{latency.p90_ms:.3f} ms", None),
        ("inferences a second", f"{1e3 / latency.p50_ms:,.0f}", None),
    ]


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure what the flags in `values` name."""
    if arguments[1:]:
        raise ValueError(f"Only flags are taken. Received: {' '.join(arguments[1:])}")
    for flag in ("weights", "dataset"):
        if not values[flag].value:
            raise ValueError(f"`--{flag}` is needed. Received: --{flag}=")
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    settings = measuring_of(values)
    check_writable(values.output)
    check_ledger(values)
    from keras_resnet.training import datasets

    dataset = datasets.load(values.dataset)
    with ProgressLine() as progress:
        outcome = work(values.weights, dataset, values.output, settings, progress)
    judged = judge(outcome.facts)
    missed = sum(rule.verdict == FAILS for rule in judged)
    print(f"{this_machine().sentence()}\n")
    print(layout(COLUMNS, rows(outcome)), end="\n\n")
    for number, figure in NUMBERED.items():
        print(f"[{number}] {figure.name}: {figure.source}")
    print()
    print(
        layout(RULE_COLUMNS, [(r.rule, r.verdict, r.reason) for r in judged]),
        end="\n\n",
    )
    print(
        f"{counted(missed, 'rule')} of {len(judged)} "
        f"{'does' if missed == 1 else 'do'} not hold: this is no MLPerf result.\n"
        f"Written: {values.output}"
    )
    keep([outcome.record], values)
    return 0


def _quality(accuracy: Accuracy) -> str:
    low, high = wilson_interval(accuracy.correct, accuracy.count)
    share = accuracy.correct / accuracy.count
    return f"{share:.2%} ({low:.2%} to {high:.2%})"
