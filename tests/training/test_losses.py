import keras
import numpy as np
import pytest

from keras_resnet.training.losses import SmoothedCrossEntropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_equals_the_dense_loss_of_keras(smoothing):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6, 5)).astype("float32") * 4
    labels = rng.integers(0, 5, 6)
    dense = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing
    )
    expected = float(dense(np.eye(5, dtype="float32")[labels], logits))
    found = float(SmoothedCrossEntropy(smoothing)(labels, logits))
    assert found == pytest.approx(expected, rel=1e-5)


def test_survives_serialization():
    again = keras.losses.deserialize(keras.losses.serialize(SmoothedCrossEntropy(0.2)))
    assert isinstance(again, SmoothedCrossEntropy)
    assert again.smoothing == 0.2


def test_refuses_smoothing_outside_zero_to_one():
    with pytest.raises(ValueError, match=r"Received: smoothing=1\.5"):
        SmoothedCrossEntropy(1.5)
