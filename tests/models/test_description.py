"""`describe` against counts done by hand and by others."""

import keras
import pytest

import keras_resnet


def resnet50_macs(stride_on_1x1):
    """ResNet-50 at 224, layer by layer, by hand."""
    macs = 112 * 112 * 7 * 7 * 3 * 64
    channels, side = 64, 56
    for width, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(depth):
            before = side
            if block == 0 and width > 64:
                side //= 2
            first = side if stride_on_1x1 else before
            macs += first**2 * channels * width
            macs += side**2 * 9 * width * width
            macs += side**2 * width * 4 * width
            if block == 0:
                macs += side**2 * channels * 4 * width
            channels = 4 * width
    return macs + 2048 * 1000


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("name", "v1"), [("resnet50", True), ("resnet50v1_5", False)])
def test_resnet50_by_hand(name, v1, nested):
    found = keras_resnet.describe(keras_resnet.create_model(name, nested=nested))
    assert found.macs == resnet50_macs(v1)
    assert [s.name for s in found.stages] == [
        "stem",
        "conv2",
        "conv3",
        "conv4",
        "conv5",
        "head",
    ]
    assert [s.blocks for s in found.stages] == [0, 3, 4, 6, 3, 0]
    assert found.stages[3].output_shape == (14, 14, 1024)


# Giga, at 224: He et al. 2015, table 1, which truncates, and for version 1.5 as
# usually given.
PUBLISHED_GIGA_MACS = {
    "resnet18": 1.8,
    "resnet34": 3.6,
    "resnet50": 3.8,
    "resnet50v1_5": 4.1,
    "resnet101": 7.6,
    "resnet152": 11.3,
}


@pytest.mark.parametrize("name", PUBLISHED_GIGA_MACS)
def test_published_macs(name):
    found = keras_resnet.describe(keras_resnet.create_model(name, nested=True))
    assert found.macs / 1e9 == pytest.approx(PUBLISHED_GIGA_MACS[name], abs=0.1)


def test_parameters_in_both_conventions():
    model = keras_resnet.ResNet50(weights=None)
    found = keras_resnet.describe(model)
    assert found.parameters == model.count_params() == 25_636_712
    assert found.trainable_parameters == 25_583_592
    assert sum(stage.parameters for stage in found.stages) == found.parameters


def test_other_peoples_networks():
    # Sandler et al. 2018, table 4: 300 million.
    found = keras_resnet.describe(keras.applications.MobileNetV2(weights=None))
    assert found.macs == pytest.approx(300e6, rel=0.01)


def test_every_kind_of_layer_by_hand():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            keras.layers.Conv2D(6, 3, strides=2, padding="same", groups=2),
            keras.layers.DepthwiseConv2D(3, padding="same"),
            keras.layers.SeparableConv2D(5, 3, padding="same"),
            keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same"),
            keras.layers.Flatten(),
            keras.Sequential([keras.layers.Dense(7)]),
        ]
    )
    found = keras_resnet.describe(model)
    assert found.macs == (
        16 * 9 * 2 * 6
        + 16 * 9 * 6
        + 16 * (9 * 6 + 6 * 5)
        + 16 * 9 * 5 * 2
        + 8 * 8 * 2 * 7
    )
    assert found.activations == 16 * 6 + 16 * 6 + 16 * 5 + 64 * 2 + 7


def test_size_left_open():
    model = keras_resnet.ResNet50(weights=None, include_top=False)
    with pytest.raises(ValueError, match=r"pass `input_shape`. Received: input_shape="):
        keras_resnet.describe(model)
    found = keras_resnet.describe(model, input_shape=(224, 224, 3))
    assert found.macs == resnet50_macs(True) - 2048 * 1000


def test_leaves_no_trace():
    model = keras_resnet.ResNet20(nested=True)
    before = [len(layer._inbound_nodes) for layer in model.layers]
    keras_resnet.describe(model)
    assert [len(layer._inbound_nodes) for layer in model.layers] == before


def test_table():
    text = str(keras_resnet.describe(keras_resnet.ResNet20()))
    first, *_, total = text.splitlines()
    assert first == "resnet20 on 32x32x3: 269,722 trainable of 271,098 parameters"
    assert total.split()[:3] == ["total", "9", "271,098"]


def test_bad_models():
    with pytest.raises(TypeError, match="Received: model=3"):
        keras_resnet.describe(3)
    inputs = [keras.Input((4,)), keras.Input((4,))]
    model = keras.Model(inputs, keras.layers.Add()(inputs))
    with pytest.raises(ValueError, match="one input. Received: .* 2 inputs"):
        keras_resnet.describe(model)
