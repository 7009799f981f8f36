import importlib

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_resnet.training.mixing import cut_mix, mix_batch, mix_up, random_share

BATCH, SIDE, CLASSES = 8, 16, 10


@pytest.fixture
def batch(rng):
    images = rng.uniform(0, 255, (BATCH, SIDE, SIDE + 4, 3)).astype("float32")
    return tf.constant(images), tf.range(BATCH)


def shares_of(alpha, count=1000):
    @tf.function
    def draw(indices):
        return tf.map_fn(
            lambda index: random_share(tf.stack([3, index]), alpha),
            indices,
            fn_output_signature="float32",
        )

    return draw(tf.range(count)).numpy()


@pytest.mark.parametrize("alpha", [0.1, 0.2, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha):
    found = shares_of(alpha)
    assert found.min() >= 0
    assert found.max() <= 1
    # Those so near to 1 that a float rounds them to it are counted as one.
    distribution = scipy.stats.beta(alpha, alpha)
    bounds = distribution.ppf(np.linspace(0, 1, 11))
    counts, _ = np.histogram(found, np.clip(bounds, 0, 1))
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_shares_are_numbers_for_a_tiny_alpha():
    found = shares_of(1e-3, 300)
    assert np.isfinite(found).all()
    assert np.mean((found < 0.01) | (found > 0.99)) > 0.95
    assert 0.35 < found.mean() < 0.65


def test_mix_up_equals_its_formula(batch):
    images, labels = batch
    partners = tf.reverse(labels, axis=(0,))
    one_hot = tf.one_hot(labels, CLASSES)
    mixed, shares = mix_up(images, one_hot, partners, tf.constant(0.7))
    expected = 0.7 * images.numpy() + 0.3 * images.numpy()[::-1]
    np.testing.assert_allclose(mixed, expected, rtol=1e-4)
    expected = 0.7 * np.eye(CLASSES)[:BATCH] + 0.3 * np.eye(CLASSES)[:BATCH][::-1]
    np.testing.assert_allclose(shares, expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_cut_mix_equals_torchvision(torchvision, batch, seed):
    torch = pytest.importorskip("torch")
    transforms = importlib.import_module("torchvision.transforms.v2")
    transform = transforms.CutMix(num_classes=CLASSES, alpha=0.7)
    images, labels = batch
    # What it draws, in its order; then the same again in the transform itself.
    torch.manual_seed(seed)
    share = float(transform._dist.sample(()))
    column, row = (int(torch.randint(side, (1,))) for side in (SIDE + 4, SIDE))
    torch.manual_seed(seed)
    theirs, their_shares = transform(
        torch.from_numpy(images.numpy()).permute(0, 3, 1, 2),
        torch.from_numpy(labels.numpy()).long(),
    )
    mixed, shares = cut_mix(
        images,
        tf.one_hot(labels, CLASSES),
        tf.roll(labels, 1, axis=0),
        tf.constant(share),
        tf.constant((row, column)),
    )
    np.testing.assert_array_equal(mixed, theirs.permute(0, 2, 3, 1).numpy())
    np.testing.assert_allclose(shares, their_shares.numpy(), atol=1e-6)


@pytest.mark.parametrize("ways", [{"mixup": 0.4}, {"cutmix": 1.0}])
def test_labels_go_by_what_is_seen(batch, ways):
    images, labels = batch
    # An image of its own label everywhere shows its shares in its pixels.
    flat = tf.broadcast_to(
        tf.cast(labels, "float32")[:, None, None, None], images.shape
    )
    for seed in range(10):
        mixed, shares = mix_batch(flat, labels, tf.constant([5, seed]), CLASSES, **ways)
        seen = tf.reduce_mean(mixed, axis=(1, 2, 3))
        expected = tf.linalg.matvec(shares, tf.range(CLASSES, dtype="float32"))
        np.testing.assert_allclose(seen, expected, atol=1e-3)
        np.testing.assert_allclose(tf.reduce_sum(shares, axis=1), 1.0, atol=1e-6)


def test_with_both_each_batch_has_one_of_them(batch):
    images, labels = batch
    kept = []
    for seed in range(60):
        mixed, _ = mix_batch(
            images, labels, tf.constant([9, seed]), CLASSES, mixup=0.8, cutmix=1.0
        )
        # Cutmix takes pixels as they are; mixup makes new ones.
        kept.append(np.isin(mixed.numpy(), images.numpy()).all())
    assert 18 <= sum(kept) <= 42


def test_the_seed_decides(batch):
    ways = {"mixup": 0.8, "cutmix": 1.0}
    first = mix_batch(*batch, tf.constant([1, 2]), CLASSES, **ways)
    again = tf.function(
        lambda images, labels, seed: mix_batch(images, labels, seed, CLASSES, **ways)
    )(*batch, tf.constant([1, 2]))
    np.testing.assert_allclose(first[0], again[0], rtol=1e-5)
    np.testing.assert_allclose(first[1], again[1], rtol=1e-5)
    other = mix_batch(*batch, tf.constant([1, 3]), CLASSES, **ways)
    assert not np.allclose(first[0], other[0])


def test_without_either_the_labels_are_one_hot(batch):
    images, shares = mix_batch(*batch, tf.constant([1, 2]), CLASSES)
    np.testing.assert_array_equal(images, batch[0])
    np.testing.assert_array_equal(shares, np.eye(CLASSES)[:BATCH])


@pytest.mark.parametrize(
    "wrong", [{"mixup": -1.0}, {"cutmix": float("nan")}, {"classes": 0}]
)
def test_refuses_numbers_out_of_range(batch, wrong):
    with pytest.raises(ValueError, match="Received: "):
        mix_batch(*batch, tf.constant([1, 2]), **{"classes": CLASSES, **wrong})
