"""The order in which an epoch takes the examples of a split."""

from typing import TYPE_CHECKING

from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.repeated_augmentation import (
    chosen_examples,
    number_seen,
    repeat_examples,
)

if TYPE_CHECKING:
    import tensorflow as tf

# Tell what is drawn besides the order apart from it.
CHOOSING, FILES = 1, 2


def examples_in_order(
    split: Split, seed: "tf.Tensor", repeats: int = 1
) -> "tf.data.Dataset":
    """Return the examples of one epoch in an order that the seed decides.

    A split that fits into its `shuffle_buffer` has every order with the same
    probability. Of a larger one the files are read in another order each time,
    where it has several, and the buffer mixes what lies within its reach.

    Args:
        split: The examples.
        seed: Two integers, other ones in every epoch.
        repeats: Copies of an example (see `repeat_examples`). Defaults to 1.

    Returns:
        A dataset of `split.size` elements `(copy, (place, record))`.
    """
    import tensorflow as tf

    fold = tf.random.experimental.stateless_fold_in
    # `shuffle` mixes the process's global seed into its own, and fails on a
    # tensor as seed where that is 0. This graph is the caller's own.
    tf.compat.v1.get_default_graph().seed = None
    order_seed = tf.random.stateless_uniform((), seed, None, None, dtype="int64")
    buffer_size = min(split.shuffle_buffer, split.size)
    if buffer_size == split.size:
        examples = split.records().enumerate()
    else:
        examples = _over_files(split, fold(seed, FILES))
        if repeats > 1:
            chosen = fold(seed, CHOOSING)
            examples = chosen_examples(examples, split.size, repeats, chosen)
            buffer_size = min(buffer_size, number_seen(split.size, repeats))
    shuffled = examples.shuffle(
        buffer_size, seed=order_seed, reshuffle_each_iteration=False
    )
    return repeat_examples(shuffled, split.size, repeats)


def _over_files(split: Split, seed):
    if split.placed_records is None:
        return split.records().enumerate()
    return split.placed_records(seed)
