"""Names of the likeliest classes, against keras.applications and NumPy."""

import dataclasses
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications import imagenet_utils

from keras_resnet.preprocessing import decode_predictions, labels

NAMES = ("ant", "bee", "cat")


@pytest.fixture
def class_index(monkeypatch):
    """Place names of 1000 classes where Keras keeps ImageNet's."""
    index = {str(n): [f"n{n:08d}", f"thing_{n}"] for n in range(1000)}
    contents = json.dumps(index).encode()
    digest = hashlib.md5(contents, usedforsecurity=False).hexdigest()
    path = Path(os.environ["KERAS_HOME"]) / "models" / "imagenet_class_index.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    made = dataclasses.replace(labels.CLASS_INDEX, hash=f"md5:{digest}")
    monkeypatch.setattr(labels, "CLASS_INDEX", made)
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", index)
    yield path
    path.unlink()


@pytest.mark.parametrize("top", [1, 5, 1000, 2000])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_equals_keras_applications(rng, class_index, dtype, top):
    scores = np.stack([rng.permutation(1000) / 1000 for _ in range(3)]).astype(dtype)
    expected = imagenet_utils.decode_predictions(scores, top=top)
    found = decode_predictions(scores, top=top)
    if dtype == "float16":
        # 16 bits have equal scores, whose order there is no one's.
        found, expected = (
            [[label[2] for label in row] for row in rows] for rows in (found, expected)
        )
    assert found == expected


def test_tensors_and_lists(rng, class_index):
    scores = rng.uniform(size=(2, 1000)).astype("float32")
    expected = decode_predictions(scores)
    assert [len(row) for row in expected] == [5, 5]
    assert decode_predictions(tf.constant(scores)) == expected
    assert decode_predictions(scores.tolist()) == expected


def test_is_keras_applications_file():
    assert labels.CLASS_INDEX.address == imagenet_utils.CLASS_INDEX_PATH


def test_a_file_with_other_contents_is_not_read(class_index, monkeypatch):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "1")
    class_index.write_text("{}")
    with pytest.raises(OSError, match="imagenet_class_index.json"):
        decode_predictions(np.zeros((1, 1000)))


def test_says_where_to_place_what_cannot_be_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    place = tmp_path / "models" / "imagenet_class_index.json"
    with pytest.raises(OSError, match=re.escape(str(place))):
        decode_predictions(np.zeros((1, 1000)))


@pytest.mark.parametrize("make", [list, tuple, enumerate, np.array])
def test_names_of_other_classes(make):
    scores = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]], "float32")
    given = list(make(NAMES)) if make is enumerate else make(NAMES)
    found = decode_predictions(scores, labels=given)
    assert [[label[:2] for label in row] for row in found] == [
        [(1, "bee"), (2, "cat"), (0, "ant")],
        [(0, "ant"), (2, "cat"), (1, "bee")],
    ]
    assert found[0][0][2] == scores[0, 1]
    assert found[0][0][2].dtype == "float32"


def test_pairs_keep_their_identifier():
    pairs = [("n01", "ant"), ["n02", "bee"], ("n03", "cat")]
    found = decode_predictions([[0, 1, 2]], top=2, labels=pairs)
    assert found == [[("n03", "cat", 2), ("n02", "bee", 1)]]


@pytest.mark.parametrize(
    "text", ["ant\nbee\ncat\n", "ant\r\nbee\r\ncat", "ant \nbee\ncat\n\n"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("as_path", [str, Path])
def test_names_from_a_file(tmp_path, text, encoding, as_path):
    path = tmp_path / "names.txt"
    path.write_bytes(text.encode(encoding))
    found = decode_predictions([[3, 2, 1]], labels=as_path(path))
    assert found == [[(0, "ant", 3), (1, "bee", 2), (2, "cat", 1)]]


def test_of_equal_scores_the_lower_class_comes_first():
    # TensorFlow's `top_k` does the same.
    scores = np.array([[0.5, 0.5, 0.0, 0.5], [0.0, 0.0, 0.0, 0.0]], "float32")
    found = decode_predictions(scores, top=3, labels=tuple("abcd"))
    expected = tf.math.top_k(scores, 3).indices.numpy().tolist()
    assert [[label[0] for label in row] for row in found] == expected


def test_scores_of_a_quantized_network():
    scores = np.array([[0, 255, 7], [9, 0, 8]], "uint8")
    found = decode_predictions(scores, labels=NAMES)
    assert [[label[1] for label in row] for row in found] == [
        ["bee", "cat", "ant"],
        ["ant", "cat", "bee"],
    ]


@pytest.mark.parametrize(
    ("predictions", "arguments", "error", "message"),
    [
        (
            np.zeros(3),
            {"labels": NAMES},
            ValueError,
            r"Received: predictions.shape=\(3,\)",
        ),
        (
            np.zeros((1, 3, 1)),
            {"labels": NAMES},
            ValueError,
            "Received: predictions.shape=",
        ),
        (np.zeros((1, 4)), {"labels": NAMES}, ValueError, r"3 names.*shape=\(1, 4\)"),
        (np.zeros((1, 10)), {}, ValueError, r"1000 names.*shape=\(1, 10\)"),
        (np.zeros((1, 3)), {"labels": NAMES, "top": 0}, ValueError, "Received: top=0"),
        (
            np.zeros((1, 3)),
            {"labels": NAMES, "top": 1.5},
            TypeError,
            "Received: top=1.5",
        ),
        (
            np.zeros((1, 3)),
            {"labels": [1, 2, 3]},
            TypeError,
            r"Received: labels\[0\]=1",
        ),
    ],
)
def test_refuses(predictions, arguments, error, message):
    with pytest.raises(error, match=message):
        decode_predictions(predictions, **arguments)


def test_refuses_an_empty_line_between_names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("ant\n\ncat\n")
    with pytest.raises(ValueError, match="line 2 is empty"):
        decode_predictions(np.zeros((1, 3)), labels=path)
    with pytest.raises(OSError, match="none"):
        decode_predictions(np.zeros((1, 3)), labels=tmp_path / "none.txt")
