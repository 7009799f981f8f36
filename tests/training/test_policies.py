import collections

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_resnet.training.augmentation import (
    RandAugment,
    RandomErasing,
    TrivialAugment,
)
from keras_resnet.training.augmentation.operations import INCREASING, ORIGINAL, WIDE

SIDE = 12


@pytest.fixture(scope="module")
def image():
    return tf.random.stateless_uniform((SIDE, SIDE, 3), (1, 2), 30, 220)


def many(policy, image, count):
    @tf.function
    def run(indices):
        return tf.map_fn(
            lambda index: policy.apply(image, tf.stack([11, index])),
            indices,
            fn_output_signature=tf.TensorSpec(image.shape, "float32"),
        )

    return run(tf.range(count)).numpy()


def outcomes(table, image, strengths):
    """Return what each operation may make of the image."""
    made = {}
    for operation in table:
        for strength in strengths:
            for sign in (1, -1) if operation.signed else (1,):
                result = operation.apply(
                    image, tf.constant(sign * strength, "float32"), 0.0
                )
                made.setdefault(operation.name, []).append(result.numpy())
    return made


def names_of(found, made):
    names = []
    for result in found:
        differences = {
            name: min(np.abs(result - one).max() for one in ones)
            for name, ones in made.items()
        }
        nearest = min(differences, key=differences.get)
        assert differences[nearest] < 0.01, "an image that no operation makes"
        names.append(nearest)
    return collections.Counter(names)


@pytest.mark.parametrize(
    ("operations", "table"), [("original", ORIGINAL), ("increasing", INCREASING)]
)
def test_one_layer_makes_each_change_as_often(image, operations, table):
    policy = RandAugment(layers=1, magnitude=7, operations=operations)
    made = outcomes(table, image, [0.7])
    counts = names_of(many(policy, image, 450), made)
    assert set(counts) == {operation.name for operation in table}
    assert scipy.stats.chisquare(list(counts.values())).pvalue > 1e-4


def test_trivial_augment_makes_each_change_at_every_strength(image):
    made = outcomes(WIDE, image, np.arange(31) / 30)
    counts = names_of(many(TrivialAugment(), image, 300), made)
    # At no strength several operations change nothing, and count as one.
    assert set(counts) >= {o.name for o in WIDE if o.name != "equalize"}
    assert counts["identity"] < 300 * 3 / 14


def test_both_directions_are_taken(image):
    brightness = next(o for o in ORIGINAL if o.name == "brightness")
    found = many(RandAugment(layers=1, magnitude=9), image, 400)
    for strength in (0.9, -0.9):
        end = brightness.apply(image, tf.constant(strength), 0.0)
        assert sum(np.abs(one - end).max() < 0.01 for one in found) >= 4


def test_layers_follow_each_other(image):
    one = many(RandAugment(layers=1, magnitude=9), image, 60)
    two = many(RandAugment(layers=2, magnitude=9), image, 60)
    unchanged = [np.isclose(x, image).all(axis=(1, 2, 3)).mean() for x in (one, two)]
    assert unchanged[1] <= unchanged[0]
    assert len({x.tobytes() for x in two}) > len({x.tobytes() for x in one})


def test_probability_is_that_of_each_change(image):
    assert np.allclose(many(RandAugment(probability=0.0), image, 10), image)
    policy = RandAugment(layers=1, probability=0.5, operations="increasing")
    unchanged = np.isclose(many(policy, image, 400), image).all(axis=(1, 2, 3)).mean()
    assert 0.4 < unchanged < 0.6


def test_magnitudes_spread_and_stay_in_range(image):
    table = {o.name: o for o in INCREASING}
    fixed = many(
        RandAugment(layers=1, magnitude=9, operations="increasing"), image, 200
    )
    policy = RandAugment(
        layers=1, magnitude=9, magnitude_deviation=5, operations="increasing"
    )
    spread = many(policy, image, 200)
    distinct = [len({x.tobytes() for x in found}) for found in (fixed, spread)]
    assert distinct[1] > 2 * distinct[0]
    # No image is darker than brightness makes it at full strength.
    darkest = table["brightness"].apply(image, tf.constant(-1.0), 0.0)
    posterized = table["posterize"].apply(image, tf.constant(1.0), 0.0)
    assert (
        spread.mean(axis=(1, 2, 3)).min()
        >= min(np.mean(darkest), np.mean(posterized)) - 0.01
    )


@pytest.mark.parametrize("policy", [RandAugment(), TrivialAugment(), RandomErasing()])
def test_the_seed_decides(image, policy):
    seeds = [tf.constant([1, index]) for index in range(8)]
    first = [policy.apply(image, seed).numpy() for seed in seeds]
    again = [policy.apply(image, seed).numpy() for seed in seeds]
    np.testing.assert_array_equal(first, again)
    assert len({x.tobytes() for x in first}) > 3


@pytest.mark.parametrize("fill", ["noise", 0.0, (1.0, 2.0, 3.0)])
def test_erasing_covers_one_rectangle(fill):
    image = tf.fill((60, 80, 3), 300.0)
    policy = RandomErasing(1.0, fill=fill)
    for erased in many(policy, image, 60):
        covered = (erased != 300).any(axis=-1)
        assert covered.any()
        rows, columns = covered.any(axis=1), covered.any(axis=0)
        height, width = rows.sum(), columns.sum()
        assert covered.sum() == height * width
        for side in (rows, columns):
            assert np.ptp(np.flatnonzero(side)) == side.sum() - 1
        # Both sides are rounded to whole pixels.
        assert 0.02 * 0.8 < height * width / 4800 < 1 / 3 * 1.1
        assert 0.3 * 0.8 < height / width < 1 / 0.3 * 1.2
        if fill == "noise":
            assert np.std(erased[covered]) > 40
        else:
            np.testing.assert_array_equal(
                erased[covered], np.broadcast_to(fill, erased[covered].shape)
            )


def test_erasing_reaches_every_edge_and_keeps_its_probability():
    image = tf.fill((30, 30, 1), 300.0)
    erased = many(RandomErasing(0.25, fill=0.0), image, 400) == 0
    assert 0.18 < erased.any(axis=(1, 2, 3)).mean() < 0.32
    for edge in (erased[:, 0], erased[:, -1], erased[:, :, 0], erased[:, :, -1]):
        assert edge.any()


def test_erasing_leaves_what_no_rectangle_fits():
    image = tf.fill((30, 3, 1), 300.0)
    policy = RandomErasing(1.0, area=(0.9, 1.0), aspect=(1.0, 1.0), fill=0.0)
    np.testing.assert_array_equal(policy.apply(image, tf.constant([1, 2])), image)


@pytest.mark.parametrize(
    ("error", "make"),
    [
        (ValueError, lambda: RandAugment(layers=0)),
        (ValueError, lambda: RandAugment(magnitude=-1)),
        (ValueError, lambda: RandAugment(magnitude=31)),
        (ValueError, lambda: RandAugment(probability=1.5)),
        (ValueError, lambda: RandAugment(magnitude_deviation=-1)),
        (ValueError, lambda: RandAugment(operations="all")),
        (ValueError, lambda: TrivialAugment(fill=300)),
        (TypeError, lambda: TrivialAugment(fill="grey")),
        (ValueError, lambda: RandomErasing(probability=2)),
        (ValueError, lambda: RandomErasing(area=(0.5, 0.2))),
        (ValueError, lambda: RandomErasing(aspect=(0, 2))),
        (TypeError, lambda: RandomErasing(area=0.3)),
        (TypeError, lambda: RandomErasing(fill="mean")),
    ],
)
def test_refuses_what_is_out_of_range(error, make):
    with pytest.raises(error, match="Received: "):
        make()
