"""What `keras-resnet-export` does with a model: convert, prove, write."""

import contextlib
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.export import proof, report
from keras_resnet.export.calibration import (
    CalibrationMethod,
    CalibrationSet,
    CalibrationWarning,
    draw_from_split,
    get_method,
    manifest_path,
)
from keras_resnet.export.chosen_formats import chosen_formats
from keras_resnet.export.compression.search_flags import (
    check_search_flags,
    search_by_flags,
)
from keras_resnet.export.dataset import load_dataset, prove_on_dataset
from keras_resnet.export.model_file import load_model
from keras_resnet.export.noted import (
    choose_framing,
    choose_labels,
    find_training,
    noted_image_shape,
)
from keras_resnet.export.preparation import (
    AS_IT_IS,
    HEADS,
    check_backend,
    settle_image_shape,
)
from keras_resnet.export.quantization import USUAL, Quantization
from keras_resnet.export.quantization_aware import QuantizeAwareModel
from keras_resnet.export.tflite import FormatWarning, to_tflite
from keras_resnet.files import write_aside
from keras_resnet.notes import told_as_notes
from keras_resnet.wording import counted

DEFAULT_FOLDER = "tflite"
# What a quantize-aware model becomes.
QUANTIZE_AWARE = ("int8",)


def export_by_flags(values: flags.FlagValues) -> int:
    """Export a model as flags say.

    Args:
        values: The program's flags.

    Returns:
        The exit status, 0.

    Raises:
        ValueError: If a flag's value is not accepted.
        OSError: If a file cannot be read or written.
        RuntimeError: If the model cannot be exported as asked.
    """
    check_backend()
    if not values.model:
        raise ValueError("Say which model to export: --model=FILE.keras")
    # Mistakes are told before the model is loaded.
    rows, interfaces = chosen_formats(values, USUAL)
    for flag in ("calibration_images", "threads", "evaluation_limit"):
        if values[flag].value is not None:
            check_positive_integer(f"--{flag}", values[flag].value)
    method = get_method(values.calibration_method)
    _check_method(rows, method)
    check_search_flags(values)
    _check_head(rows, values.head)
    model = load_model(values.model)
    is_aware = isinstance(model, QuantizeAwareModel)
    if is_aware:
        rows, interfaces = chosen_formats(values, QUANTIZE_AWARE)
        for row in rows:
            if row.is_searched:
                raise ValueError(
                    "A quantize-aware model has its precision already and becomes an "
                    f"'int8' file. Received: --quantization={row.name}"
                )
    calibrated = [] if is_aware else [row.name for row in rows if row.takes_images]
    if calibrated and not values.dataset:
        raise ValueError(
            f"{calibrated[0]} is calibrated on training images: name them with "
            "--dataset, or leave the format out with --quantization=. "
            f"Received: --quantization={','.join(row.name for row in rows)}"
        )
    folder = Path(values.output or Path(values.model).parent / DEFAULT_FOLDER)
    paths = [folder / f"{Path(values.model).stem}_{row.name}.tflite" for row in rows]
    trained = find_training(values.model)
    image_shape = settle_image_shape(model, noted_image_shape(model, trained))
    dataset = load_dataset(values.dataset, model, image_shape, trained)
    classes = model.outputs[0].shape[-1]
    labels = choose_labels(values.labels, classes, trained, dataset)
    framing = choose_framing(trained, dataset)

    # The old files stay until everything new is complete and good.
    with contextlib.ExitStack() as stack:

        def aside(path: Path) -> Path:
            return stack.enter_context(write_aside(path))

        temporary = [aside(path) for path in paths]
        documents = [tuple(map(aside, proof.proof_paths(path))) for path in paths]
        manifests = [
            aside(manifest_path(path)) if row.name in calibrated else None
            for row, path in zip(rows, paths, strict=True)
        ]
        calibration = None
        if calibrated:
            calibration = draw_from_split(
                dataset.train,
                image_shape,
                values.calibration_images,
                values.seed,
                framing,
                f"the training split of {dataset.name}",
            )
        exported = []
        for row, interface, path, file, manifest in zip(
            rows, interfaces, paths, temporary, manifests, strict=True
        ):
            _say(_conversion(row, calibration))
            if row.is_searched:
                found = search_by_flags(
                    model, dataset, calibration, image_shape, values
                )
                made = found.write(
                    file, target=values.target, labels=labels, manifest=manifest
                )
                exported.append(dataclasses.replace(made, path=path))
                continue
            with told_as_notes(CalibrationWarning), told_as_notes(FormatWarning):
                made = to_tflite(
                    model,
                    file,
                    row.name,
                    calibration,
                    *interface,
                    calibration_method=method,
                    image_shape=image_shape,
                    target=values.target,
                    labels=labels,
                    manifest=manifest,
                    head=values.head,
                )
            exported.append(dataclasses.replace(made, path=path))
        proofs = prove_on_dataset(
            exported,
            temporary,
            model,
            dataset,
            framing,
            values.evaluation_limit,
            values.threads,
        )
        origin = proof.find_origin(values.model, dataset, calibration, framing)
        for proven, both in zip(proofs, documents, strict=True):
            proof.write_proof(proven, origin, both)
    print(report.result_text(proofs, folder, values.dataset))
    return 0


def _check_method(rows: Sequence[Quantization], method: CalibrationMethod) -> None:
    fixed = [row.name for row in rows if row.calibrated and not row.takes_ranges]
    if fixed and method.choose is not None:
        raise ValueError(
            f"The ranges of {fixed[0]} are those of the smallest and the largest "
            f"value. Received: --calibration_method={method.name}"
        )


def _check_head(rows: Sequence[Quantization], head: str) -> None:
    check_choice("--head", head, HEADS)
    searched = [row.name for row in rows if row.is_searched]
    if searched and head != AS_IT_IS:
        raise ValueError(
            f"The search of {searched[0]} compares files with the model as it is: "
            f"leave --head out for it. Received: --head={head}"
        )


def _conversion(row: Quantization, calibration: CalibrationSet | None) -> str:
    if not row.takes_images or calibration is None:
        return f"Converting to {row.name}"
    images = counted(len(calibration.images), "calibration image")
    return f"Converting to {row.name}, {images}"


def _say(message: str) -> None:
    print(f"{message} ...", file=sys.stderr, flush=True)
