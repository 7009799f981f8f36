"""The program `keras-resnet-export`."""

import contextlib
import dataclasses
import functools
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.export import report
from keras_resnet.export.calibration import (
    DEFAULT_COUNT,
    CalibrationSet,
    draw_from_split,
)
from keras_resnet.export.operators import operator_text
from keras_resnet.export.prepare import check_backend, settle_image_shape
from keras_resnet.export.quantization import (
    QUANTIZATIONS,
    Quantization,
    get,
    interface_types,
)
from keras_resnet.export.tflite import to_tflite
from keras_resnet.export.verification import verify_files
from keras_resnet.files import write_aside
from keras_resnet.program import run
from keras_resnet.progress import Counter
from keras_resnet.wording import counted

DESCRIPTION = """Export a trained model to TFLite files and verify each of them.

  keras-resnet-export --model=runs/x/model.keras --dataset=digits

Every file takes one image of raw pixels, holds builtin operators alone, and
is run with LiteRT over the dataset's test images beside the Keras model. int8
is calibrated on training images. The files and export.json appear together
once all of them are good.

Formats:
{formats}
""".format(
    formats="\n".join(
        f"  {row.name:<12}  {row.summary}" for row in QUANTIZATIONS.values()
    )
)
REPORT_NAME = "export.json"
DEFAULT_FOLDER = "tflite"
BATCH_SIZE = 32


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    text("model", None, "The .keras file to export.")
    text(
        "dataset",
        None,
        "Dataset to calibrate and verify with: digits, image_folder:PATH, or a name "
        "of TensorFlow Datasets. Without one, float formats and dynamic_int8 are "
        "exported unverified.",
    )
    flags.DEFINE_list(
        "quantization",
        list(QUANTIZATIONS),
        "Formats to export, separated by commas.",
        flag_values=values,
    )
    text(
        "output",
        None,
        f"Folder to write to. Defaults to {DEFAULT_FOLDER}/ beside the model.",
    )
    text("input_type", None, "Input of an int8 file: uint8 (default), int8 or float32.")
    text("output_type", None, "Output of an int8 file. Defaults to its input's type.")
    number("calibration_images", DEFAULT_COUNT, "Training images to calibrate int8 on.")
    number(
        "evaluation_limit",
        None,
        "Verify on so many test images, spread evenly over the test split and the "
        "same ones every time. Defaults to all.",
    )
    number("seed", 0, "Seed of the draw of calibration images.")
    number("threads", 1, "Threads that LiteRT verifies with.")


def parse_quantizations(names: Sequence[str]) -> list[Quantization]:
    """Return the rows of the formats asked for, each once.

    Raises:
        ValueError: If one is unknown, or there is none.
    """
    rows = [get(name.strip()) for name in names]
    if not rows:
        raise ValueError(
            "`--quantization` must name at least one of "
            f"{', '.join(QUANTIZATIONS)}. Received: --quantization="
        )
    return list(dict.fromkeys(rows))


def load_model(path: str) -> keras.Model:
    """Load a trained model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a Keras model.
    """
    if Path(path).is_dir():
        inside = Path(path) / "model.keras"
        hint = f" Did you mean '{inside}'?" if inside.is_file() else ""
        raise FileNotFoundError(f"'{path}' is a folder, not a model file.{hint}")
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no model file '{path}'.")
    if Path(path).suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ValueError(
            f"Cannot load a Keras model from '{path}': it is not a `.keras` file, or a "
            "damaged one."
        )
    try:
        return keras.saving.load_model(path, compile=False)
    # A damaged file fails in as many ways as it can be damaged.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"Cannot load a Keras model from '{path}': {reason}"
        ) from error


def export(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Export as the flags in `values` say; `arguments` holds the rest."""
    check_backend()
    if len(arguments) > 1:
        raise ValueError(
            f"Every argument is a flag, --name=value. Received: {arguments[1]!r}"
        )
    if not values.model:
        raise ValueError("Say which model to export: --model=FILE.keras")
    rows = parse_quantizations(values.quantization)
    interfaces = _interfaces(rows, values.input_type, values.output_type)
    check_positive_integer("--calibration_images", values.calibration_images)
    check_positive_integer("--threads", values.threads)
    if values.evaluation_limit is not None:
        check_positive_integer("--evaluation_limit", values.evaluation_limit)
    calibrated = [row.name for row in rows if row.calibrated]
    if calibrated and not values.dataset:
        raise ValueError(
            f"{calibrated[0]} is calibrated on training images: name them with "
            "--dataset, or leave the format out with --quantization=. "
            f"Received: --quantization={','.join(row.name for row in rows)}"
        )
    folder = Path(values.output or Path(values.model).parent / DEFAULT_FOLDER)
    paths = [folder / f"{Path(values.model).stem}_{row.name}.tflite" for row in rows]
    model = load_model(values.model)
    image_shape = settle_image_shape(model)
    dataset = _load_dataset(values.dataset, model, image_shape)

    # The old files stay until everything new is complete and good.
    with contextlib.ExitStack() as stack:
        document = stack.enter_context(write_aside(folder / REPORT_NAME))
        temporary = [stack.enter_context(write_aside(path)) for path in paths]
        calibration = None
        if calibrated:
            calibration = draw_from_split(
                dataset.train, image_shape, values.calibration_images, values.seed
            )
        exported = []
        for row, interface, path, aside in zip(
            rows, interfaces, paths, temporary, strict=True
        ):
            _say(_conversion(row, calibration))
            file = to_tflite(model, aside, row.name, calibration, *interface)
            exported.append(dataclasses.replace(file, path=path))
        verifications = [None] * len(rows)
        if dataset:
            verifications = _verify(
                rows, temporary, model, dataset, image_shape, values
            )
        table_rows = [
            report.Row(file, verification)
            for file, verification in zip(exported, verifications, strict=True)
        ]
        document.write_text(
            report.document(
                table_rows,
                model=values.model,
                dataset=values.dataset,
                calibration=calibration,
            ),
            encoding="utf-8",
            newline="\n",
        )
    _print_result(table_rows, folder, values.dataset)
    return 0


def _interfaces(rows, input_type, output_type) -> list[tuple]:
    """Give the types asked for to the formats that have a choice."""
    with_choice = [row for row in rows if len(row.interface_types) > 1]
    if not with_choice:
        # Nothing can be chosen: what was asked for is right or an error.
        return [interface_types(row, input_type, output_type) for row in rows]
    return [
        interface_types(row, input_type, output_type)
        if row in with_choice
        else interface_types(row, None, None)
        for row in rows
    ]


def _load_dataset(name: str | None, model, image_shape):
    if not name:
        return None
    from keras_resnet.training import datasets

    dataset = datasets.load(name)
    classes = model.outputs[0].shape[-1]
    if len(dataset.class_names) != classes:
        raise ValueError(
            f"The model tells {classes} classes apart and the dataset has "
            f"{len(dataset.class_names)}. Received: --dataset={name}"
        )
    channels = dataset.image_shape[2]
    if channels != image_shape[2]:
        raise ValueError(
            f"The model takes images of {counted(image_shape[2], 'channel')} and the "
            f"dataset's have {channels}. Received: --dataset={name}"
        )
    return dataset


def _verify(rows, files, model, dataset, image_shape, values) -> list:
    from keras_resnet.training.datasets import evaluation_batches

    limit, size = values.evaluation_limit, dataset.test.size
    batches = evaluation_batches(dataset.test, image_shape, BATCH_SIZE, limit)
    images = min(size, limit or size)
    share = f"{images:,} of " if images < size else ""
    _say(f"Verifying on {share}{counted(size, 'test image')} of {values.dataset}")
    with Counter("inferences", images * len(rows)) as counter:
        return verify_files(
            files,
            model,
            batches.as_numpy_iterator(),
            names=[f"The {row.name!r} file" for row in rows],
            threads=values.threads,
            on_image=counter,
        )


def _conversion(row: Quantization, calibration: CalibrationSet | None) -> str:
    if not row.calibrated:
        return f"Converting to {row.name}"
    images = counted(len(calibration.images), "calibration image")
    return f"Converting to {row.name}, {images}"


def _print_result(rows, folder: Path, dataset: str | None) -> None:
    print(report.table(rows))
    for row in rows:
        print(f"\n{row.file.quantization}")
        print(f"  {report.interface(row.file.input)}")
        print(f"  {report.interface(row.file.output)}")
        print(f"  operators: {operator_text(row.file.operators)}")
    if not dataset:
        print("\nNot verified: no --dataset was named.")
    elif any(_predicts_one_class(row.verification) for row in rows):
        print("\nThe Keras model itself predicts one class for every test image.")
    print(f"\nWritten: {folder} ({REPORT_NAME} describes the files)")


def _predicts_one_class(verification) -> bool:
    return sum(count > 0 for count in verification.keras_predicted_counts) == 1


def _say(message: str) -> None:
    print(f"{message} ...", file=sys.stderr, flush=True)


def main() -> None:
    """Run the program."""
    define_flags()
    run(export, DESCRIPTION)
