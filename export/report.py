"""What an export made and how good it is, for people and for programs."""

import dataclasses
import json
import re
from collections.abc import Sequence
from importlib import metadata

from keras_resnet.export.calibration import CalibrationSet
from keras_resnet.export.interpreter import TensorDescription
from keras_resnet.export.tflite import ExportedFile
from keras_resnet.export.verification import Verification
from keras_resnet.version import __version__

TITLES = (
    "format",
    "file",
    "KiB",
    "accuracy",
    "Keras",
    "agreement",
    "mean diff.",
    "largest diff.",
)
LEFT_ALIGNED = 2
NOT_VERIFIED = "-"
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
    lines = [TITLES, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < LEFT_ALIGNED else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    found = row.verification
    measures = (
        (NOT_VERIFIED,) * 5
        if found is None
        else (
            f"{found.accuracy:.2%}",
            f"{found.keras_accuracy:.2%}",
            f"{found.agreement:.2%}",
            f"{found.mean_difference:.5f}",
            f"{found.largest_difference:.5f}",
        )
    )
    size = f"{row.file.size_bytes / 1024:,.1f}"
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
        "versions": {
            "keras_resnet": __version__,
            **{name: metadata.version(name) for name in PACKAGES},
        },
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
