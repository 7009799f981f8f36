"""Datasets by name, as raw pixels with integer labels."""

from keras_resnet.arguments import check_choice
from keras_resnet.training.datasets.dataset import ImageDataset, Split
from keras_resnet.training.datasets.evaluation import evaluation_batches

__all__ = ["ImageDataset", "Split", "evaluation_batches", "load"]

UNREADABLE = ("skip", "error")
FOLDER_PREFIX = "image_folder:"


def load(name: str, *, unreadable: str = "skip") -> ImageDataset:
    """Return a dataset by name.

    Args:
        name: One of

            - `"digits"`: scikit-learn's handwritten digits, which need no
              download.
            - `"image_folder:PATH"`: JPEG and PNG files at
              `PATH/train/<class>/*` and `PATH/test/<class>/*`.
            - any name of TensorFlow Datasets, for example `"cifar10"`, which
              is downloaded on first use.
        unreadable: What to do about an image file that cannot be decoded:
            `"skip"` names and counts it, `"error"` raises. Defaults to
            `"skip"`.

    Raises:
        TypeError: If `name` is not a string.
        ValueError: If the name is unknown, or the dataset is not as described
            above.
        FileNotFoundError: If a folder is missing.
        ImportError: If the dataset needs a package that is not installed.
    """
    if not isinstance(name, str):
        raise TypeError(f"`name` must be a string. Received: name={name!r}")
    check_choice("unreadable", unreadable, UNREADABLE)
    if name == "digits":
        from keras_resnet.training.datasets import digits

        return digits.load()
    if name.startswith(FOLDER_PREFIX):
        from keras_resnet.training.datasets import image_folder

        return image_folder.load(name, name[len(FOLDER_PREFIX) :], unreadable)
    from keras_resnet.training.datasets import tensorflow_datasets_source

    return tensorflow_datasets_source.load(name)
