"""`evaluate`: weights and a dataset in, figures and pictures of them out."""

import functools
import json
import os

import numpy as np

from keras_resnet.arguments import check_choice
from keras_resnet.files import write_text
from keras_resnet.progress import Counter
from keras_resnet.training import datasets
from keras_resnet.training.cluster.exchange import from_chief
from keras_resnet.training.cluster.lost_workers import lost_workers_told
from keras_resnet.training.cluster.shared_run import load_in_turn
from keras_resnet.training.cluster.workers import TIMEOUT
from keras_resnet.training.datasets.broken_files import IN_EVALUATION
from keras_resnet.training.datasets.class_map import ClassMap, as_class_map
from keras_resnet.training.distribution import (
    check_backend,
    describe_strategy,
    is_chief,
    make_strategy,
    quiet_logging,
)
from keras_resnet.training.evaluation.class_checks import (
    check_class_names,
    check_classes,
)
from keras_resnet.training.evaluation.confusion_picture import draw_confusion_matrix
from keras_resnet.training.evaluation.crops import (
    BATCH_SIZE,
    CROPS,
    MULTI_SCALE,
    ONE,
)
from keras_resnet.training.evaluation.earlier import (
    CONFUSIONS,
    FILES,
    PER_CLASS,
    REPORT,
    keep_earlier,
)
from keras_resnet.training.evaluation.evaluator import Evaluator
from keras_resnet.training.evaluation.report import (
    csv_report,
    json_report,
    text_report,
)
from keras_resnet.training.evaluation.result import EvaluationResult
from keras_resnet.training.evaluation.scored_network import (
    Source,
    find_source,
    make_network,
)
from keras_resnet.training.run_folder import as_run_folder
from keras_resnet.weights import Card


@lost_workers_told("Start all workers again.")
def evaluate(
    weights: str | os.PathLike | Card,
    dataset: str | datasets.ImageDataset | None = None,
    model: str | None = None,
    output: str | os.PathLike | None = None,
    *,
    evaluation_crops: str | int = ONE,
    image_side: int | None = None,
    batch_size: int | None = None,
    strategy: str = "auto",
    virtual_devices: int | None = None,
    worker_timeout: float = TIMEOUT,
    class_map: str | os.PathLike | ClassMap | None = None,
    unreadable: str = "skip",
    verbose: bool = True,
) -> EvaluationResult:
    """Score a network on the test images of a dataset, and write it down.

    The folder gets `evaluation.json`, `per_class.csv` and
    `confusion_matrix.png`. Those of an earlier evaluation that found something
    else are kept, in `earlier_evaluations/1` and on.

    Images are prepared as the weights want it: as their card says; as at the
    end of the training whose folder a file lies in; otherwise the central
    0.875 of the shorter side is cut out, and the normalization is the
    network's own. A `.keras` file takes raw pixels.

    Several workers make the same call, and each finds the weights and the
    images. The first of them, the chief, writes the folder, and prints.

    Args:
        weights: Folder of a training; a `.keras` model; a file of weights; or
            the name of a set of weights, as `"resnet50.a1_in1k"`.
        dataset: Name of a dataset, as `datasets.load` takes it, or one.
            Defaults to that of the training.
        model: Name of the network that a file of weights is of. Defaults to
            that of the training.
        output: Folder to write to. Defaults to that of the weights, and for a
            set of weights to `runs/evaluate_<name>`.
        evaluation_crops: `"1"`, the centre; `"10"`, corners and centre, also
            mirrored (Krizhevsky et al., 2012); `"multi_scale"`, the whole
            image at five sizes (He et al., 2015, section 3.4). Defaults to
            `"1"`.
        image_side: Height and width of a crop. Defaults to what the weights
            were evaluated at.
        batch_size: Crops a step over all devices. Defaults to 64.
        strategy: As `train` takes it. Defaults to `"auto"`.
        virtual_devices: As `train` takes it. Defaults to none.
        worker_timeout: As `train` takes it. Defaults to 600.
        class_map: For an image folder, the labels of its classes, as
            `datasets.load` takes it. Defaults to that of the training where
            the dataset is that of the training, else to the order of their
            names.
        unreadable: `"skip"` or `"error"`, for image files that cannot be
            decoded. Defaults to `"skip"`.
        verbose: Whether to show what was found. Defaults to True.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a name is unknown, the weights do not fit the network,
            or the network not the classes or images of the dataset.
        RuntimeError: If the backend is PyTorch, or the CPU can no longer be split.
        LostWorkerError: If another worker was lost; it is a `RuntimeError`.
        TimeoutError: If another worker never came.
        OSError: If a file is missing or cannot be read or written.
        ImportError: If an optional package is missing.
    """
    check_backend()
    evaluation_crops = check_choice("evaluation_crops", str(evaluation_crops), CROPS)
    # The CPU is split before anything else touches TensorFlow's devices.
    with quiet_logging():
        distribution = make_strategy(strategy, virtual_devices, timeout=worker_timeout)
    verbose = verbose and is_chief(distribution)
    source = find_source(weights, model)
    folder = as_run_folder(source.folder if output is None else output).path
    data = load_in_turn(
        distribution,
        functools.partial(_load, source, dataset, class_map, unreadable),
    )
    check_classes(source.classes, data)
    with quiet_logging(), distribution.scope():
        network = make_network(
            source, data, image_side, any_size=evaluation_crops == MULTI_SCALE
        )
    check_classes(network.classes, data)
    check_class_names(source.run, data)
    with quiet_logging():
        evaluator = Evaluator(
            network.model,
            distribution,
            data.test,
            network.image_shape,
            BATCH_SIZE if batch_size is None else batch_size,
            network.framing,
            evaluation_crops,
            network.gives_logits,
            IN_EVALUATION,
        )
        outcomes = _outcomes(evaluator, data.test.size, verbose)
    result = EvaluationResult(
        weights=source.label,
        network=network.name,
        parameters=network.model.count_params(),
        dataset=data.name,
        class_names=data.class_names,
        image_shape=network.image_shape,
        crops=evaluation_crops,
        crop_share=network.framing.crop,
        interpolation=network.framing.interpolation,
        devices=describe_strategy(distribution),
        outcomes=outcomes,
        folder=folder,
    )
    if verbose:
        # Before anything is written: a full disk must not cost it.
        print(text_report(result), flush=True)
    earlier = from_chief(distribution, functools.partial(_write, result))
    if verbose:
        print(f"\nWritten: {folder} ({', '.join(FILES)})", flush=True)
        if earlier:
            print(f"An earlier evaluation is kept in {earlier.decode()}.", flush=True)
    return result


def _load(source: Source, dataset, class_map, unreadable: str):
    if isinstance(dataset, datasets.ImageDataset):
        return dataset
    if dataset is None:
        if source.run is None:
            raise ValueError(
                "`dataset` must say which test images to score on, as 'digits' or "
                f"'image_folder:PATH'. Received: weights='{source.label}'"
            )
        dataset = source.run.dataset
    if class_map is None and source.run is not None:
        class_map = source.run.class_map_for(dataset)
    class_map = as_class_map(class_map)
    if class_map is not None and source.classes:
        class_map = class_map.for_classes(source.classes)
    return datasets.load(dataset, unreadable=unreadable, class_map=class_map)


def _outcomes(evaluator: Evaluator, size: int, verbose: bool):
    if not verbose:
        outcomes = evaluator.outcomes()
    else:
        with Counter("test images", size) as counter:
            outcomes = evaluator.outcomes(
                lambda number: [counter() for _ in range(number)]
            )
    if not np.isfinite(outcomes.losses).all():
        wrong = int(np.count_nonzero(~np.isfinite(outcomes.losses)))
        raise ValueError(
            f"The network's outputs are infinite or no numbers for {wrong:,} of "
            f"{outcomes.count:,} images: its weights are damaged, or were made for "
            "pixels that are prepared otherwise."
        )
    return outcomes


def _write(result: EvaluationResult) -> bytes | None:
    """Write the files, and return where those of an earlier evaluation are.

    It is UTF-8, as workers tell each other bytes.
    """
    text = json.dumps(json_report(result), indent=2) + "\n"
    earlier = keep_earlier(result.folder, text)
    write_text(result.folder / REPORT, text)
    write_text(result.folder / PER_CLASS, csv_report(result))
    draw_confusion_matrix(result.folder / CONFUSIONS, result)
    return None if earlier is None else str(earlier).encode()
