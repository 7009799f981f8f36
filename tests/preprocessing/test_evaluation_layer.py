"""The transform before an evaluation as a layer, against Pillow's pixels."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_resnet.normalization import CAFFE, TORCH, UNIT, Normalization
from keras_resnet.preprocessing import (
    EvaluationPreprocessing,
    evaluation_transform,
    model_preprocessing,
)
from keras_resnet.weights.card import Evaluation
from keras_resnet.weights.catalogue import get_card

RAW = Normalization()
SIZES = ((375, 500), (501, 333), (256, 256), (97, 131), (20, 31), (1, 1))
EVALUATIONS = (
    Evaluation(224, 0.875, "bilinear"),
    Evaluation(224, 0.95, "bicubic"),
    Evaluation(33, 1.0, "bicubic"),
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_within_a_grey_level_of_pillow(photograph, make_card, evaluation, size):
    image = photograph(*size)
    card = make_card(RAW, evaluation)
    expected = evaluation_transform(card)(Image.fromarray(image))
    layer = model_preprocessing(card)
    # Where a sum lies between two levels, floats may round it to the other;
    # one row in two passes to two.
    difference = np.abs(layer(image) - expected)
    assert difference.max() <= 2
    assert difference.mean() < 0.01
    # Floats are not rounded at all.
    difference = np.abs(layer(image.astype("float32")) - expected)
    assert difference.max() < 1.5
    assert difference.mean() < 0.4


@pytest.mark.parametrize("normalization", [CAFFE, UNIT, TORCH])
def test_normalizes(photograph, make_card, normalization):
    image = photograph(97, 131)
    card = make_card(normalization, Evaluation(64))
    raw = model_preprocessing(make_card(RAW, Evaluation(64)))(image).numpy()
    modes = {CAFFE: "caffe", UNIT: "tf", TORCH: "torch"}
    expected = keras.applications.imagenet_utils.preprocess_input(
        raw, mode=modes[normalization]
    )
    np.testing.assert_allclose(model_preprocessing(card)(image), expected, atol=3e-5)


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels(rng, make_card, channels):
    x = rng.integers(0, 256, (2, 50, 40, channels)).astype("uint8")
    raw = model_preprocessing(make_card(RAW, Evaluation(32)))(x)
    found = model_preprocessing(make_card(TORCH, Evaluation(32)))(x)
    mean, deviation = np.mean(TORCH.mean), np.mean(TORCH.standard_deviation)
    np.testing.assert_allclose(found, (raw - mean) / deviation, atol=1e-5)


def test_batches_single_images_and_channels_first(photograph, make_card):
    card = make_card(TORCH, Evaluation(64))
    batch = np.stack([photograph(97, 131, seed) for seed in range(3)])
    layer = model_preprocessing(card)
    found = layer(batch)
    assert found.shape == (3, 64, 64, 3)
    for image, expected in zip(batch, found, strict=True):
        np.testing.assert_allclose(layer(image), expected, atol=2e-5)
    first = model_preprocessing(card, data_format="channels_first")
    moved = first(np.moveaxis(batch, -1, 1))
    assert moved.shape == (3, 3, 64, 64)
    np.testing.assert_allclose(np.moveaxis(moved, 1, -1), found, atol=2e-5)


def test_stands_before_a_network_and_is_saved_with_it(photograph, make_card, tmp_path):
    inputs = keras.Input((None, None, 3), dtype="uint8")
    x = model_preprocessing(make_card(CAFFE, Evaluation(32, 0.9, "bicubic")))(inputs)
    assert x.shape == (None, 32, 32, 3)
    assert x.dtype == "float32"
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(x))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(tmp_path / "exported")
    for size in ((97, 131), (40, 30)):
        images = np.stack([photograph(*size, seed) for seed in range(2)])
        expected = model(images)
        assert expected.shape == (2, 30, 30, 2)
        np.testing.assert_array_equal(again(images), expected)
        # The compiled graph may round a sum between two levels the other way.
        for found in (model.predict(images, verbose=0), served.serve(images)):
            assert np.abs(found - expected).max() < 10
            assert np.abs(found - expected).mean() < 0.05


def test_sequential(photograph):
    model = keras.Sequential(
        [model_preprocessing("resnet50.tv_in1k"), keras.layers.Flatten()]
    )
    assert model(photograph(97, 131)[None]).shape == (1, 224 * 224 * 3)


def test_in_a_pipeline(photograph, make_card):
    card = make_card(TORCH, Evaluation(64))
    layer, image = model_preprocessing(card), photograph(97, 131)
    images = tf.data.Dataset.from_generator(
        lambda: iter([image]), output_signature=tf.TensorSpec((None, None, 3), "uint8")
    )
    found = images.map(layer).get_single_element()
    assert np.abs(found - layer(image)).mean() < 1e-3


def test_floats_have_a_gradient(photograph, make_card):
    layer = model_preprocessing(make_card(TORCH, Evaluation(32)))
    image = tf.Variable(photograph(50, 60).astype("float32"))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(image))
    assert tf.reduce_any(tape.gradient(total, image) != 0)


def test_half_precision_does_not_round_pixels(photograph, make_card):
    expected = model_preprocessing(make_card())(photograph(97, 131))
    keras.config.set_dtype_policy("mixed_bfloat16")
    found = model_preprocessing(make_card())(photograph(97, 131))
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, expected)


def test_takes_everything_from_the_card():
    card = get_card("resnet50.a1_in1k")
    config = model_preprocessing("resnet50.a1_in1k").get_config()
    assert config["size"] == card.evaluation.size
    assert config["crop_fraction"] == card.evaluation.crop_fraction
    assert config["interpolation"] == card.evaluation.interpolation
    assert config["mean"] == card.normalization.mean
    other = model_preprocessing(card, evaluation=Evaluation(64, 0.5)).get_config()
    assert (other["size"], other["crop_fraction"]) == (64, 0.5)
    assert EvaluationPreprocessing.from_config(config).get_config() == config


@pytest.mark.parametrize(
    "arguments",
    [{"size": 0}, {"crop_fraction": 1.5}, {"interpolation": "nearest"}],
)
def test_refuses(arguments):
    with pytest.raises(ValueError, match=f"Received: {next(iter(arguments))}="):
        EvaluationPreprocessing(**arguments)


BACKEND = """
import sys
import keras, numpy as np
import keras_resnet.preprocessing
data = np.load(sys.argv[1])
model = keras.saving.load_model(sys.argv[2])
for number in range(2):
    image, expected = data[f"image{number}"], data[f"expected{number}"]
    for found in (model(image[None]), model.predict(image[None], verbose=0)):
        difference = np.abs(keras.ops.convert_to_numpy(found)[0] - expected)
        assert difference.max() <= 2 / 57, difference.max()
        assert difference.mean() < 0.01 / 57, difference.mean()
print("equal")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(photograph, run_python, tmp_path, make_card, backend):
    card = make_card(TORCH, Evaluation(64, 0.95, "bicubic"))
    inputs = keras.Input((None, None, 3), dtype="uint8")
    model = keras.Model(inputs, model_preprocessing(card)(inputs))
    model.save(tmp_path / "model.keras")
    data = {}
    for number, size in enumerate(((97, 131), (50, 40))):
        image = photograph(*size)
        data[f"image{number}"] = image
        data[f"expected{number}"] = evaluation_transform(card)(Image.fromarray(image))
    np.savez(tmp_path / "data.npz", **data)
    paths = tmp_path / "data.npz", tmp_path / "model.keras"
    assert "equal" in run_python(BACKEND, *paths, backend=backend)
