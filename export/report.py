"""What an export made and how good it is, for people and for programs."""

import dataclasses
import json
import re
from collections.abc import Sequence

from keras_resnet.export.calibration import CalibrationSet
from keras_resnet.export.interpreter import TensorDescription
from keras_resnet.export.tflite import ExportedFile
from keras_resnet.export.verification import Verification
from keras_resnet.tables import Column, text_table
from keras_resnet.versions import software_versions

KIB = 1024
NOT_VERIFIED = "-"


def _measure(title: str, number_format: str, second_line: str = "") -> Column:
    return Column(title, second_line, number_format, missing=NOT_VERIFIED)


COLUMNS = (
    Column("format", align="left"),
    Column("file", align="left"),
    Column("size", "KiB", ",.1f"),
    _measure("accuracy", ".2%", "file"),
    _measure("accuracy", ".2%", "Keras"),
    _measure("agreement", ".2%"),
    _measure("difference", ".2g", "mean"),
    _measure("difference", ".2g", "largest"),
)
# A list of numbers in indented JSON, which is read better in one line.
NUMBER_LIST = re.compile(r"\[[\s\d,]+\]")
PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy")


@dataclasses.dataclass(frozen=True)
class Row:
    """One exported file and, where it was verified, how it compares."""

    file: ExportedFile
    verification: Verification | None = None


def table(rows: Sequence[Row]) -> str:
    """Lay out exported files as aligned text.

    Accuracies and agreement are in percent; differences are of the outputs,
    probabilities for a model with a softmax.
    """
    return text_table(COLUMNS, [_cells(row) for row in rows])


def _cells(row: Row) -> tuple:
    size = row.file.size_bytes / KIB
    found = row.verification
    measures = (
        (None,) * 5
        if found is None
        else (
            found.accuracy,
            found.keras_accuracy,
            found.agreement,
            found.mean_difference,
            found.largest_difference,
        )
    )
    return (row.file.quantization, row.file.path.name, size, *measures)


def interface(tensor: TensorDescription) -> str:
    """Say what a file's input or output holds, in one line."""
    shape = ", ".join(map(str, tensor.shape))
    said = f"{tensor.name}: {tensor.dtype} ({shape})"
    if tensor.scale is None:
        return said
    return f"{said}, scale {tensor.scale:.6g}, zero point {tensor.zero_point}"


def document(
    rows: Sequence[Row],
    *,
    model: str,
    dataset: str | None,
    calibration: CalibrationSet | None,
) -> str:
    """Return the export as a JSON document.

    Args:
        rows: The files.
        model: Path of the model, as it was given.
        dataset: Name of the dataset, if there was one.
        calibration: The images that ranges were measured on, if any; the
            document holds their places in the training split.
    """
    content = {
        "model": model,
        "dataset": dataset,
        "versions": software_versions(*PACKAGES),
        "calibration": None
        if calibration is None
        else {
            "split": "train",
            "seed": calibration.seed,
            "indices": list(calibration.indices),
        },
        "files": [_entry(row) for row in rows],
    }
    text = json.dumps(content, indent=2, allow_nan=False)
    return NUMBER_LIST.sub(lambda found: " ".join(found[0].split()), text) + "\n"


def _entry(row: Row) -> dict:
    entry = dataclasses.asdict(row.file)
    # The document stands beside the files.
    entry["path"] = row.file.path.name
    found = row.verification
    entry["verification"] = None if found is None else dataclasses.asdict(found)
    return entry
