"""`keras-resnet-benchmark sweep`: accuracy against latency."""

import functools
import sys
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.commands.host import (
    define_measuring,
    measuring_of,
    parse_threads,
    warn_of_threads,
)
from keras_resnet.benchmarks.machine import available_cores, this_machine
from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.pages import record_tables, report_page
from keras_resnet.benchmarks.pages.pareto import pareto_front, pareto_picture
from keras_resnet.benchmarks.pictures.svg import standing_alone
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.sweeping.networks import networks_of
from keras_resnet.benchmarks.sweeping.plan import left_of, plan, records_of
from keras_resnet.benchmarks.sweeping.working import sweep
from keras_resnet.export.printable import printable
from keras_resnet.export.quantization import QUANTIZATIONS
from keras_resnet.files import write_text
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import Column, text_table
from keras_resnet.wording import counted

DESCRIPTION = """Measure models x formats x sides x threads: accuracy against latency.

  keras-resnet-benchmark sweep --models=runs/r8,runs/r20 --dataset=cifar10 \\
      --quantizations=float32,int8 --resolutions=24,32 --threads=1,2 --output=runs/sweep

A model is the folder of a training, a .keras file, or the name of a network,
which is then timed with random weights. Every file is noted in sweep.jsonl in
the output folder as soon as it is measured: the same command goes on where it
was stopped. At the end stand a table, pareto.svg and report.html, and --ledger
receives what it does not hold yet.
"""
LEDGER_NAME = "sweep.jsonl"
PICTURE_NAME = "pareto.svg"
REPORT_NAME = "report.html"
FILES_NAME = "files"
DEFAULT_QUANTIZATIONS = ["float32", "int8"]


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    listed, text = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_list, flags.DEFINE_string)
    )
    listed("models", [], "Models, separated by commas.")
    listed(
        "quantizations",
        DEFAULT_QUANTIZATIONS,
        f"Formats, separated by commas: {', '.join(QUANTIZATIONS)}.",
    )
    listed("resolutions", None, "Sides of the images. Defaults to each model's own.")
    listed("threads", None, "Thread counts. Defaults to 1 and all cores.")
    define_measuring(values)
    text("dataset", None, "Dataset to tell the accuracy of trained models with.")
    flags.DEFINE_integer(
        "evaluation_limit",
        None,
        "Test images, spread evenly. Defaults to all.",
        flag_values=values,
    )
    text("output", "runs/sweep", "Folder for everything it makes.")
    define_ledger(values)


def parse_sides(values: list[str] | None) -> list[int | None]:
    """Read sides as they were typed; None stands for the models' own.

    Raises:
        ValueError: If one is not a positive integer.
    """
    if values is None:
        return [None]
    if not values or not all(value.isdecimal() and int(value) for value in values):
        raise ValueError(
            "`--resolutions` must be positive integers separated by commas. "
            f"Received: --resolutions={','.join(values)}"
        )
    return [int(value) for value in values]


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Sweep over what the flags in `values` name."""
    if arguments[1:]:
        raise ValueError(f"Only flags are taken. Received: {' '.join(arguments[1:])}")
    if not values.quantizations:
        raise ValueError(
            "`--quantizations` must name at least one. Received: --quantizations="
        )
    for name in values.quantizations:
        check_choice("--quantizations", name, QUANTIZATIONS, noun="format")
    limit = values.evaluation_limit
    if limit is not None:
        check_positive_integer("--evaluation_limit", limit)
    settings = measuring_of(values)
    threads = parse_threads(values.threads, available_cores())
    sides = parse_sides(values.resolutions)
    units = plan(networks_of(values.models), values.quantizations, sides, threads)
    machine = this_machine()
    warn_of_threads(threads, machine.cores)
    folder = Path(values.output)
    path = folder / LEDGER_NAME
    check_writable(folder / REPORT_NAME)
    check_ledger(values)
    dataset = images = None
    if values.dataset:
        from keras_resnet.training import datasets

        dataset = datasets.load(values.dataset)
        images = min(dataset.test.size, limit or dataset.test.size)
    known = _known(path)
    scored_on = (images, None if dataset is None else dataset.name)
    left = _left(units, known, machine.processor, *scored_on)
    total, missing = (sum(len(u.threads) for u in some) for some in (units, left))
    print(f"{machine.sentence()}\n{counted(total, 'configuration')}", end="")
    print(f", {total - missing} of them in {path} already" if total > missing else "")
    with ProgressLine() as progress:
        sweep(left, folder / FILES_NAME, path, settings, dataset, limit, progress)
    records = ledger.read(path).records
    made = records_of(units, records, machine.processor, *scored_on)
    _show(made, folder)
    kept = _known(Path(values.ledger)) if values.ledger else ()
    # The same command may have been there before.
    keep([record for record in made if record not in kept], values)
    return 0


def _known(path: Path) -> tuple:
    if not path.is_file():
        return ()
    contents = ledger.read(path, may_be_empty=True)
    for fault in contents.faults:
        print(f"Warning: {printable(fault)}", file=sys.stderr)
    return contents.records


def _left(units, known, device: str, images: int | None, dataset: str | None) -> list:
    """Return what is left; untrained networks have no accuracy to wait for."""
    trained = [unit for unit in units if unit.network.is_trained]
    others = [unit for unit in units if not unit.network.is_trained]
    left = left_of(trained, known, device, images, dataset)
    left += left_of(others, known, device, None)
    return left


def _show(records, folder: Path) -> None:
    scored = [record for record in records if record.accuracy is not None]
    front = pareto_front(scored)
    columns, rows = record_tables.without_empty_columns(
        record_tables.accuracy_table(scored)
        if scored
        else record_tables.latency_table(records)
    )
    if scored:
        columns = (*columns, Column("front", align="left"))
        rows = [
            (*row, "best for its time" if record in front else "")
            for row, record in zip(rows, scored, strict=True)
        ]
    print(f"\n{text_table(columns, rows)}\n")
    drawn = pareto_picture(records)
    if drawn is not None:
        write_text(folder / PICTURE_NAME, standing_alone(drawn))
        print(f"Written: {folder / PICTURE_NAME}")
    page = report_page.build(records, title="Accuracy against latency")
    write_text(folder / REPORT_NAME, page)
    print(f"Written: {folder / REPORT_NAME}")
