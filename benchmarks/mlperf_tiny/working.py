"""From a trained ResNet-8 to what MLPerf Tiny looks at."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_resnet.benchmarks import litert_host
from keras_resnet.benchmarks.host.settings import Settings
from keras_resnet.benchmarks.mlperf_tiny import reference
from keras_resnet.benchmarks.mlperf_tiny.rules import Facts
from keras_resnet.benchmarks.mlperf_tiny.samples import sample_places
from keras_resnet.benchmarks.records.schema import Accuracy, BenchmarkRecord
from keras_resnet.benchmarks.scoring import correct_predictions
from keras_resnet.benchmarks.sweeping.networks import network_of
from keras_resnet.export.interpreter import LiteRTModel

if TYPE_CHECKING:
    from keras_resnet.training.datasets import ImageDataset

TARGET = "mlperf-tiny"
BATCH_SIZE = 100
CALIBRATION_IMAGES = 200

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        record: Latency, size and accuracy on all test images.
        samples: Accuracy on the drawn images.
        facts: What the rules are applied to.
    """

    record: BenchmarkRecord
    samples: Accuracy
    facts: Facts


def work(
    weights: str,
    dataset: "ImageDataset",
    path: str | os.PathLike,
    settings: Settings,
    progress: Progress,
) -> Outcome:
    """Export a trained ResNet-8, and measure quality, latency and size.

    Args:
        weights: Folder of the training, or its `.keras` file.
        dataset: Ten classes of images of 32 x 32 x 3.
        path: Where the `.tflite` file goes.
        settings: How latency is measured.
        progress: Receives a line of text before every step.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If model or dataset are not of the benchmark's shape.
        RuntimeError: If it cannot be exported or run.
    """
    from keras_resnet import create_model
    from keras_resnet.export import to_tflite
    from keras_resnet.export.calibration import draw_from_split
    from keras_resnet.training.datasets import evaluation_batches, folder_of

    _check_dataset(dataset)
    progress("loading the model")
    model = _load(weights)
    progress("exporting")
    calibration = draw_from_split(
        dataset.train, reference.IMAGE_SHAPE, CALIBRATION_IMAGES
    )
    to_tflite(model, path, None, calibration, target=TARGET)
    batches = [
        (images.numpy(), labels.numpy())
        for images, labels in evaluation_batches(
            dataset.test, reference.IMAGE_SHAPE, BATCH_SIZE
        )
    ]
    labels = np.concatenate([labels for _, labels in batches])
    places = sample_places(labels)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if done % BATCH_SIZE == 0:
            progress(f"quality, {done:,} of {len(labels):,} images")

    correct = correct_predictions(path, batches, count)
    samples = Accuracy(int(correct[places].sum()), len(places), dataset.name)
    (record,) = litert_host.measure_files([path], [1], settings, progress)
    file = LiteRTModel(path)
    same = create_model(
        reference.NETWORK,
        weights=None,
        input_shape=reference.IMAGE_SHAPE,
        classes=reference.CLASSES,
    )
    facts = Facts(
        parameters=model.count_params(),
        reference_parameters=same.count_params(),
        dataset=dataset.name,
        is_folder=folder_of(dataset.name) is not None,
        sample_accuracy=samples.correct / samples.count,
        accuracy=float(correct.mean()),
        input=file.input,
        output=file.output,
    )
    record = dataclasses.replace(
        record,
        accuracy=Accuracy(int(correct.sum()), len(correct), dataset.name),
        settings={"benchmark": "MLPerf Tiny image classification"},
        figures={"sample_correct": samples.correct, "sample_count": samples.count},
        notes=(
            *record.notes,
            "This is no MLPerf result: it was not submitted, and not all rules of the "
            "closed division hold.",
        ),
    )
    return Outcome(record, samples, facts)


def _load(weights: str):
    network = network_of(weights)
    if network.path is None:
        raise ValueError(
            "Name a trained model, the folder of a training or a .keras file. "
            f"Received: --weights={weights}"
        )
    model = network.build(None)
    shapes = tuple(model.inputs[0].shape[1:]), model.outputs[0].shape[-1]
    if shapes != (reference.IMAGE_SHAPE, reference.CLASSES):
        raise ValueError(
            f"The benchmark's model takes images of {reference.IMAGE_SHAPE} and tells "
            f"{reference.CLASSES} classes apart. Received: '{Path(network.path)}' with "
            f"{shapes[0]} and {shapes[1]}"
        )
    return model


def _check_dataset(dataset: "ImageDataset") -> None:
    if (
        len(dataset.class_names) != reference.CLASSES
        or dataset.image_shape[2] != reference.IMAGE_SHAPE[2]
    ):
        raise ValueError(
            f"The benchmark has {reference.CLASSES} classes of colour images. "
            f"Received: --dataset={dataset.name} with {len(dataset.class_names)} "
            f"classes and {dataset.image_shape[2]} channels"
        )
