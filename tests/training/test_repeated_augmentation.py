import collections

import pytest
import tensorflow as tf

from keras_resnet.training.repeated_augmentation import repeat_examples


def elements(size, repeats, seed=0):
    examples = tf.data.Dataset.range(size).map(lambda i: (i, 2 * i))
    examples = examples.shuffle(size, seed=seed)
    repeated = repeat_examples(examples, size, repeats)
    return [(int(c), int(i), int(r)) for c, (i, r) in repeated]


@pytest.mark.parametrize(("size", "repeats"), [(12, 3), (12, 1), (12, 12), (13, 4)])
def test_each_example_comes_so_many_times_in_a_row(size, repeats):
    found = elements(size, repeats)
    assert len(found) == size
    counts = collections.Counter(index for _, index, _ in found)
    full = [count for count in counts.values() if count == repeats]
    # Only the last may be cut off.
    assert len(full) >= len(counts) - 1
    assert len(counts) == -(-size // repeats)
    assert [copy for copy, _, _ in found] == [i % repeats for i in range(size)]
    assert all(record == 2 * index for _, index, record in found)
    for place in range(0, size - size % repeats, repeats):
        assert len({index for _, index, _ in found[place : place + repeats]}) == 1


def test_another_order_sees_other_examples():
    seen = [{index for _, index, _ in elements(30, 3, seed)} for seed in range(3)]
    assert len(set(map(frozenset, seen))) == 3


@pytest.mark.parametrize(("size", "repeats"), [(0, 2), (4, 0)])
def test_refuses_what_is_not_positive(size, repeats):
    with pytest.raises(ValueError, match="Received: "):
        repeat_examples(tf.data.Dataset.range(4), size, repeats)
