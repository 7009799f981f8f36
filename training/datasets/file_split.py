"""Splits whose records are image files: paths, or their bytes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_resnet.training.datasets.dataset import ImageShape, Split
from keras_resnet.training.datasets.decoding import decode_image

if TYPE_CHECKING:
    import tensorflow as tf


def split_of_files(
    size: int,
    image_shape: ImageShape,
    records: "Callable[[], tf.data.Dataset]",
    encoded: Callable,
    shuffle_buffer: int,
    unreadable: Callable[[], list[str]] | None = None,
    name_of: Callable[[int], str] | None = None,
    placed_records: "Callable[[tf.Tensor], tf.data.Dataset] | None" = None,
) -> Split:
    """Return a split that decodes what `encoded` returns; see `Split`."""
    import tensorflow as tf

    def decode(*record):
        contents, label = encoded(*record)
        image = decode_image(contents, image_shape[2])
        return tf.ensure_shape(image, image_shape), label

    return Split(
        size=size,
        image_shape=image_shape,
        records=records,
        decode=decode,
        shuffle_buffer=shuffle_buffer,
        encoded=encoded,
        unreadable=unreadable,
        name_of=name_of,
        placed_records=placed_records,
    )
