import importlib

import keras
import numpy as np
import pytest

from keras_resnet.training.accuracy import LabelAccuracy
from keras_resnet.training.losses import (
    SigmoidCrossEntropy,
    SmoothedCrossEntropy,
    make_loss,
)
from keras_resnet.training.recipes import get_recipe

CLASSES = 5


@pytest.fixture
def logits(rng):
    return rng.normal(size=(6, CLASSES)).astype("float32") * 4


@pytest.fixture
def labels(rng):
    return rng.integers(0, CLASSES, 6)


@pytest.fixture
def shares(rng):
    """Labels of mixed images: two classes, or one, each."""
    first, second = rng.integers(0, CLASSES, (2, 6))
    share = rng.uniform(0, 1, 6).astype("float32")[:, None]
    one_hot = np.eye(CLASSES, dtype="float32")
    return share * one_hot[first] + (1 - share) * one_hot[second]


@pytest.fixture
def their_binary_cross_entropy(timm):
    return importlib.import_module("timm.loss").BinaryCrossEntropy


def one_hot(labels):
    return np.eye(CLASSES, dtype="float32")[labels]


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_equals_the_dense_loss_of_keras(smoothing, logits, labels, shares):
    dense = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing
    )
    loss = SmoothedCrossEntropy(smoothing)
    expected = float(dense(one_hot(labels), logits))
    assert float(loss(labels, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(labels[:, None], logits)) == pytest.approx(expected, rel=1e-5)
    expected = float(dense(shares, logits))
    assert float(loss(shares, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equals_the_loss_of_torch(smoothing, logits, shares):
    torch = pytest.importorskip("torch")
    expected = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(
        torch.from_numpy(logits), torch.from_numpy(shares)
    )
    found = float(SmoothedCrossEntropy(smoothing)(shares, logits))
    assert found == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_sigmoid_equals_timm_on_integer_labels(
    their_binary_cross_entropy, smoothing, logits, labels
):
    torch = pytest.importorskip("torch")
    theirs = their_binary_cross_entropy(smoothing=smoothing)
    expected = theirs(torch.from_numpy(logits), torch.from_numpy(labels))
    found = float(SigmoidCrossEntropy(smoothing)(labels, logits))
    assert found == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("threshold", [None, 0.0, 0.2])
def test_sigmoid_equals_timm_on_mixed_labels(
    their_binary_cross_entropy, threshold, logits, shares
):
    torch = pytest.importorskip("torch")
    theirs = their_binary_cross_entropy(smoothing=0.0, target_threshold=threshold)
    expected = theirs(torch.from_numpy(logits), torch.from_numpy(shares))
    found = float(SigmoidCrossEntropy(0.0, threshold)(shares, logits))
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_sigmoid_smooths_after_the_threshold(logits):
    torch = pytest.importorskip("torch")
    shares = np.zeros((6, CLASSES), "float32")
    shares[:, 1], shares[:, 3] = 0.3, 0.7
    # Both classes of the mixed image are present, each at 1 - 0.1 + 0.1 / 5.
    target = np.where(shares > 0, 0.92, 0.02).astype("float32")
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits), torch.from_numpy(target)
    )
    found = float(SigmoidCrossEntropy(0.1, 0.0)(shares, logits))
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_sigmoid_takes_large_logits():
    loss = SigmoidCrossEntropy()
    found = float(loss(np.array([0]), np.array([[-200.0, 200.0]], "float32")))
    assert found == pytest.approx(200.0)


@pytest.mark.parametrize(
    "loss", [SmoothedCrossEntropy(0.2), SigmoidCrossEntropy(0.2, 0.3)]
)
def test_survives_serialization(loss):
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.smoothing == 0.2


@pytest.mark.parametrize(
    ("make", "received"),
    [
        (lambda: SmoothedCrossEntropy(1.5), r"smoothing=1\.5"),
        (lambda: SigmoidCrossEntropy(-0.1), r"smoothing=-0\.1"),
        (lambda: SigmoidCrossEntropy(0.1, 2), "threshold=2"),
    ],
)
def test_refuses_numbers_outside_zero_to_one(make, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        make()


def test_recipes_name_their_loss():
    assert isinstance(make_loss(get_recipe("digits")), SmoothedCrossEntropy)
    loss = make_loss(get_recipe("wightman2021_a1"))
    assert isinstance(loss, SigmoidCrossEntropy)
    assert (loss.smoothing, loss.threshold) == (0.1, 0.0)


def test_accuracy_equals_that_of_keras(logits, labels, shares):
    theirs = keras.metrics.SparseCategoricalAccuracy()
    theirs.update_state(labels, logits)
    for received in (labels, labels[:, None]):
        ours = LabelAccuracy()
        ours.update_state(received, logits)
        assert float(ours.result()) == float(theirs.result())
    dense = keras.metrics.CategoricalAccuracy()
    dense.update_state(shares, logits)
    ours = LabelAccuracy()
    ours.update_state(shares, logits)
    assert float(ours.result()) == float(dense.result())
    assert ours.name == "accuracy"
    again = keras.metrics.deserialize(keras.metrics.serialize(ours))
    assert isinstance(again, LabelAccuracy)
