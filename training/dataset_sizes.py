"""How large a dataset is, without downloading it."""

import dataclasses

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


def dataset_size(name: str) -> DatasetSize:
    """Return the counts of a dataset.

    Datasets on this machine, the digits and folders of images, are read.

    Args:
        name: As `datasets.load` takes it.

    Raises:
        ValueError: If it would have to be downloaded to be counted, or is
            not as `datasets.load` describes.
        FileNotFoundError: If a folder is missing.
        ImportError: If the dataset needs a package that is not installed.
    """
    if name in KNOWN:
        return KNOWN[name]
    if name != "digits" and not name.startswith(datasets.FOLDER_PREFIX):
        raise ValueError(
            "The number of images is not known without a download. It is for digits, "
            f"{', '.join(KNOWN)} and folders of images. Received: dataset={name!r}"
        )
    loaded = datasets.load(name)
    return DatasetSize(
        loaded.train.size, loaded.test.size, loaded.classes, loaded.image_shape[2]
    )
