"""What a network does before its first block."""

import itertools

import keras
import pytest

import keras_resnet


@pytest.mark.parametrize("ordering", keras_resnet.layers.ORDERINGS)
@pytest.mark.parametrize("name", ["resnet18", "resnet18d", "resnetrs50"])
def test_biases_where_no_batch_normalization_follows(name, ordering):
    model = keras_resnet.create_model(
        name,
        weights=None,
        ordering=ordering,
        use_bias="unnormalized",
        nested=True,
        input_shape=(32, 32, 3),
    )
    # Nested, the layers are a chain: what follows one is the next one.
    convolutions = 0
    for layer, following in itertools.pairwise(model.layers):
        if isinstance(layer, keras.layers.Conv2D):
            normalized = isinstance(following, keras.layers.BatchNormalization)
            assert layer.use_bias != normalized, layer.name
            convolutions += 1
    assert convolutions == {"resnet18": 1, "resnet18d": 3, "resnetrs50": 4}[name]
