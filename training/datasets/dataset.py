"""What a dataset is to the rest of the package: two splits of raw images."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_resnet.training.datasets.class_map import ClassMap

if TYPE_CHECKING:
    import tensorflow as tf

ImageShape = tuple[int | None, int | None, int]


@dataclasses.dataclass(frozen=True)
class Split:
    """The examples of one split, in a fixed order.

    An example is read in two steps, so that training can shuffle small
    records (a path, compressed bytes) and decode them afterwards.

    Attributes:
        size: Number of examples.
        image_shape: `(height, width, channels)`; height and width are None
            where they vary.
        records: Makes a `tf.data.Dataset` of tuples, one an example, whose
            order is the order of the examples.
        decode: Turns the tensors of one record into `(image, label)`: uint8
            `(height, width, channels)` in 0..255, and an int32 scalar.
        shuffle_buffer: How many records may be held in memory to shuffle.
        encoded: Turns the tensors of one record into `(contents, label)`: the
            bytes of an image file, undecoded, and an int32 scalar. With it
            a training decodes only the part of an image that it uses; `decode`
            must decode the same bytes by `decoding.decode_image`. Defaults to
            None: the records hold pixels.
        unreadable: Looks at every record again and returns a line for each
            that cannot be read any more, naming it and the reason. Defaults
            to None: there is nothing that could be named.
        name_of: Returns the file of an example by its place. Defaults to
            None: examples have no names.
        placed_records: Takes a seed, two integers, and makes a dataset of
            `(place, record)` with every record once, in an order of the seed:
            another than that of `records`, as far as it costs nothing to read.
            Defaults to None: there is no such order.
    """

    size: int
    image_shape: ImageShape
    records: Callable[[], "tf.data.Dataset"]
    decode: Callable
    shuffle_buffer: int
    encoded: Callable | None = None
    unreadable: Callable[[], list[str]] | None = None
    name_of: Callable[[int], str] | None = None
    placed_records: "Callable[[tf.Tensor], tf.data.Dataset] | None" = None

    def subset(self, indices: np.ndarray) -> "Split":
        """Return the split of only some of the examples, in the same order.

        The records of the others are passed over and not decoded.

        Args:
            indices: Places of the examples in the fixed order, `(count,)`,
                each at most once.
        """
        import tensorflow as tf

        is_chosen = np.zeros(self.size, bool)
        is_chosen[indices] = True

        def records():
            chosen = tf.constant(is_chosen)
            return (
                self.records()
                .enumerate()
                .filter(lambda index, _: chosen[index])
                .map(lambda _, record: record)
            )

        def placed_records(seed):
            chosen = tf.constant(is_chosen)
            place_among_chosen = tf.constant(np.cumsum(is_chosen) - 1)
            return (
                self.placed_records(seed)
                .filter(lambda place, _: chosen[place])
                .map(lambda place, record: (place_among_chosen[place], record))
            )

        def name_of(place: int) -> str:
            return self.name_of(int(np.flatnonzero(is_chosen)[place]))

        return dataclasses.replace(
            self,
            size=len(indices),
            records=records,
            shuffle_buffer=min(self.shuffle_buffer, len(indices)),
            name_of=None if self.name_of is None else name_of,
            placed_records=None if self.placed_records is None else placed_records,
        )

    def examples(self) -> "tf.data.Dataset":
        """Return the examples, decoded, in the fixed order.

        Returns:
            A `tf.data.Dataset` of `(image, label)`: raw pixels as uint8
            `(height, width, channels)` in 0..255, and an int32 scalar.
        """
        import tensorflow as tf

        return self.records().map(
            self.decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )


@dataclasses.dataclass(frozen=True)
class ImageDataset:
    """A set of labelled images with a training and a test split.

    Attributes:
        name: The name that `load` was given.
        class_names: One name a class; a label is an index into it.
        image_shape: `(height, width, channels)`; height and width are None
            where they vary.
        train: The examples to train on.
        test: The examples held out.
        unreadable: One line for every file that was left out because it
            could not be decoded, naming it and the reason.
        content: A hash of what the dataset holds, by which a training knows
            its data again wherever it lies. Defaults to `""`: known by its
            name and its numbers alone.
        class_map: What gave the classes of an image folder their order.
            Defaults to None: their names did.
    """

    name: str
    class_names: tuple[str, ...]
    image_shape: ImageShape
    train: Split
    test: Split
    unreadable: tuple[str, ...] = ()
    content: str = ""
    class_map: ClassMap | None = None

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)
