"""`keras-resnet-benchmark roofline FILE...`: the least time, on paper."""

import functools
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.benchmarks import litert_host
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger, keep
from keras_resnet.benchmarks.devices import DEVICES, Device
from keras_resnet.benchmarks.machine import available_cores
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.identity import command_line, model_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.benchmarks.roofline import table
from keras_resnet.benchmarks.roofline.host import HOST, measure_host
from keras_resnet.benchmarks.roofline.predict import predict
from keras_resnet.benchmarks.roofline.record import (
    measured_beside,
    to_record,
    with_ratios,
)
from keras_resnet.benchmarks.roofline.work import file_work
from keras_resnet.benchmarks.short_names import short_names
from keras_resnet.export.flatbuffer import read_path
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import LAYOUTS

DESCRIPTION = """Predict the least time that a device needs for a LiteRT file.

  keras-resnet-benchmark roofline model.tflite
  keras-resnet-benchmark roofline model.tflite --devices=pixel-6,coral-usb --layers=10
  keras-resnet-benchmark roofline model.tflite --devices=host --threads=1

Every operator takes at least as long as its arithmetic at the device's peak and
as its data at the memory's bandwidth. The limit is predicted, never measured;
--measured shows it beside what a ledger holds of the same file. For "host",
this machine's peaks are measured by matrix products through LiteRT, in turns
with the file itself. --sources lists every figure with where it is from.
"""
ALL = "all"
DEFAULTS = litert_host.Settings()


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the command's flags in `values`."""
    text, number, several = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_list)
    )
    several(
        "devices",
        [ALL],
        f"Devices, separated by commas: {', '.join([HOST, *DEVICES])}; or {ALL} of "
        f"the table, without {HOST}.",
    )
    number("threads", None, "Threads. Defaults to a device's cores; 1 for host.")
    number("layers", 0, "Layers to list of every prediction, the slowest first.")
    number("rounds", DEFAULTS.rounds, "For host: turns of measuring.")
    flags.DEFINE_float(
        "seconds", DEFAULTS.seconds, "For host: seconds of timing.", flag_values=values
    )
    text("measured", None, "Ledger with measurements to show beside.")
    flags.DEFINE_bool(
        "sources", False, "List the figures of the devices.", flag_values=values
    )
    define_ledger(values)
    text("format", "text", f"Tables' format: {', '.join(LAYOUTS)}.")


def run(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Predict the files named in `arguments[1:]`."""
    paths = arguments[1:]
    layout = LAYOUTS[check_choice("--format", values.format, LAYOUTS)]
    names = list(DEVICES) if values.devices == [ALL] else values.devices
    for name in names:
        check_choice("--devices", name, [HOST, *DEVICES], noun="device")
    if values.sources:
        devices = [DEVICES[name] for name in names if name != HOST]
        print(layout(table.SOURCE_COLUMNS, table.source_rows(devices)))
    if not paths:
        if values.sources:
            return 0
        raise ValueError(
            "Name at least one .tflite file: keras-resnet-benchmark roofline FILE... "
            "Received: no file"
        )
    if values.threads is not None:
        check_positive_integer("--threads", values.threads)
    if values.layers < 0:
        raise ValueError(
            f"`--layers` must be at least 0. Received: --layers={values.layers}"
        )
    check_ledger(values)
    known = ledger.read(values.measured).records if values.measured else ()
    works = {path: file_work(read_path(path), f"'{path}'") for path in paths}
    short = short_names(paths)
    models = {path: model_of(path, Path(short[path]).as_posix()) for path in paths}
    host, fresh = _host(paths, values) if HOST in names else (None, {})
    rows, records, left_out = [], [], []
    for path in paths:
        for name in names:
            device = host if name == HOST else DEVICES[name]
            threads = _threads(device, values)
            try:
                limit = predict(works[path], device, threads)
            except ValueError as error:
                if len(names) == 1:
                    raise
                left_out.append(str(error))
                continue
            measured = fresh.get(path) if name == HOST else None
            measured = measured or measured_beside(known, models[path], device, threads)
            records.append(
                with_ratios(to_record(limit, models[path], command_line()), measured)
            )
            rows.append((limit, models[path], measured))
    print(layout(table.COLUMNS, table.rows(rows)))
    for limit, model, _ in rows if values.layers else ():
        print(f"\n{model.name} on {limit.device.title}, predicted\n")
        print(layout(table.LAYER_COLUMNS, table.layer_rows(limit, values.layers)))
    for reason in left_out:
        print(f"Left out: {reason}")
    print("\nPredicted are lower limits from figures on paper, not measurements.")
    keep([*fresh.values(), *records], values)
    return 0


def _threads(device: Device, values: flags.FlagValues) -> int:
    # For more threads than there are figures, a limit would be none.
    return device.cores if values.threads is None else min(values.threads, device.cores)


def _host(
    paths: list[str], values: flags.FlagValues
) -> tuple[Device, dict[str, BenchmarkRecord]]:
    threads = 1 if values.threads is None else values.threads
    if threads > available_cores():
        raise ValueError(
            f"This process may use {available_cores()} cores. "
            f"Received: --threads={threads}"
        )
    settings = litert_host.Settings(rounds=values.rounds, seconds=values.seconds)
    unique = list(dict.fromkeys(paths))
    with ProgressLine() as progress:
        found = measure_host(unique, threads, settings, progress)
    print(table.host_text(found.device, threads), end="\n\n")
    return found.device, dict(zip(unique, found.records, strict=True))
