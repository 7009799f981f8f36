import collections
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training import datasets
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.pipeline import training_batches

SIZE = 300
FILES, IN_A_FILE = 30, 10


def records_of(places):
    return tf.data.Dataset.from_tensor_slices(places).map(lambda place: (place,))


@pytest.fixture(scope="module")
def split():
    """One whose labels are the places of its examples."""

    def decode(place):
        return tf.zeros((2, 2, 1), "uint8"), tf.cast(place, "int32")

    return datasets.Split(
        size=SIZE,
        image_shape=(2, 2, 1),
        records=lambda: records_of(tf.range(SIZE, dtype="int64")),
        decode=decode,
        shuffle_buffer=10,
    )


def with_files(split):
    def placed_records(seed):
        order = tf.random.experimental.stateless_shuffle(tf.range(FILES), seed)
        places = IN_A_FILE * order[:, None] + tf.range(IN_A_FILE)[None]
        places = tf.cast(tf.reshape(places, (-1,)), "int64")
        return records_of(places).map(lambda place: (place, (place,)))

    return dataclasses.replace(split, placed_records=placed_records)


def labels_of(split, repeats=1, batch_size=30, epochs=6, **arguments):
    """Return the places that each epoch trains on, in its order."""
    batches = training_batches(
        split,
        (2, 2, 1),
        batch_size,
        Augmentation(),
        seed=0,
        epochs=epochs,
        repeats=repeats,
        **arguments,
    )
    labels = np.concatenate([labels for _, labels in batches.as_numpy_iterator()])
    return labels.reshape(-1, SIZE)


def test_repeats_choose_from_all_of_a_split_that_the_buffer_does_not_hold(split):
    epochs = labels_of(split, repeats=3)
    counts = [collections.Counter(epoch.tolist()) for epoch in epochs]
    for count in counts:
        assert len(count) == 100
        assert set(count.values()) == {3}
    assert len({frozenset(count) for count in counts}) == 6
    seen = set().union(*counts)
    # Each is left out of all six with a probability of 9 %.
    assert len(seen) > 250
    assert min(len([p for p in seen if p // 100 == third]) for third in range(3)) > 80


def test_every_example_comes_once_where_the_buffer_is_small(split):
    for given in (split, with_files(split)):
        for epoch in labels_of(given, epochs=2):
            assert sorted(epoch) == list(range(SIZE))


def test_files_come_in_another_order_in_every_epoch(split):
    def first_files(epochs):
        return [{int(place) // IN_A_FILE for place in epoch[:60]} for epoch in epochs]

    in_order = first_files(labels_of(split, epochs=4))
    assert all(files <= set(range(8)) for files in in_order)
    mixed = first_files(labels_of(with_files(split), epochs=4))
    assert len(set().union(*mixed)) > 15
    assert len({frozenset(files) for files in mixed}) == 4


@pytest.mark.parametrize("repeats", [1, 3])
def test_an_epoch_over_files_is_the_same_wherever_the_training_begins(split, repeats):
    given = with_files(split)
    whole = labels_of(given, repeats, epochs=3)
    rest = training_batches(
        given,
        (2, 2, 1),
        30,
        Augmentation(),
        seed=0,
        epochs=3,
        initial_epoch=1,
        initial_step=4,
        repeats=repeats,
    )
    labels = np.concatenate([labels for _, labels in rest.as_numpy_iterator()])
    np.testing.assert_array_equal(labels, whole[1:].reshape(-1)[120:])


def test_a_split_that_the_buffer_holds_is_shuffled_as_a_whole(split):
    given = dataclasses.replace(with_files(split), shuffle_buffer=SIZE)
    first = labels_of(given, epochs=1)[0]
    without = dataclasses.replace(given, placed_records=None)
    np.testing.assert_array_equal(first, labels_of(without, epochs=1)[0])


def test_a_subset_keeps_its_records_at_their_places(split):
    chosen = np.arange(5, SIZE, 7)
    subset = with_files(split).subset(chosen)
    pairs = [
        (int(place), int(record))
        for place, (record,) in subset.placed_records(tf.constant([1, 2]))
    ]
    assert pairs != sorted(pairs)
    assert sorted(pairs) == list(enumerate(chosen))
