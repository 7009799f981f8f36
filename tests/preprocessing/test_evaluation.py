"""The transform before an evaluation, against Pillow, torchvision and timm."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_resnet.normalization import CAFFE, TORCH, UNIT, Normalization
from keras_resnet.preprocessing import evaluation_map, evaluation_transform
from keras_resnet.weights.card import Evaluation
from keras_resnet.weights.catalogue import get_card

# Larger and smaller than the crop, upright and lying, odd and even, thin, of
# the very size before and after the resize, one pixel.
SIZES = (
    (375, 500),
    (501, 333),
    (1000, 750),
    (256, 256),
    (224, 224),
    (256, 341),
    (97, 131),
    (20, 31),
    (7, 400),
    (1, 1),
)
EVALUATIONS = (
    Evaluation(224, 0.875, "bilinear"),
    Evaluation(224, 0.95, "bicubic"),
    Evaluation(96, 1.0, "bicubic"),
    Evaluation(33, 0.9, "bilinear"),
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_both_forms_give_the_same_pixels(photograph, make_card, evaluation, size):
    image = photograph(*size)
    card = make_card(evaluation=evaluation)
    expected = evaluation_transform(card, normalize=False)(Image.fromarray(image))
    found = evaluation_map(card, normalize=False)(image)
    assert expected.dtype == found.dtype == "uint8"
    assert expected.shape == found.shape == (evaluation.size, evaluation.size, 3)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_same_pixels_as_torchvision(
    torchvision, photograph, make_card, evaluation, size
):
    transforms = torchvision.transforms
    side = int(evaluation.size / evaluation.crop_fraction)
    mode = transforms.InterpolationMode(evaluation.interpolation)
    peer = transforms.Compose(
        [transforms.Resize(side, mode), transforms.CenterCrop(evaluation.size)]
    )
    image = Image.fromarray(photograph(*size))
    found = evaluation_transform(make_card(evaluation=evaluation), normalize=False)
    np.testing.assert_array_equal(found(image), np.asarray(peer(image)))


@pytest.mark.parametrize(
    "name", ["resnet50.a1_in1k", "resnet50.tv_in1k", "resnet50d.ra4_e3600_r224_in1k"]
)
def test_equals_timm(torchvision, photograph, name):
    data = pytest.importorskip("timm.data")
    card = get_card(name)
    evaluation, normalization = card.evaluation, card.normalization
    mean = np.broadcast_to(normalization.mean, 3) / 255
    deviation = np.broadcast_to(normalization.standard_deviation, 3) / 255
    peer = data.create_transform(
        (3, evaluation.size, evaluation.size),
        interpolation=evaluation.interpolation,
        crop_pct=evaluation.crop_fraction,
        mean=mean.tolist(),
        std=deviation.tolist(),
    )
    image = photograph(375, 500)
    expected = peer(Image.fromarray(image)).permute(1, 2, 0).numpy()
    found = evaluation_transform(name)(Image.fromarray(image))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(evaluation_map(name)(image), expected, atol=1e-5)


@pytest.mark.parametrize("normalization", [CAFFE, UNIT, TORCH, Normalization()])
def test_normalized_like_keras_applications(photograph, make_card, normalization):
    card = make_card(normalization, Evaluation(96))
    image = photograph(120, 200)
    raw = evaluation_map(card, normalize=False)(image).numpy()
    modes = {CAFFE: "caffe", UNIT: "tf", TORCH: "torch"}
    expected = raw.astype("float32")
    if normalization in modes:
        expected = keras.applications.imagenet_utils.preprocess_input(
            raw, mode=modes[normalization]
        )
    for found in (
        evaluation_map(card)(image),
        evaluation_transform(card)(Image.fromarray(image)),
    ):
        assert found.dtype == "float32"
        np.testing.assert_allclose(found, expected, atol=3e-5)


def test_in_a_pipeline_from_a_file(photograph, make_card):
    card = make_card(evaluation=Evaluation(96, 0.875, "bicubic"))
    files = []
    for number, size in enumerate(((150, 200), (131, 97), (90, 300))):
        file = io.BytesIO()
        Image.fromarray(photograph(*size, seed=number)).save(file, "JPEG")
        files.append(file.getvalue())

    def decode(contents):
        return tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")

    images = (
        tf.data.Dataset.from_tensor_slices(files)
        .map(decode)
        .map(evaluation_map(card))
        .batch(3)
    )
    assert images.element_spec.shape[1:] == (96, 96, 3)
    transform = evaluation_transform(card)
    expected = [transform(Image.open(io.BytesIO(contents))) for contents in files]
    found = images.get_single_element()
    np.testing.assert_allclose(found, np.stack(expected), atol=1e-6)


def test_grey_and_four_channels_in_a_pipeline(photograph, make_card):
    image = photograph(150, 200)
    card = make_card(evaluation=Evaluation(96))
    rgb = evaluation_map(card, normalize=False)(image).numpy()
    for channels in (1, 4):
        other = np.resize(np.moveaxis(image, -1, 0), (channels, 150, 200))
        other = np.moveaxis(other, 0, -1)
        found = evaluation_map(card, normalize=False)(other).numpy()
        np.testing.assert_array_equal(found[..., 0], rgb[..., 0])
        mean, deviation = np.mean(TORCH.mean), np.mean(TORCH.standard_deviation)
        np.testing.assert_allclose(
            evaluation_map(card)(other), (found - mean) / deviation, atol=1e-5
        )


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK", "P", "1", "YCbCr"])
def test_images_that_are_not_rgb_become_so(photograph, make_card, mode):
    image = Image.fromarray(photograph(150, 200)).convert(mode)
    transform = evaluation_transform(
        make_card(evaluation=Evaluation(96)), normalize=False
    )
    found = transform(image)
    assert found.shape == (96, 96, 3)
    np.testing.assert_array_equal(found, transform(image.convert("RGB")))
    if mode in ("L", "LA", "1"):
        assert (found == found[..., :1]).all()


def test_a_noted_rotation_is_not_applied(photograph, make_card):
    image = Image.fromarray(photograph(150, 200))
    exif = image.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    rotated = Image.open(file)
    assert ImageOps.exif_transpose(rotated).size == (150, 200)
    transform = evaluation_transform(make_card())
    np.testing.assert_array_equal(transform(rotated), transform(image))


def test_another_evaluation_than_the_cards(photograph, make_card):
    image, other = photograph(150, 200), Evaluation(64, 1.0, "bicubic")
    for function, given in (
        (evaluation_map, image),
        (evaluation_transform, Image.fromarray(image)),
    ):
        expected = function(make_card(evaluation=other))(given)
        found = function(make_card(), evaluation=other)(given)
        np.testing.assert_array_equal(found, expected)


def test_the_pixels_can_be_written_to(photograph, make_card):
    image = Image.fromarray(photograph(150, 200))
    evaluation_transform(make_card(), normalize=False)(image)[0] = 0


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_refuses_more_than_8_bits(make_card, mode):
    with pytest.raises(ValueError, match=f"Received: image.mode='{mode}'"):
        evaluation_transform(make_card())(Image.new(mode, (8, 8)))


def test_refuses_what_is_no_image(make_card):
    with pytest.raises(TypeError, match="Received: <class 'numpy.ndarray'>"):
        evaluation_transform(make_card())(np.zeros((8, 8, 3), "uint8"))
    transform = evaluation_map(make_card())
    with pytest.raises(TypeError, match="Received: dtype=float32"):
        transform(np.zeros((8, 8, 3), "float32"))
    with pytest.raises(ValueError, match=r"Received: shape=\(1, 8, 8, 3\)"):
        transform(np.zeros((1, 8, 8, 3), "uint8"))
    with pytest.raises(ValueError, match=r"Received: name="):
        evaluation_map("resnet50.imagenett")
    images = tf.data.Dataset.from_generator(
        lambda: iter(()), output_signature=tf.TensorSpec(None, "uint8")
    )
    with pytest.raises(ValueError, match="number of channels"):
        images.map(transform)


PIPELINE = """
import keras, numpy as np, tensorflow as tf
from keras_resnet.preprocessing import evaluation_map, evaluation_transform
from PIL import Image
x = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype("uint8")
images = tf.data.Dataset.from_tensors(x).map(evaluation_map("resnet50.tv_in1k"))
expected = evaluation_transform("resnet50.tv_in1k")(Image.fromarray(x))
np.testing.assert_allclose(images.get_single_element(), expected, atol=1e-6)
print("equal")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_pipelines_of_other_backends(run_python, backend):
    assert "equal" in run_python(PIPELINE, backend=backend)
