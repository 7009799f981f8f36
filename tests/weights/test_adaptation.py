"""Weights for other classes and other channels."""

import warnings

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.normalization import Normalization
from keras_resnet.weights import AdaptedWeightsWarning, load, named_variables
from keras_resnet.weights.adaptation import with_channels


@pytest.fixture
def trained(tmp_path, randomize):
    model = randomize(keras_resnet.ResNet20())
    keras_resnet.weights.save(model, tmp_path / "w.npz", naming="keras_resnet")
    return model, tmp_path / "w.npz"


def value(model, name):
    return keras.ops.convert_to_numpy(named_variables(model)[name])


def test_other_classes_start_anew(trained):
    source, path = trained
    with pytest.warns(
        AdaptedWeightsWarning, match="the classifier of 7 classes in place of one of 10"
    ):
        model = keras_resnet.ResNet20(weights=path, classes=7)
    assert model.output_shape == (None, 7)
    for name in named_variables(source):
        same = np.array_equal(value(model, name), value(source, name))
        assert same != name.startswith("predictions/"), name
    assert value(model, "predictions/kernel").shape == (64, 7)
    assert not value(model, "predictions/bias").any()


def test_other_classes_may_end_in_another_activation(trained):
    _, path = trained
    with pytest.warns(AdaptedWeightsWarning):
        model = keras_resnet.ResNet20(
            weights=path, classes=1, classifier_activation="sigmoid"
        )
    assert model.layers[-1].activation is keras.activations.sigmoid
    with pytest.raises(ValueError, match="Received: classifier_activation='sigmoid'"):
        keras_resnet.ResNet20(weights=path, classifier_activation="sigmoid")


def test_classes_of_the_file_need_no_adaptation(tmp_path, randomize, recwarn):
    source = randomize(keras_resnet.ResNet20(classes=7))
    source.save(tmp_path / "w.keras")
    model = keras_resnet.ResNet20(weights=tmp_path / "w.keras", classes=7)
    assert all(map(np.array_equal, model.get_weights(), source.get_weights()))
    assert not [w for w in recwarn if w.category is AdaptedWeightsWarning]
    with pytest.raises(ValueError, match="Their classifier has 7 classes"):
        keras_resnet.ResNet20(weights=tmp_path / "w.keras")


def test_a_file_with_a_classifier_fills_a_network_without(trained):
    source, path = trained
    model = keras_resnet.ResNet20(weights=path, include_top=False)
    for name in named_variables(model):
        assert np.array_equal(value(model, name), value(source, name)), name


def test_a_file_without_a_classifier_says_so(tmp_path):
    bare = keras_resnet.ResNet20(include_top=False)
    keras_resnet.weights.save(bare, tmp_path / "w.npz", naming="keras_resnet")
    with pytest.raises(ValueError, match="have no classifier: `include_top=False`"):
        keras_resnet.ResNet20(weights=tmp_path / "w.npz")
    with pytest.warns(
        AdaptedWeightsWarning, match="the classifier of 3 classes starts"
    ):
        keras_resnet.ResNet20(weights=tmp_path / "w.npz", classes=3)


def test_one_channel_sees_what_three_equal_ones_do(trained, rng):
    source, path = trained
    with pytest.warns(AdaptedWeightsWarning, match="for 3 channels, was adapted to 1"):
        model = keras_resnet.ResNet20(weights=path, input_shape=(32, 32, 1))
    x = rng.normal(size=(2, 32, 32, 1)).astype("float32")
    np.testing.assert_allclose(model(x), source(np.repeat(x, 3, -1)), atol=1e-5)


@pytest.mark.parametrize("channels", [2, 4, 6, 7])
def test_more_channels_as_timm_adapts_them(trained, timm, channels):
    source, path = trained
    kernel = value(source, "conv1_conv/kernel")
    import torch
    from timm.models import adapt_input_conv

    theirs = adapt_input_conv(channels, torch.tensor(kernel.transpose(3, 2, 0, 1)))
    with pytest.warns(AdaptedWeightsWarning, match=f"adapted to {channels}"):
        model = keras_resnet.ResNet20(weights=path, input_shape=(32, 32, channels))
    np.testing.assert_allclose(
        value(model, "conv1_conv/kernel"),
        theirs.numpy().transpose(2, 3, 1, 0),
        atol=1e-6,
    )


def test_nothing_is_adapted_unasked(trained):
    _, path = trained
    seven = keras_resnet.ResNet20(classes=7, input_shape=(32, 32, 1))
    before = seven.get_weights()
    with pytest.raises(ValueError, match="3 of another shape: conv1_conv/kernel"):
        load(seven, path)
    with pytest.raises(ValueError, match="2 of another shape: predictions/"):
        load(seven, path, adapt=("channels",))
    assert all(map(np.array_equal, before, seven.get_weights()))
    with pytest.warns(AdaptedWeightsWarning):
        load(seven, path, adapt=("channels", "classifier"))


def test_bad_adaptations(trained):
    _, path = trained
    model = keras_resnet.ResNet20()
    with pytest.raises(ValueError, match="Received: adapt='head'"):
        load(model, path, adapt=("head",))
    with pytest.raises(TypeError, match="collection of names.*adapt='classifier'"):
        load(model, path, adapt="classifier")


def test_every_call_says_so_at_its_own_line(trained):
    _, path = trained
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        for _ in range(2):
            keras_resnet.ResNet20(weights=path, classes=7, name="mine")
        keras_resnet.ResNet20(weights=path, classes=7, name="mine")
    assert {warning.filename for warning in said} == {__file__}
    assert len({warning.lineno for warning in said}) == 2
    assert "w.npz' in the model 'mine'" in str(said[0].message)


def test_channels_of_weights_for_bgr_images(tmp_path, randomize, rng):
    bgr = Normalization(mean=(3.0, 2.0, 1.0), reverse_channels=True)
    source = randomize(keras_resnet.ResNet20())
    keras_resnet.weights.save(source, tmp_path / "w.npz", naming="keras_resnet")
    with pytest.warns(AdaptedWeightsWarning, match="adapted to 4"):
        model = keras_resnet.create_model(
            "resnet20",
            weights=tmp_path / "w.npz",
            input_shape=(32, 32, 4),
            normalization=bgr,
        )
    # A fourth channel is seen as the first, red, one is.
    kernel, ours = value(source, "conv1_conv/kernel"), value(model, "conv1_conv/kernel")
    order = [2, 1, 0, 2]
    np.testing.assert_allclose(ours, kernel[:, :, order] * 0.75, rtol=1e-6)


def test_sums_of_half_precision_do_not_overflow():
    kernel = np.full((1, 1, 3, 1), 30000, "float16")
    assert with_channels(kernel, 1).item() == 90000
