"""The input pipelines that are compared: this package's and plain Keras's."""

import gc
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from keras_resnet.benchmarks.measure import interleaved_order
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.datasets.class_folders import SUFFIXES
from keras_resnet.training.datasets.file_split import split_of_files
from keras_resnet.training.pipeline import training_batches

SIDE, CHANNELS = 224, 3
# Keras's images are this large before a part is cut out.
LARGER_SIDE = 256
# Until tf.data has found how many images to prepare side by side, and the
# batches that lay ready are used up.
WARMUP = 10
BATCHES = 20
AUGMENTATION = Augmentation(resized_crop=True, flip=True)
SEED = 0
# Longer than any measurement.
EPOCHS = 100_000

Series = tuple[list[float], list[float]]
Progress = Callable[[str], None]


def crop_and_flip() -> tuple[int, list]:
    """Return the side of the images and the layers of a random crop and flip."""
    import keras

    crop = keras.layers.RandomCrop(SIDE, SIDE)
    return LARGER_SIDE, [crop, keras.layers.RandomFlip("horizontal")]


def zoom_and_flip() -> tuple[int, list]:
    """Return the same of layers that cut out parts of several sizes."""
    import keras

    zoom = keras.layers.RandomZoom((-0.5, 0.0))
    return SIDE, [zoom, keras.layers.RandomFlip("horizontal")]


def image_files(folder: str) -> list[Path]:
    """Return the image files anywhere below a folder, in a fixed order.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = sorted(
        path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES
    )
    if not found:
        raise FileNotFoundError(f"There is no image in the folder '{folder}'.")
    return found


def pipelines(
    folder: str,
    batch_size: int,
    layers: Callable[[], tuple[int, list]],
    clock: Callable[[], float],
    rounds: int,
    progress: Progress,
) -> Series:
    """Time batches of Keras and of this package, made of the same files.

    Keras reads them by `image_dataset_from_directory` and changes batches by
    its layers. This package cuts out and resizes parts of 8 to 100 % of the
    area, and mirrors every other one. Each begins anew in every round, so that
    no more than one is there at a time.

    Args:
        folder: Where the images lie.
        batch_size: Images a batch.
        layers: Returns what Keras is to do.
        clock: Tells seconds.
        rounds: Rounds of each.
        progress: Receives a line of text before every round.

    Returns:
        Seconds for `BATCHES` batches of Keras and of this package, by round.
    """
    files = image_files(folder)
    sides = {
        "Keras": lambda: _of_keras(folder, batch_size, layers),
        "this package": lambda: _of_this_package(files, batch_size),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for current, name in interleaved_order(list(sides), rounds):
        progress(f"{name}: round {current + 1} of {rounds}")
        seconds[name].append(_time(sides[name], clock))
        # What is gone prepares no more batches while the other one is timed.
        gc.collect()
    return seconds["Keras"], seconds["this package"]


def _time(make: Callable[[], Iterator], clock) -> float:
    batches = make()
    _take(batches, WARMUP)
    start = clock()
    _take(batches, BATCHES)
    return clock() - start


def _take(batches: Iterator, count: int) -> None:
    for _ in itertools.islice(batches, count):
        pass


def _of_keras(folder, batch_size, layers) -> Iterator:
    import keras
    import tensorflow as tf

    side, chosen = layers()
    changes = keras.Sequential(chosen)
    images = keras.utils.image_dataset_from_directory(
        folder,
        labels=None,
        image_size=(side, side),
        # Batches are made of the endless images, so that no epoch ends with a
        # smaller one: this package makes none of these either.
        batch_size=None,
        seed=SEED,
        verbose=False,
    )
    return iter(
        images.repeat()
        .batch(batch_size, drop_remainder=True)
        .map(
            lambda batch: changes(batch, training=True),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .prefetch(tf.data.AUTOTUNE)
    )


def _of_this_package(files: list[Path], batch_size: int) -> Iterator:
    import tensorflow as tf

    paths = [str(path) for path in files]
    split = split_of_files(
        size=len(paths),
        image_shape=(None, None, CHANNELS),
        records=lambda: tf.data.Dataset.from_tensor_slices((paths, [0] * len(paths))),
        encoded=lambda path, label: (tf.io.read_file(path), label),
        shuffle_buffer=len(paths),
    )
    shape = (SIDE, SIDE, CHANNELS)
    return iter(training_batches(split, shape, batch_size, AUGMENTATION, SEED, EPOCHS))
