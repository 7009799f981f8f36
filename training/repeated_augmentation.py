"""Repeated augmentation: several copies of an image in one epoch."""

from typing import TYPE_CHECKING

from keras_resnet.arguments import check_positive_integer

if TYPE_CHECKING:
    import tensorflow as tf


def chosen_examples(
    examples: "tf.data.Dataset", size: int, repeats: int, seed: "tf.Tensor"
) -> "tf.data.Dataset":
    """Keep those examples of an epoch that `repeat_examples` will repeat.

    What comes first out of a shuffle whose buffer holds a part of the split
    lay at the split's beginning. Where the buffer is that small, the examples
    of an epoch are therefore chosen before they are shuffled: each with the
    same probability, wherever it lies.

    Args:
        examples: Pairs `(place, record)`, each place of the split once.
        size: How many there are.
        repeats: Copies of each that an epoch has.
        seed: Two integers, which decide what is chosen.

    Returns:
        `size / repeats` of the examples, rounded up, in their order.
    """
    import tensorflow as tf

    count = number_seen(size, repeats)

    def is_chosen(place, _):
        # A permutation of the places, of which no list is made.
        order = tf.random.experimental.index_shuffle(place, seed, size - 1)
        return order < count

    return examples.filter(is_chosen)


def number_seen(size: int, repeats: int) -> int:
    """Return how many examples of a split an epoch with `repeats` sees."""
    return -(-size // repeats)


def repeat_examples(
    examples: "tf.data.Dataset", size: int, repeats: int
) -> "tf.data.Dataset":
    """Let every example come several times in a row, in an epoch as long as before.

    Hoffer et al. (2020): the copies of an image stand in the same batch, each
    augmented by itself. An epoch therefore sees only the first
    `size / repeats` of the shuffled examples; which ones those are changes
    from epoch to epoch with the order. Of a split that is not shuffled as a
    whole, `chosen_examples` must have chosen them.

    Args:
        examples: The shuffled examples of one epoch.
        size: How many there are.
        repeats: Copies of each.

    Returns:
        A dataset of `size` elements `(copy, example)`; `copy` counts from 0,
        int32, to be folded into the seed of the example.

    Raises:
        TypeError: If a number is not an integer.
        ValueError: If it is not positive.
    """
    import tensorflow as tf

    check_positive_integer("size", size)
    check_positive_integer("repeats", repeats)
    copies = tf.data.Dataset.range(repeats, output_type=tf.int32)

    def whole(example):
        return example if len(example) > 1 else example[0]

    def repeated(*example):
        return copies.map(lambda copy: (copy, whole(example)))

    if repeats == 1:
        # A dataset for each example would cost more than the example.
        return examples.take(size).map(lambda *example: (0, whole(example)))
    seen = examples.take(number_seen(size, repeats))
    return seen.flat_map(repeated).take(size)
