"""Enlarged images, and what a classifier says of them."""

import sys

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import special
from small_models import vgg

import keras_resnet
from keras_resnet.studies.class_scores import ends_in_scores
from keras_resnet.studies.evaluation_cache import EvaluationCache
from keras_resnet.studies.fully_convolutional import to_fully_convolutional
from keras_resnet.studies.scale_response import scale_response
from keras_resnet.studies.scale_result import ScaleResult


# Confidences are probabilities, whatever the network ends in.
@pytest.mark.parametrize("activation", [None, "softmax"])
def test_answers_are_those_to_images_that_pillow_enlarged(rng, randomize, activation):
    image_module = pytest.importorskip("PIL.Image")
    model = randomize(keras_resnet.ResNet8(classifier_activation=activation))
    larger = keras_resnet.ResNet8(
        classifier_activation=None, input_shape=(None, None, 3)
    )
    larger.set_weights(model.get_weights())
    images = rng.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    found = scale_response(model, images, [3, 4], (1.5, 3), top=2)
    assert found.factors == (1, 1.5, 3)
    assert found.sides == ((32, 32), (48, 48), (96, 96))
    for i, (side, _) in enumerate(found.sides):
        planes = [
            image_module.fromarray(plane).resize((side, side), image_module.BILINEAR)
            for image in images
            for plane in np.moveaxis(image, -1, 0)
        ]
        enlarged = np.moveaxis(np.reshape(planes, (2, 3, side, side)), 1, -1)
        scores = special.softmax(larger(enlarged).numpy(), axis=1)
        expected = scores[[0, 1], [3, 4]]
        np.testing.assert_allclose(found.confidences[i], expected, atol=1e-4)
        ranks = [
            list(np.argsort(-row)).index(k) + 1
            for row, k in zip(scores, (3, 4), strict=True)
        ]
        np.testing.assert_array_equal(found.ranks[i], ranks)


def test_a_second_call_computes_nothing(rng, tmp_path, monkeypatch):
    model, path = keras_resnet.ResNet8(), tmp_path / "cache.jsonl"
    images = rng.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")

    def study(factors):
        cache = EvaluationCache(path)
        return scale_response(model, images, [3, 4], factors, cache=cache)

    first = study((1.5,))
    assert len(EvaluationCache(path)) == 2
    # The package has the function by the name of its module.
    module = sys.modules["keras_resnet.studies.scale_response"]
    monkeypatch.setattr(module, "_map", lambda *_: None)

    def computed(*_):
        raise AssertionError("computed a second time")

    monkeypatch.setattr(module, "enlarge", computed)
    np.testing.assert_array_equal(study((1.5,)).confidences, first.confidences)
    # What is not in the cache is computed.
    with pytest.raises(AssertionError, match="a second time"):
        study((2,))


def test_what_is_no_number_is_not_right(rng):
    model = keras_resnet.ResNet8()
    images = rng.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    model.get_layer("predictions").bias.assign([np.nan] + 9 * [0])
    found = scale_response(model, images, [0, 4], (1.5,), top=10)
    assert (found.ranks == 11).all()
    assert [row[3:5] for row in found.rows()] == [(0, 0), (0, 0)]


def test_flattening_network_averages_over_its_windows(rng):
    model = vgg((8, None, 4))
    images = rng.normal(size=(1, 8, 8, 3)).astype("float32")
    found = scale_response(model, images, factors=(2,))
    assert found.labels == model(images).numpy().argmax()
    assert found.ranks[0] == 1
    assert found.maps[1].name == "class_heatmap"
    # It ends in logits, of which each window's are made probabilities.
    np.testing.assert_allclose(
        found.confidences[0], special.softmax(model(images)).max(), atol=1e-5
    )
    enlarged = ops.image.resize(images, (16, 16), "bilinear")
    sliding = to_fully_convolutional(model)(enlarged).numpy()
    expected = special.softmax(sliding, axis=-1).mean(axis=(0, 1, 2))
    np.testing.assert_allclose(found.confidences[1], expected[found.labels], atol=1e-5)
    assert found.maps[1].measure == "probability"


def _ends_in(*last):
    inputs = keras.Input((8,))
    x = inputs
    for layer in last:
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("last", "scores"),
    [
        ([layers.Dense(3)], True),
        ([layers.Dense(3), layers.Activation("linear"), layers.Dropout(0.1)], True),
        ([layers.Dense(3, activation="softmax")], False),
        ([layers.Dense(3, activation="softmax"), layers.Activation("linear")], False),
        ([layers.Dense(3), layers.Softmax()], False),
        ([layers.Dense(3), layers.Activation("sigmoid")], False),
        ([layers.Dense(3), ops.softmax], False),
    ],
)
def test_what_ends_in_scores(last, scores):
    assert ends_in_scores(_ends_in(*last)) == scores


def result(ranks):
    ranks = np.array(ranks)
    confidences = np.where(ranks == 1, 0.9, 0.1)
    labels = np.zeros(ranks.shape[1], int)
    return ScaleResult(
        "network",
        (1.0, 1.5, 3.0),
        ((8, 8), (12, 12), (24, 24)),
        2,
        labels,
        confidences,
        ranks,
        ranks - 1,
        0,
        (),
        None,
    )


def test_where_a_class_is_lost():
    found = result([[1, 1, 2, 1], [1, 2, 1, 3], [1, 3, 2, 1]])
    np.testing.assert_array_equal(found.lost_at, [np.inf, 1.5, 3, np.inf])
    assert [row[3] for row in found.rows()] == [75, 50, 50]
    assert [row[4] for row in found.rows()] == [100, 75, 75]
    assert found.document()["images lost from factor"] == {"1": 0, "1.5": 1, "3": 1}


def test_files(rng, tmp_path):
    model = keras_resnet.ResNet8()
    images = rng.uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    names = [f"kind {i}" for i in range(10)]
    found = scale_response(model, images, None, (1.5,), class_names=names)
    assert {path.name for path in found.save(tmp_path)} == {
        "scale.csv",
        "scale.json",
        "scale.png",
    }
    assert (tmp_path / "scale.csv").read_text().count("kind") == 2


def test_what_is_refused(rng):
    model = keras_resnet.ResNet8()
    images = rng.normal(size=(2, 32, 32, 3))
    for arguments, match in (
        ({"factors": (0.5,)}, "at least 1"),
        ({"factors": ()}, "at least 1"),
        ({"labels": [1, 10]}, "10 classes apart"),
        ({"shown": 2}, "`shown`"),
    ):
        with pytest.raises(ValueError, match=match):
            scale_response(model, images, **arguments)
    with pytest.raises(ValueError, match="smaller"):
        scale_response(model, images[:, :30])
    with pytest.raises(TypeError, match="`factors`"):
        scale_response(model, images, factors=3)
    image_of_one_size = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.PReLU(), layers.GlobalMaxPooling2D()]
    )
    with pytest.raises(ValueError, match="shared_axes"):
        scale_response(image_of_one_size, images[:, :8, :8])
