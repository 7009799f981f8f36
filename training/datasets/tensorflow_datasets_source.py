"""Datasets of TensorFlow Datasets (TFDS), by the names that they have there."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np

from keras_resnet.extras import import_extra
from keras_resnet.training.datasets.content import content_hash
from keras_resnet.training.datasets.dataset import ImageDataset, Split
from keras_resnet.training.datasets.file_split import split_of_files

# Their "test" split has images without labels.
UNLABELLED_TEST = ("imagenet2012",)
# Records are compressed images: of small ones a whole split fits in memory.
SMALL_SIDE, LARGE_IMAGE_BUFFER = 96, 8192
# Files that are read in turns, so that what the buffer holds is of many; bytes
# of each that are read at a time.
FILES_AT_A_TIME, READ_BYTES = 16, 2**20


def load(name: str, data_dir: str | None = None) -> ImageDataset:
    """Return a dataset of TFDS, preparing it first where it is not yet.

    Its split `"train"` is trained on. Held out is `"test"`, or `"validation"`
    where there is no test split, or one without labels.

    Args:
        name: Name, also with a configuration or version (`"cifar10:3.0.2"`).
        data_dir: Where prepared datasets lie. Defaults to that of TFDS.

    Raises:
        ImportError: If TFDS is not installed.
        ValueError: If there is no dataset of that name, or it is not one of
            labelled images with two splits.
        OSError: If it cannot be downloaded or prepared.
    """
    tfds = import_extra("tensorflow_datasets", "training")
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except AssertionError as error:
        raise ValueError(
            f"There is no such version: {error} Received: dataset={name!r}"
        ) from error
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        raise ValueError(
            "Unknown dataset: `dataset` must be 'digits', 'synthetic', "
            "'image_folder:PATH', the path of a folder that exists or a name of "
            "TensorFlow Datasets. "
            f"Received: dataset={name!r}"
        ) from error
    features = dict(builder.info.features.items())
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, tfds.features.Image) or not isinstance(
        label, tfds.features.ClassLabel
    ):
        raise ValueError(
            "A dataset must have an 'image' and a class 'label', and this one has "
            f"{', '.join(features)}. Received: dataset={name!r}"
        )
    try:
        builder.download_and_prepare()
    except _failures(tfds) as error:
        raise OSError(
            f"'{name}' cannot be prepared: {error} The next start begins anew with "
            "what is not complete; if it fails in the same way, remove "
            f"'{_root(builder) / 'downloads'}'."
        ) from error
    held_out = _held_out_split(builder, name)
    return ImageDataset(
        name=name,
        class_names=tuple(label.names),
        image_shape=tuple(image.shape),
        train=_split(tfds, builder, "train", image.shape),
        test=_split(tfds, builder, held_out, image.shape),
        content=_content(builder, ("train", held_out)),
    )


def _failures(tfds) -> tuple[type[Exception], ...]:
    """Return what TFDS raises where files are missing, broken or out of reach."""
    import tensorflow as tf

    extractor = tfds.core.download.extractor
    return (
        # It asserts that files to be placed by hand are there.
        AssertionError,
        OSError,
        EOFError,
        tarfile.TarError,
        zipfile.BadZipFile,
        tfds.download.DownloadError,
        tfds.core.download.download_manager.NonMatchingChecksumError,
        # Neither is an OSError, whatever it was made of: a full disk, too.
        extractor.ExtractError,
        extractor.UnsafeArchiveError,
        # It writes its records by TensorFlow.
        tf.errors.OpError,
    )


def _root(builder) -> Path:
    """Return the folder below which TFDS keeps its datasets and downloads."""
    # Below it are the folders of the name, the configuration and the version.
    depth = len(Path(builder.info.full_name).parts)
    return Path(builder.data_dir).parents[depth - 1]


def _content(builder, names: tuple[str, ...]) -> str:
    """Tell a dataset by its name and version and the sizes of its files."""
    parts = [builder.info.full_name]
    for name in names:
        split = builder.info.splits[name]
        parts += [name, split.num_examples, split.num_bytes]
    return content_hash(parts)


def _held_out_split(builder, name: str) -> str:
    splits = builder.info.splits
    candidates = ["test", "validation"]
    if builder.name in UNLABELLED_TEST:
        candidates.remove("test")
    for candidate in candidates:
        if "train" in splits and candidate in splits:
            return candidate
    raise ValueError(
        f"A dataset must have a split 'train' and one of {', '.join(candidates)}, "
        f"and this one has {', '.join(splits)}. Received: dataset={name!r}"
    )


def _split(tfds, builder, name: str, image_shape) -> Split:
    import tensorflow as tf

    size = builder.info.splits[name].num_examples
    height, width, _ = image_shape
    small = height and width and max(height, width) <= SMALL_SIDE

    def records():
        # Undecoded, so that shuffling holds compressed images; unshuffled
        # files and no interleaving keep the order the same.
        examples = builder.as_dataset(
            split=name,
            decoders={"image": tfds.decode.SkipDecoding()},
            shuffle_files=False,
            read_config=tfds.ReadConfig(interleave_cycle_length=1),
        )
        return examples.map(lambda example: (example["image"], example["label"]))

    placed_records = None
    if not small and builder.info.file_format == tfds.core.FileFormat.TFRECORD:
        placed_records = _file_by_file(tfds, builder, name)
    return split_of_files(
        size=size,
        image_shape=tuple(image_shape),
        records=records,
        encoded=lambda contents, label: (contents, tf.cast(label, "int32")),
        shuffle_buffer=size if small else min(size, LARGE_IMAGE_BUFFER),
        placed_records=placed_records,
    )


def _file_by_file(tfds, builder, name: str):
    """Return what makes the records of a split with its files in another order."""
    import tensorflow as tf

    files = builder.info.splits[name].file_instructions
    paths = [str(file.filename) for file in files]
    lengths = np.array([file.take for file in files], "int64")
    firsts = np.cumsum(lengths) - lengths

    def read(serialized):
        example = builder.info.features.deserialize_example(
            serialized, decoders={"image": tfds.decode.SkipDecoding()}
        )
        return example["image"], example["label"]

    def placed_records(seed):
        # Where the graph is that reads them.
        all_paths, all_firsts = tf.constant(paths), tf.constant(firsts)

        def records_of(file):
            return tf.data.Dataset.zip(
                tf.data.Dataset.counter(all_firsts[file], dtype="int64"),
                tf.data.TFRecordDataset(all_paths[file], buffer_size=READ_BYTES),
            )

        order = tf.random.experimental.stateless_shuffle(tf.range(len(paths)), seed)
        return (
            tf.data.Dataset.from_tensor_slices(order)
            .interleave(records_of, cycle_length=FILES_AT_A_TIME, block_length=1)
            .map(lambda place, serialized: (place, read(serialized)))
        )

    return placed_records
