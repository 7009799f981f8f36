"""Datasets by name, as raw pixels with integer labels."""

import os
from pathlib import Path

from keras_resnet.arguments import check_choice
from keras_resnet.training.datasets.class_map import ClassMap, as_class_map
from keras_resnet.training.datasets.dataset import ImageDataset, Split
from keras_resnet.training.datasets.evaluation import evaluation_batches

__all__ = ["ImageDataset", "Split", "evaluation_batches", "folder_of", "load"]

UNREADABLE = ("skip", "error")
FOLDER_PREFIX = "image_folder:"


def folder_of(name: str | os.PathLike) -> str | None:
    """Return the path of the image folder that a name stands for.

    Args:
        name: As `load` takes it.

    Returns:
        The path; or None where the name is that of another dataset.
    """
    if isinstance(name, os.PathLike):
        return os.fspath(name)
    if name.startswith(FOLDER_PREFIX):
        return name[len(FOLDER_PREFIX) :]
    # In any folder, what this package makes itself is meant by its name.
    is_folder = (
        name not in ("", "digits", "synthetic") and Path(name).expanduser().is_dir()
    )
    return name if is_folder else None


def load(
    name: str | os.PathLike,
    *,
    unreadable: str = "skip",
    class_map: ClassMap | str | os.PathLike | None = None,
) -> ImageDataset:
    """Return a dataset by name.

    Args:
        name: One of

            - `"digits"`: scikit-learn's handwritten digits, which need no
              download.
            - `"synthetic"`: noise to measure with, or
              `"synthetic:COUNTxHEIGHTxWIDTHxCHANNELS/CLASSES"`.
            - `"image_folder:PATH"`, or the path alone of a folder that exists:
              JPEG and PNG files at `PATH/train/<class>/*` and
              `PATH/test/<class>/*`; without `test`, `val` holds the test images.
            - any name of TensorFlow Datasets, for example `"cifar10"`, which
              is downloaded on first use.
        unreadable: What to do about an image file that cannot be decoded:
            `"skip"` names and counts it, `"error"` raises. Defaults to
            `"skip"`.
        class_map: The labels of an image folder's classes, as
            `class_map.read_class_map` takes them. Defaults to the order of
            the folders' names.

    Raises:
        TypeError: If `name` is neither a string nor a path.
        ValueError: If the name is unknown, the dataset is not as described
            above, or the class map is wrong or not for this dataset.
        FileNotFoundError: If a folder, which a path names, or the class map
            is missing.
        ImportError: If the dataset needs a package that is not installed.
    """
    if not isinstance(name, str | os.PathLike):
        raise TypeError(f"`name` must be a string or a path. Received: name={name!r}")
    check_choice("unreadable", unreadable, UNREADABLE)
    folder = folder_of(name)
    if folder is not None:
        from keras_resnet.training.datasets import image_folder

        return image_folder.load(str(name), folder, unreadable, as_class_map(class_map))
    if class_map is not None:
        raise ValueError(
            "A class map is for image folders. "
            f"Received: class_map={str(class_map)!r}, name={name!r}"
        )
    if name == "digits":
        from keras_resnet.training.datasets import digits

        return digits.load()
    if name.partition(":")[0] == "synthetic":
        from keras_resnet.training.datasets import synthetic

        return synthetic.load(name)
    path = Path(name)
    if path.is_absolute() or name[:1] in (".", "~"):
        raise FileNotFoundError(f"There is no folder '{name}'.")
    from keras_resnet.training.datasets import tensorflow_datasets_source

    return tensorflow_datasets_source.load(name)
