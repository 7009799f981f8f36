"""How large a dataset is, without downloading it."""

import dataclasses
import os

from keras_resnet.training import datasets


@dataclasses.dataclass(frozen=True)
class DatasetSize:
    """Counts of a dataset.

    Attributes:
        train: Training images.
        test: Test images.
        classes: Classes.
        channels: Channels of an image.
    """

    train: int
    test: int
    classes: int
    channels: int


KNOWN = {
    "cifar10": DatasetSize(50_000, 10_000, 10, 3),
    "cifar100": DatasetSize(50_000, 10_000, 100, 3),
    "imagenet2012": DatasetSize(1_281_167, 50_000, 1000, 3),
    "imagenette": DatasetSize(9_469, 3_925, 10, 3),
    "mnist": DatasetSize(60_000, 10_000, 10, 1),
    "fashion_mnist": DatasetSize(60_000, 10_000, 10, 1),
}


def dataset_size(
    name: str | os.PathLike,
    class_map: str | os.PathLike | None = None,
    unreadable: str = "skip",
) -> DatasetSize:
    """Return the counts of a dataset.

    Datasets on this machine, the digits and folders of images, are read.

    Args:
        name: As `datasets.load` takes it.
        class_map: As `datasets.load` takes it. Defaults to none.
        unreadable: As `datasets.load` takes it. Defaults to `"skip"`.

    Raises:
        ValueError: If it would have to be downloaded to be counted, or is
            not as `datasets.load` describes.
        FileNotFoundError: If a folder is missing.
        ImportError: If the dataset needs a package that is not installed.
    """
    if datasets.folder_of(name) is None:
        if name in KNOWN:
            return KNOWN[name]
        if name.partition(":")[0] not in ("digits", "synthetic"):
            raise ValueError(
                "There is no folder of that name, and of a dataset of TensorFlow "
                "Datasets the number of images is not known without a download. It is "
                f"for digits, synthetic, {', '.join(KNOWN)} and folders of images. "
                f"Received: dataset={name!r}"
            )
    loaded = datasets.load(name, unreadable=unreadable, class_map=class_map)
    return DatasetSize(
        loaded.train.size, loaded.test.size, loaded.classes, loaded.image_shape[2]
    )
