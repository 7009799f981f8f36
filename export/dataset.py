"""The dataset that files are calibrated and verified with."""

import sys
from typing import TYPE_CHECKING

from keras_resnet.export import proof
from keras_resnet.progress import Counter
from keras_resnet.wording import counted

if TYPE_CHECKING:
    from keras_resnet.training.datasets import ImageDataset
    from keras_resnet.training.datasets.evaluation import Framing
    from keras_resnet.training.evaluation.trained_run import TrainedRun

BATCH_SIZE = 32


def load_dataset(
    name: str | None, model, image_shape, trained: "TrainedRun | None" = None
) -> "ImageDataset | None":
    """Load a dataset that fits a model; None where none was named.

    Args:
        name: As `keras_resnet.training.datasets.load` takes it.
        model: The Keras model.
        image_shape: `(height, width, channels)` that it takes.
        trained: The training that it came from. Defaults to none that is known.

    Raises:
        ValueError: If its classes or channels are not the model's.
    """
    if not name:
        return None
    from keras_resnet.training import datasets
    from keras_resnet.training.evaluation.class_checks import check_class_names

    class_map = trained.class_map_for(name) if trained else None
    dataset = datasets.load(name, class_map=class_map)
    classes = model.outputs[0].shape[-1]
    if len(dataset.class_names) != classes:
        raise ValueError(
            f"The model tells {classes} classes apart and the dataset has "
            f"{len(dataset.class_names)}. Received: --dataset={name}"
        )
    check_class_names(trained, dataset)
    channels = dataset.image_shape[2]
    if channels != image_shape[2]:
        raise ValueError(
            f"The model takes images of {counted(image_shape[2], 'channel')} and the "
            f"dataset's have {channels}. Received: --dataset={name}"
        )
    return dataset


def prove_on_dataset(
    files,
    paths,
    model,
    dataset: "ImageDataset | None",
    framing: "Framing | None",
    limit: int | None = None,
    threads: int | None = None,
) -> list[proof.Proof]:
    """Measure what files are worth on a dataset's test images.

    Args:
        files: What `to_tflite` returned.
        paths: Where they stand.
        model: The Keras model they were made from.
        dataset: The dataset; None for a proof without images.
        framing: How its images are resized and cropped.
        limit: How many test images to take. Defaults to all.
        threads: Threads of LiteRT. Defaults to one.
    """
    if dataset is None:
        return proof.prove(files, paths=paths)
    from keras_resnet.training.datasets import evaluation_batches

    size = dataset.test.size
    batches = evaluation_batches(
        dataset.test, files[0].input.shape[1:], BATCH_SIZE, limit, framing
    )
    images = min(size, limit or size)
    share = f"{images:,} of " if images < size else ""
    print(
        f"Verifying on {share}{counted(size, 'test image')} of {dataset.name} ...",
        file=sys.stderr,
        flush=True,
    )
    with Counter("inferences", images * len(files)) as counter:
        return proof.prove(
            files,
            model,
            batches.as_numpy_iterator(),
            paths=paths,
            threads=threads,
            on_image=counter,
        )
