"""What is counted, and how it is drawn and told."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf
from PIL import Image

from keras_resnet.training.evaluation.any_size import for_images, gives_logits
from keras_resnet.training.evaluation.confusion_picture import draw_confusion_matrix
from keras_resnet.training.evaluation.outcomes import Outcomes
from keras_resnet.training.evaluation.predictions import outcome
from keras_resnet.training.evaluation.report import (
    csv_report,
    json_report,
    text_report,
)
from keras_resnet.training.evaluation.result import EvaluationResult


def result_of(labels, predicted, class_names):
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    outcomes = Outcomes(
        labels, predicted, np.where(labels == predicted, 0, 2), np.ones(len(labels))
    )
    return EvaluationResult(
        weights="model.keras",
        network="resnet8",
        parameters=1,
        dataset="made here",
        class_names=class_names,
        image_shape=(32, 32, 3),
        crops="1",
        crop_share=0.875,
        interpolation="bilinear",
        devices="one device (CPU)",
        outcomes=outcomes,
        folder=Path("run"),
    )


def test_ranks_are_scikit_learns(rng):
    scores = rng.normal(size=(200, 9)).astype("float32")
    labels = rng.integers(0, 9, 200).astype("int32")
    predicted, ranks, losses = outcome(tf.nn.log_softmax(scores), tf.constant(labels))
    np.testing.assert_array_equal(predicted, scores.argmax(axis=1))
    for k in (1, 2, 5):
        expected = sklearn.metrics.top_k_accuracy_score(labels, scores, k=k)
        assert np.mean(ranks.numpy() < k) == pytest.approx(expected)
    np.testing.assert_allclose(
        losses, -np.asarray(tf.nn.log_softmax(scores))[np.arange(200), labels]
    )


def test_equal_scores_go_to_the_lower_class_and_none_to_no_number():
    logs = tf.constant([[0.0, 0.0, 0.0], [np.nan] * 3, [1.0, np.nan, 2.0]])
    _, ranks, _ = outcome(logs, tf.constant([1, 0, 2]))
    assert ranks.numpy().tolist() == [1, 2, 1]


def test_classes_without_errors_or_images():
    result = result_of([0, 0, 2, 2, 2], [0, 0, 2, 0, 0], ("a", "b", "c"))
    first, empty, last = result.per_class
    assert (first.accuracy.value, first.taken_for) == (1.0, None)
    assert empty.accuracy is None
    assert (last.accuracy.successes, last.taken_for, last.taken_count) == (1, "a", 2)
    assert [score.name for score in result.worst_first()] == ["c", "a"]
    (only,) = result.confusions(10)
    assert (only.right, only.predicted, only.count, only.of) == ("c", "a", 2, 3)
    assert result.top5 is None
    assert "top-5" not in text_report(result)
    assert csv_report(result).splitlines()[2] == "1,b,0,0,,,,,0"


def test_classes_of_one_name_are_told_apart():
    names = ("crane", "tern", "crane")
    said = json_report(result_of([0, 0, 1, 2, 2], [0, 2, 1, 0, 0], names))
    assert said["per_class"] == [
        {"label": 0, "class": "crane", "accuracy": 0.5},
        {"label": 1, "class": "tern", "accuracy": 1.0},
        {"label": 2, "class": "crane", "accuracy": 0.0},
    ]
    labels = [(c["is_label"], c["taken_for_label"]) for c in said["confusions"]]
    assert labels == [(2, 0), (0, 2)]
    assert json.loads(json.dumps(said))["confusions"] == said["confusions"]


def test_the_ends_of_many_classes_are_told(rng):
    labels = np.repeat(np.arange(30), 10)
    predicted = np.where(np.arange(300) % 10 < labels // 3, labels, (labels + 1) % 30)
    names = tuple(f"name{label}" for label in range(30))
    said = text_report(result_of(labels, predicted, names))
    worst, best = said.split("The best classes")
    assert "name0 " in worst
    assert "name29" not in worst
    assert "name29" in best.split("The most frequent")[0]


def test_names_are_no_formulas(tmp_path):
    # matplotlib would read one between two of them, and a bad one is an error.
    names = ("us_$1", "us_$5", r"$\nothing$")
    result = result_of(np.arange(3), np.array([1, 0, 2]), names)
    path = tmp_path / "confusions.png"
    draw_confusion_matrix(path, result)
    assert path.stat().st_size


@pytest.mark.parametrize("classes", [2, 10, 45, 1000])
def test_errors_can_be_seen_in_the_picture(classes, tmp_path):
    names = tuple(f"a class called {label}" for label in range(classes))
    labels = np.arange(classes)
    pictures = []
    for swapped in (False, True):
        predicted = labels.copy()
        if swapped:
            predicted[[0, -1]] = predicted[[-1, 0]]
        path = tmp_path / f"{swapped}.png"
        draw_confusion_matrix(path, result_of(labels, predicted, names))
        with Image.open(path) as picture:
            pictures.append(np.asarray(picture.convert("RGB"), "int64"))
    red = [
        np.count_nonzero((p[..., 0] - p[..., 2] > 60) & (p[..., 0] > 90))
        for p in pictures
    ]
    assert pictures[1].shape[0] < 1600
    assert red[0] == 0
    # Beside the two bars of the list.
    assert red[1] > 30


def test_networks_end_in_logits_or_a_softmax():
    def ending_in(*layers):
        return keras.Sequential([keras.Input((4,)), *layers])

    dense = keras.layers.Dense
    assert gives_logits(ending_in(dense(3)))
    assert not gives_logits(ending_in(dense(3, activation="softmax")))
    assert not gives_logits(ending_in(dense(3), keras.layers.Softmax()))
    assert not gives_logits(ending_in(dense(3), keras.layers.Activation("softmax")))
    with pytest.raises(ValueError, match="Received: 'sigmoid'"):
        gives_logits(ending_in(dense(3, activation="sigmoid")))


def test_a_model_is_copied_for_other_sizes(small_network, randomize, rng):
    model = randomize(small_network((16, 16, 3), 4, None))
    assert for_images(model, (16, 16, 3), False, "x") is model
    images = rng.uniform(0, 255, (2, 16, 16, 3)).astype("float32")
    copy = for_images(model, (16, 16, 3), True, "x")
    np.testing.assert_allclose(
        copy.predict_on_batch(images), model.predict_on_batch(images), rtol=1e-5
    )
    assert copy.predict_on_batch(rng.uniform(0, 255, (1, 24, 40, 3))).shape == (1, 4)
    dense = keras.layers.Dense(2)
    flat = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match=r"cannot take images of 9x9.*saved for 8x8"):
        for_images(flat, (9, 9, 3), False, "x")
    with pytest.raises(ValueError, match="of 3 channels.*have 1"):
        for_images(model, (16, 16, 1), False, "x")
    with pytest.raises(ValueError, match="must map images"):
        for_images(keras.Sequential([keras.Input((4,)), dense]), (8, 8, 3), False, "x")
