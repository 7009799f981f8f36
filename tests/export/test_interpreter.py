import numpy as np
import pytest

from keras_resnet.export.interpreter import (
    LiteRTModel,
    TensorDescription,
    dequantize,
    quantize,
)
from keras_resnet.export.tflite import to_tflite

litert = pytest.importorskip("ai_edge_litert.interpreter")


@pytest.fixture(scope="module")
def int8_file(trained, digits, tmp_path_factory):
    path = tmp_path_factory.mktemp("int8") / "model.tflite"
    to_tflite(trained, path, "int8", digits.train_images)
    return path


def test_real_numbers_and_stored_integers():
    tensor = TensorDescription("image", "int8", (1,), 0.5, -10)
    values = np.array([0.0, 0.5, 0.74, 0.76, -60.0, 500.0], "float32")
    stored = quantize(values, tensor)
    assert stored.dtype == np.int8
    assert stored.tolist() == [-10, -9, -9, -8, -128, 127]
    np.testing.assert_array_equal(
        dequantize(stored, tensor), [0.0, 0.5, 0.5, 1.0, -59.0, 68.5]
    )


def test_the_ends_of_uint8_are_far_apart():
    tensor = TensorDescription("probabilities", "uint8", (1,), 1 / 256, 0)
    stored = np.array([0, 255], "uint8")
    np.testing.assert_allclose(dequantize(stored, tensor), [0, 255 / 256])


def test_a_file_is_described(int8_file):
    model = LiteRTModel(int8_file)
    assert model.input == TensorDescription("image", "uint8", (1, 16, 16, 1), 1.0, 0)
    assert model.output.name == "probabilities"
    assert (model.output.dtype, model.output.shape) == ("uint8", (1, 10))
    assert (model.output.scale, model.output.zero_point) == (1 / 256, 0)


def test_predictions_are_those_of_litert_fed_with_raw_bytes(int8_file, digits):
    images = digits.test_images[:20]
    run = litert.Interpreter(str(int8_file)).get_signature_runner("serving_default")
    expected = [
        run(image=image[np.newaxis].astype("uint8"))["probabilities"][0] / 256
        for image in images
    ]
    calls = []
    found = LiteRTModel(int8_file).predict(images, lambda: calls.append(1))
    np.testing.assert_array_equal(found, expected)
    assert len(calls) == 20


def test_content_serves_as_well_as_a_path(int8_file, digits):
    images = digits.test_images[:3]
    np.testing.assert_array_equal(
        LiteRTModel(int8_file.read_bytes(), threads=2).predict(images),
        LiteRTModel(str(int8_file)).predict(images),
    )


@pytest.mark.parametrize("shape", [(16, 16, 1), (2, 16, 16, 3), (2, 8, 8, 1)])
def test_images_of_another_shape_are_refused(int8_file, shape):
    with pytest.raises(ValueError, match="Received: images of shape"):
        LiteRTModel(int8_file).predict(np.zeros(shape))


def test_what_is_no_file_of_this_kind_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        LiteRTModel(tmp_path / "missing.tflite")
    other = tmp_path / "other.tflite"
    other.write_bytes(b"something else entirely")
    with pytest.raises(ValueError, match=r"Received: '.*other\.tflite'"):
        LiteRTModel(other)
