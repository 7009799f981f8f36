"""The flags of studies that look at one image."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
from absl import flags

from keras_resnet.arguments import check_choice
from keras_resnet.training.datasets.decoding import decode_image
from keras_resnet.training.datasets.evaluation import fit_image
from keras_resnet.training.studies.network_alone import load_network_alone
from keras_resnet.training.studies.subject import (
    Subject,
    define_subject_flags,
    load_subject,
)

IMAGES = 100


@dataclasses.dataclass(frozen=True)
class OneImage:
    """A network and an image to study it on.

    Attributes:
        subject: The network, and images of the dataset.
        image: (height, width, channels), float32 in 0..255.
        class_index: The class that was asked for, or None.
    """

    subject: Subject
    image: np.ndarray
    class_index: int | None

    def called(self, found):
        """Return what was found, with the name of its class."""
        names = self.subject.class_names
        index = found.class_index
        name = f"class {index}" if names is None else names[index]
        return dataclasses.replace(found, class_name=name)


def define_one_image_flags(values: flags.FlagValues) -> None:
    """Define the flags that name a network, an image and a class."""
    define_subject_flags(values, IMAGES)
    text, number = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer)
    )
    number("index", 0, "Which of the --images to look at.", lower_bound=0)
    text(
        "image",
        None,
        "A JPEG or PNG file to look at, in place of a test image; it takes no "
        "--dataset.",
    )
    text(
        "class_name",
        None,
        "The class to look for. Default: the one that the network says most of.",
    )


def load_one_image(values: flags.FlagValues, *, own_size: bool = False) -> OneImage:
    """Load the network and the image that the flags name.

    Args:
        values: The flags.
        own_size: Whether a file keeps its size. Defaults to `False`: it is
            brought to that of the network.

    Raises:
        ValueError: If a value is not accepted, or the file is no image.
        OSError: If a file is missing or cannot be read.
    """
    alone = values.image is not None and values.dataset is None
    subject = load_network_alone(values) if alone else load_subject(values)
    name, index = values.class_name, None
    if name is not None:
        if subject.class_names is None:
            raise ValueError(
                "What the network's classes are called is not known: --dataset says "
                f"it. Received: --class_name={name}"
            )
        check_choice("--class_name", name, subject.class_names, noun="class")
        index = subject.class_names.index(name)
    if values.image is not None:
        image = read_image(values.image, subject.images.shape[1:], own_size)
        return OneImage(subject, image, index)
    if values.index >= len(subject.images):
        raise ValueError(
            f"--index must be one of {len(subject.images)} images, counted from 0. "
            f"Received: --index={values.index}"
        )
    return OneImage(subject, subject.images[values.index], index)


def read_image(path: str, shape, own_size: bool) -> np.ndarray:
    """Read an image file.

    Args:
        path: The file.
        shape: (height, width, channels) to bring it to.
        own_size: Whether it keeps its size instead.

    Returns:
        float32 array (height, width, channels) in 0..255.

    Raises:
        ValueError: If it is no JPEG or PNG file.
        OSError: If it cannot be read.
    """
    contents = Path(path).expanduser().read_bytes()
    try:
        image = decode_image(contents, shape[2])
    # TensorFlow's own errors tell of its operations, not of the file.
    except Exception as error:
        raise ValueError(
            f"The file is no image that can be decoded. Received: --image={path}"
        ) from error
    if not own_size:
        image = fit_image(image, *shape[:2])
    return image.numpy().astype("float32")
