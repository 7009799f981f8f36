"""All networks of the list: counts, forms, arguments, bad input."""

import inspect
import runpy
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.layers import (
    ORDERINGS,
    SHORTCUT_FUNCTIONS,
    Block,
    ConvolutionalBlock,
    EdgePadding2D,
)
from keras_resnet.models import Specification
from keras_resnet.models.published_counts import ROUNDED, TOTAL, TRAINABLE
from keras_resnet.models.registry import family_of

MODELS = keras_resnet.list_models()
NETWORKS = runpy.run_path(str(Path(__file__).with_name("small_networks.py")))


def is_residual(name):
    return isinstance(keras_resnet.models.specification(name), Specification)


def is_usual(name):
    """Say whether it is a residual network, and not of the wider survey."""
    row = keras_resnet.models.specification(name)
    return is_residual(name) and row.residual_functions == 1 and not row.level_shortcut


def first_of_each_kind():
    """Residual networks, and of the others one of those alike when small."""
    kinds = [names for _, names in NETWORKS["distinct_networks"]()]
    others = [names[0] for names in kinds if not is_usual(names[0])]
    return [*filter(is_usual, MODELS), *others]


EVERY = pytest.mark.parametrize("name", first_of_each_kind())
SMALL = ("resnet8", "resnet20")
# Those that take long to build; other tests count them by formula.
LARGEST = (
    "densenet169",
    "densenet201",
    "densenet_bc190_40",
    "inception_resnet_v2",
    "multi_resnet200_5_1",
    "multi_resnet398_5_1",
    "polynet",
)


def counted(names):
    """Parametrize by networks that are built whole."""
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=pytest.mark.slow if name in LARGEST else ())
            for name in names
        ],
    )


def whole(name):
    """Build a network whose parameters are counted."""
    # To draw 100 million random numbers takes a while.
    return keras_resnet.create_model(name, nested=True, kernel_initializer="zeros")


def trainable_parameters(name):
    return sum(int(np.prod(v.shape)) for v in whole(name).trainable_variables)


def shrunken(name, **arguments):
    """Build a network of the list with few and narrow blocks, for speed."""
    specification = keras_resnet.models.specification(name)
    smallest = specification.minimum_size
    if not is_residual(name):
        sizes = {
            "input_shape": (smallest, smallest + 3, 3),
            "classes": 5,
            **NETWORKS["changes"](name),
        }
        return keras_resnet.create_model(name, **{**sizes, **arguments})
    sizes = {
        "stem_width": max(specification.stem_width // 4, 4),
        "depths": tuple(min(depth, 2) for depth in specification.depths),
        "widths": tuple(max(width // 4, 4) for width in specification.widths),
        "residual_functions": min(2, specification.residual_functions),
    }
    shape = (smallest, smallest + 3, 3)
    if specification.block == "bottleneck":
        # Groups need a multiple of 16 where a group has the width 4.
        sizes["widths"] = tuple(max(w // 4, 16) for w in specification.widths)
    return keras_resnet.create_model(
        name, **{"input_shape": shape, "classes": 5, **sizes, **arguments}
    )


def constructor(name):
    functions = [
        value
        for value in vars(keras_resnet).values()
        if inspect.isfunction(value)
        and "name" in inspect.signature(value).parameters
        and inspect.signature(value).parameters["name"].default == name
    ]
    assert len(functions) == 1, name
    return functions[0]


@counted(TRAINABLE)
def test_trainable_parameters(name):
    assert trainable_parameters(name) == TRAINABLE[name]


@counted(TOTAL)
def test_all_parameters(name):
    assert whole(name).count_params() == TOTAL[name]


@counted(ROUNDED)
def test_rounded_parameters(name):
    # The papers truncate as often as they round.
    millions = trainable_parameters(name) / 1e6
    assert ROUNDED[name] - 0.05 <= millions < ROUNDED[name] + 0.15


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_its_function(name):
    function = constructor(name)
    assert function.__name__ in keras_resnet.__all__
    assert keras_resnet.models.specification(name).title in function.__doc__


@EVERY
def test_nested_and_flat_pass_weights(rng, randomize, name):
    flat, nested = shrunken(name), shrunken(name, nested=True)
    assert any(isinstance(layer, ConvolutionalBlock) for layer in nested.layers)
    assert not any(isinstance(layer, ConvolutionalBlock) for layer in flat.layers)
    x = rng.normal(size=(2, *flat.input_shape[1:])).astype("float32")
    keras_resnet.weights.transfer(randomize(flat), nested)
    expected = flat(x)
    np.testing.assert_allclose(nested(x), expected, atol=1e-6)
    randomize(flat, seed=1)
    assert np.abs(flat(x) - expected).max() > 1e-3
    keras_resnet.weights.transfer(nested, flat)
    np.testing.assert_allclose(flat(x), expected, atol=1e-6)


@EVERY
def test_files_and_clones(tmp_path, rng, randomize, name):
    model = randomize(shrunken(name, nested=name in SMALL))
    x = rng.normal(size=(2, *model.input_shape[1:])).astype("float32")
    expected = model(x)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    refilled = shrunken(name, nested=name in SMALL)
    keras_resnet.weights.load(refilled, tmp_path / "model.weights.h5")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    again = model.__class__.from_config(model.get_config())
    again.set_weights(model.get_weights())
    for other in (loaded, refilled, clone, again):
        np.testing.assert_array_equal(other(x), expected)


@EVERY
def test_every_trainable_variable_gets_a_gradient(rng, name):
    import tensorflow as tf

    model = shrunken(name)
    x = rng.normal(size=(4, *model.input_shape[1:])).astype("float32")
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(
            np.arange(4), model(x, training=True)
        )
    variables = {v.path: v.value for v in model.trainable_variables}
    for path, gradient in tape.gradient(loss, variables).items():
        assert gradient is not None, path
        assert np.isfinite(gradient).all(), path


@EVERY
def test_mixed_precision_has_a_float32_head(rng, name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = shrunken(name)
    convolutions = [v for v in model.layers if isinstance(v, keras.layers.Conv2D)]
    assert {v.compute_dtype for v in convolutions} == {"bfloat16"}
    assert {v.variable_dtype for v in convolutions} == {"float32"}
    assert model.get_layer("predictions").compute_dtype == "float32"
    x = rng.normal(size=(2, *model.input_shape[1:])).astype("float32")
    y = model(x, training=True)
    assert y.dtype == "float32"
    assert np.isfinite(y).all()


@EVERY
def test_stochastic_depth_on_all_of_them(rng, name):
    specification = keras_resnet.models.specification(name)
    plain = getattr(specification, "shortcut", None) == "none"
    if plain or "survival_probability" in family_of(specification).lacks:
        with pytest.raises(ValueError, match="no block of it can be dropped"):
            shrunken(name, survival_probability=0.5)
        return
    model = shrunken(name, survival_probability=0.5, nested=True)
    blocks = [v for v in model.layers if hasattr(v, "survival_probability")]
    assert blocks[-1].survival_probability == 0.5
    assert blocks[0].survival_probability == 1 - 0.5 / len(blocks)
    x = rng.normal(size=(2, *model.input_shape[1:])).astype("float32")
    assert np.isfinite(model(x, training=True)).all()


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", SMALL)
def test_saves_and_trains(tmp_path, rng, name, nested):
    model = keras_resnet.create_model(name, nested=nested, survival_probability=0.8)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = rng.normal(size=(8, 32, 32, 3)), rng.integers(0, 10, 8)
    before = model.get_weights()
    model.train_on_batch(x, y)
    pairs = zip(before, model.get_weights(), strict=True)
    assert np.mean([not np.array_equal(old, new) for old, new in pairs]) > 0.5
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), again.predict(x, verbose=0)
    )


def test_input_tensor_keeps_what_comes_before(rng):
    inputs = keras.Input((40, 40, 4))
    cropped = keras.layers.Cropping2D(4)(inputs)
    model = keras_resnet.ResNet20(input_tensor=keras.layers.Conv2D(3, 1)(cropped))
    assert model.input is inputs
    assert model(rng.normal(size=(1, 40, 40, 4))).shape == (1, 10)


@pytest.mark.parametrize("pooling", [None, "avg", "max"])
def test_without_top_takes_any_size(rng, pooling):
    model = keras_resnet.ResNet20(include_top=False, pooling=pooling)
    for sides in ((32, 48), (17, 20)):
        maps = (1, *(-(-side // 4) for side in sides), 64)
        y = model(rng.normal(size=(1, *sides, 3)))
        assert y.shape == (maps if pooling is None else (1, 64))


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_number_of_channels(rng, channels):
    model = keras_resnet.ResNet20(
        input_shape=(32, 32, channels), include_preprocessing=True
    )
    y = model(rng.uniform(0, 255, (2, 32, 32, channels)))
    assert np.isfinite(y).all()


def test_specification_fields_can_be_overridden():
    model = keras_resnet.create_model("resnet20", shortcut="B", activation="prelu")
    assert model.get_layer("conv3_block1_0_conv").strides == (2, 2)
    assert isinstance(model.get_layer("conv1_relu"), keras.layers.PReLU)


def test_linear_rule_reaches_the_last_block():
    model = keras_resnet.ResNet110(survival_probability=0.5)
    first = model.get_layer("conv2_block1_survival").survival_probability
    last = model.get_layer("conv4_block18_survival").survival_probability
    assert (first, last) == (pytest.approx(1 - 0.5 / 54), 0.5)


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("function", SHORTCUT_FUNCTIONS)
@pytest.mark.parametrize("name", ["resnet20", "resnet50d"])
def test_what_the_second_paper_compares(rng, name, ordering, function):
    model = shrunken(
        name,
        ordering=ordering,
        shortcut_function=function,
        input_shape=(32, 32, 3),
        activation="elu",
    )
    assert np.isfinite(model(rng.normal(size=(1, 32, 32, 3)))).all()
    ends = model.layers[-3].name.startswith("post")
    assert ends == (ordering in ("full_preactivation", "activation_only_preactivation"))


REACHES = {
    "momentum": (0.7, lambda block, model: block.momentum),
    "epsilon": (1e-4, lambda block, model: block.epsilon),
    "activation": ("elu", lambda block, model: block.activation),
    "use_bias": (True, lambda block, model: block.use_bias),
    "padding": ("same", lambda block, model: block.padding),
    "zero_last_gamma": (True, lambda block, model: block.zero_last_gamma),
    "squeeze_excite_ratio": (0.5, lambda block, model: block.squeeze_excite_ratio),
    "projection_batch_norm": (False, lambda block, model: block.projection_batch_norm),
    "shortcut": ("C", lambda block, model: block.shortcut),
    "shortcut_function": ("dropout", lambda block, model: block.shortcut_function),
    "ordering": ("full_preactivation", lambda block, model: block.ordering),
    "groups": (2, lambda block, model: block.groups),
    "width_per_group": (32, lambda block, model: block.width_per_group),
    "stride_placement": ("1x1", lambda block, model: block.stride_placement),
    "kernel_initializer": ("zeros", lambda block, model: initializer(block, model)),
    "stem_width": (24, lambda block, model: model.get_layer("conv1_conv").filters),
    "pool_padding": ("edge", lambda block, model: padding_name(model)),
}


def initializer(block, model):
    kernels = [model.get_layer("conv1_conv").kernel, block.residual_layers[0].kernel]
    return "zeros" if all(np.all(np.asarray(v) == 0) for v in kernels) else "others"


def padding_name(model):
    pad = model.get_layer("pool1_pad")
    return "edge" if isinstance(pad, EdgePadding2D) else "zero"


@pytest.mark.parametrize("field", REACHES)
def test_fields_of_a_specification_reach_the_network(field):
    value, read = REACHES[field]
    for wanted, arguments in ((value, {field: value}), (None, {})):
        model = keras_resnet.create_model(
            "resnet26v1_5", nested=True, input_shape=(32, 32, 3), **arguments
        )
        blocks = [layer for layer in model.layers if isinstance(layer, Block)]
        found = {str(read(block, model)) for block in blocks}
        assert (found == {str(value)}) == (wanted is not None), found


def test_fields_reach_the_stem():
    model = keras_resnet.create_model(
        "resnet18", momentum=0.7, epsilon=1e-4, use_bias=True, activation="prelu"
    )
    norm = model.get_layer("conv1_bn")
    assert (norm.momentum, norm.epsilon) == (0.7, 1e-4)
    assert model.get_layer("conv1_conv").use_bias
    assert isinstance(model.get_layer("conv1_relu"), keras.layers.PReLU)


def test_momentum_is_the_papers_but_in_keras_own_networks():
    for name in MODELS:
        specification = keras_resnet.models.specification(name)
        keras_own = specification.epsilon in (1.001e-5, 1e-3)
        assert specification.momentum == (0.99 if keras_own else 0.9), name


@pytest.mark.parametrize("mode", ["batch", "sample"])
def test_mode_of_stochastic_depth_reaches_the_blocks(mode):
    model = keras_resnet.ResNet20(
        survival_probability=0.5, stochastic_depth_mode=mode, nested=True
    )
    blocks = [layer for layer in model.layers if isinstance(layer, Block)]
    assert {block.stochastic_depth.mode for block in blocks} == {mode}


def test_dropout_reaches_wide_blocks():
    model = keras_resnet.create_model("wrn_16_4", dropout_rate=0.3)
    dropouts = [v for v in model.layers if isinstance(v, keras.layers.Dropout)]
    assert [v.rate for v in dropouts] == [0.3] * 6


def test_dropout_before_the_classifier_is_of_the_training_alone(rng):
    plain = keras_resnet.create_model("resnet8")
    model = keras_resnet.create_model("resnet8", classifier_dropout_rate=0.5)
    names = [layer.name for layer in model.layers]
    assert names[-3:] == ["avg_pool", "dropout", "predictions"]
    names.remove("dropout")
    # Behind the input, which Keras numbers.
    assert names[1:] == [layer.name for layer in plain.layers[1:]]
    assert [w.path for w in model.weights] == [w.path for w in plain.weights]
    model.set_weights(plain.get_weights())
    x = rng.normal(size=(4, 32, 32, 3)).astype("float32")
    np.testing.assert_array_equal(model(x), plain(x))
    head = keras.Model(model.get_layer("avg_pool").output, model.output)
    features = rng.normal(size=(4, 64)).astype("float32")
    dropped = [np.asarray(head(features, training=True)) for _ in range(2)]
    assert not np.array_equal(*dropped)


def test_preprocessing_is_float32_and_of_the_mean_for_grey_images(rng):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = keras_resnet.create_model(
        "resnet50", input_shape=(32, 32, 1), include_preprocessing=True
    )
    layer = model.get_layer("normalization")
    assert layer.compute_dtype == "float32"
    mean = np.mean([103.939, 116.779, 123.68])
    x = rng.uniform(0, 255, (1, 32, 32, 1)).astype("float32")
    np.testing.assert_allclose(layer(x), x - mean, atol=1e-4)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("float32", "float32"), ("mixed_float16", "float32"), ("float64", "float64")],
)
def test_dtype_of_the_head(policy, expected):
    keras.config.set_dtype_policy(policy)
    assert keras_resnet.ResNet8().output.dtype == expected


def test_constant_survival_rule():
    model = keras_resnet.create_model(
        "resnet20", survival_rule="constant", survival_probability=0.7, nested=True
    )
    blocks = [layer for layer in model.layers if isinstance(layer, Block)]
    assert {block.survival_probability for block in blocks} == {0.7}


@pytest.mark.parametrize("name", ["resnet50", "resnet50v2", "resnext50_32x4d"])
@pytest.mark.parametrize("nested", [False, True])
def test_features(rng, name, nested):
    model = shrunken(
        name, features=("C5", "C2", "C1"), input_shape=(64, 96, 3), nested=nested
    )
    y = model(rng.normal(size=(1, 64, 96, 3)))
    assert list(y) == ["C5", "C2", "C1"]
    strides = {"C1": 2, "C2": 8 if name == "resnet50v2" else 4, "C5": 32}
    for feature, stride in strides.items():
        assert y[feature].shape[1:3] == (64 // stride, 96 // stride)
    # The last map is the one that the headless network returns.
    bare = shrunken(name, include_top=False, input_shape=(64, 96, 3))
    keras_resnet.weights.transfer(model, bare)
    x = rng.normal(size=(1, 64, 96, 3))
    np.testing.assert_allclose(model(x)["C5"], bare(x), atol=1e-5)


@pytest.mark.parametrize("name", ["resnet50v1_5", "resnet50v2", "resnet50d"])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_output_stride(rng, name, output_stride):
    arguments = {"include_top": False, "input_shape": (64, 96, 3)}
    full = shrunken(name, **arguments)
    dilated = shrunken(name, output_stride=output_stride, **arguments)
    keras_resnet.weights.transfer(full, dilated)
    x = rng.normal(size=(1, 64, 96, 3)).astype("float32")
    y = np.asarray(dilated(x))
    assert y.shape[1:3] == (64 // output_stride, 96 // output_stride)
    if name != "resnet50d":
        # Dilation computes the same network at more places: every second, or
        # fourth, pixel of its map is the map of the network with strides.
        step = 32 // output_stride
        np.testing.assert_allclose(y[:, ::step, ::step], full(x), atol=1e-5)


def test_any_size_with_the_classifier(rng):
    model = keras_resnet.ResNet20(input_shape=(None, None, 3))
    for sides in ((32, 48), (17, 20)):
        assert model(rng.normal(size=(1, *sides, 3))).shape == (1, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet1202", "preactivation_resnet1001"])
def test_very_deep_flat_networks_can_be_built(name):
    before = sys.getrecursionlimit()
    model = keras_resnet.create_model(name)
    assert len(model.layers) > 2500
    assert sys.getrecursionlimit() == before


def test_features_as_one_string():
    with pytest.raises(TypeError, match="sequence of names.*Received: features='C5'"):
        keras_resnet.ResNet50(weights=None, features="C5")


def test_list_models_by_pattern():
    assert keras_resnet.list_models("resnet50*") == [
        "resnet50",
        "resnet50v1_5",
        "resnet50v2",
        "resnet50d",
    ]
    assert keras_resnet.list_models("VGG*") == ["vgg16", "vgg19"]
    assert keras_resnet.list_models("alexnet*") == []


BAD = [
    ({"name": "resnet21"}, "6n . 2.*Received: name='resnet21'"),
    ({"input_shape": (7, 32, 3)}, r"at least 8x8.*Received: input_shape=\(7, 32, 3\)"),
    ({"input_shape": (32, 32)}, "three integers.*Received"),
    ({"input_shape": (32, 32, 0)}, "positive integer. Received: channels of input_s"),
    ({"features": ("C2", "C5")}, "Unknown feature.*'C1', 'C2', 'C3', 'C4'.*='C5'"),
    ({"features": ()}, "at least one.*Received: features="),
    ({"output_stride": 3}, "Received: output_stride=3"),
    ({"output_stride": 32}, "Received: output_stride=32"),
    ({"name": "resnet50", "output_stride": 4}, "8, 16, 32.*Received: output_stride=4"),
    ({"name": "resnet50", "output_stride": 64}, "Received: output_stride=64"),
    ({"name": "resnet50", "groups": 0}, "Received: groups=0"),
    ({"name": "resnet50", "width_per_group": 0}, "Received: width_per_group=0"),
    ({"groups": 2}, "Received: block='basic', groups=2"),
    ({"dropout_rate": 0.5}, "Received: block='basic', dropout_rate=0.5"),
    ({"classifier_dropout_rate": 1.0}, "below 1.*Received: classifier_dropout_rate=1"),
    ({"stride_placement": "1x1"}, "Received: block='basic', stride_placement='1x1'"),
    ({"widths": (16, -32, 64)}, "Received: widths=-32"),
    ({"widths": (0, 32, 64)}, "Received: widths=0"),
    ({"stem_width": 0}, "Received: stem_width=0"),
    ({"depths": (3, 0, 3)}, "Received: depths=0"),
    ({"depths": (3, -1, 3)}, "Received: depths=-1"),
    ({"strides": (1, 0, 2)}, "Received: strides=0"),
    ({"depths": (3, 3)}, "one entry a stage.*Received: depths="),
    ({"ordering": "post"}, "Received: ordering='post'"),
    ({"name": "plain21"}, "6n . 2.*20, 32.*Received: name='plain21'"),
    ({"name": "preactivation_resnet165"}, "9n . 2.*110, 164, 1001.*Received: name="),
    ({"name": "resnext30_8x64d"}, "Did you mean 'resnext29_8x64d'.*Received: name="),
    ({"name": "wrn_16_-1"}, "Received: name='wrn_16_-1'"),
    ({"name": "wrn_27_10"}, r"6n \+ 4 .*Received: depth=27"),
    ({"name": "wrn_16_0"}, "positive integer. Received: widths=0"),
    ({"name": "wrn_4_2"}, r"n of at least 1. Received: depth=4"),
    ({"classes": -1}, "Received: classes=-1"),
    ({"include_top": False, "pooling": "sum"}, "Received: pooling='sum'"),
    ({"survival_probability": 0.0}, "Received: survival_probability=0.0"),
    ({"survival_probability": -0.5}, r"in \(0.0, 1.0\].*survival_probability=-0.5"),
    ({"survival_probability": 1.5}, "Received: survival_probability=1.5"),
    ({"survival_probability": float("nan")}, "Received: survival_probability=nan"),
    ({"stochastic_depth_mode": "row"}, "Received: stochastic_depth_mode='row'"),
    ({"weights": "imagenet"}, "path of an existing file.*Received: weights='imagenet'"),
    ({"block": "dense"}, "Received: block='dense'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=str)
def test_bad_values(arguments, message):
    images = keras.Input((32, 32, 3))
    with pytest.raises(ValueError, match=message):
        keras_resnet.create_model(
            **{"name": "resnet20", "input_tensor": images, **arguments}
        )
    # Nothing was drawn on the images before the error.
    assert not images._keras_history.operation._outbound_nodes


GROUPS_THAT_DO_NOT_DIVIDE = [
    {"widths": (65, 128, 256, 512)},
    {"width_per_group": 5, "widths": (8, 16, 32, 64)},
]


@pytest.mark.parametrize("arguments", GROUPS_THAT_DO_NOT_DIVIDE, ids=str)
def test_groups_that_do_not_divide(arguments):
    with pytest.raises(ValueError, match="multiple of 64.*Received: filters=.*group="):
        keras_resnet.create_model("resnext50_32x4d", **arguments)


def test_unknown_argument():
    with pytest.raises(TypeError, match="Did you mean 'depths'.*Received: depth"):
        keras_resnet.create_model("resnet20", depth=3)
    with pytest.raises(TypeError, match="no argument 'title'.*Received: title"):
        keras_resnet.create_model("resnet20", title="x")


def test_input_tensor_of_another_kind():
    with pytest.raises(TypeError, match="symbolic tensor.*Received: input_tensor"):
        keras_resnet.ResNet20(input_tensor=np.zeros((1, 32, 32, 3)))
