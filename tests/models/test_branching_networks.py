"""Small networks of every family but ResNets: three backends, int8, digits."""

import runpy
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.export import to_tflite, verify
from keras_resnet.export.operators import float_operators

SCRIPT = Path(__file__).with_name("small_networks.py")
SMALL = runpy.run_path(str(SCRIPT))
NAMES = (
    "vgg16",
    "densenet_bc100_12",
    "inception_resnet_v1",
    "fractalnet20",
    "fractal_of_fractalnet",
    "taylor_series_network",
    "multi_resnet26_2_10",
    "ror3_110",
    "polynet",
)

SAVE = "\nnp.savez(sys.argv[1], **logits_of(sys.argv[2].split(',')))\n"


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_numbers_on_every_backend(tmp_path, run_python, backend):
    path = tmp_path / "logits.npz"
    code, _, _ = SCRIPT.read_text(encoding="utf-8").partition("\nif __name__")
    run_python(code + SAVE, path, ",".join(NAMES), backend=backend)
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    expected = SMALL["logits_of"](NAMES)
    assert sorted(found) == sorted(NAMES)
    for name, value in found.items():
        spread = expected[name].std()
        assert np.abs(expected[name][0] - expected[name][1]).max() > 1e-3 * spread
        np.testing.assert_allclose(
            value / spread, expected[name] / spread, atol=1e-4, err_msg=name
        )


TINY_FRACTAL = {"widths": (4, 8), "columns": 2, "minimum_size": 4, "side": 8}
TINY = {
    "vgg16": {"widths": (4, 4, 8, 8, 8), "dense_widths": (8,), "side": 32},
    "densenet_bc100_12": {"depths": (2, 1, 1), "growth_rate": 4, "side": 16},
    "inception_resnet_v1": {
        "depths": (1, 1, 1),
        "width_multiplier": 1 / 8,
        "side": 75,
    },
    "fractalnet20": {
        "widths": (4, 8),
        "minimum_size": 4,
        "drop_path": "both",
        "side": 8,
    },
    "fractal_of_fractalnet": {"drop_path": "local", **TINY_FRACTAL},
    "taylor_series_network": {"freeze_drop_path": True, **TINY_FRACTAL},
    "multi_resnet26_2_10": {"depths": (1, 1), "widths": (4, 8), "strides": (1, 2)},
    "ror3_110": {
        "depths": (1, 1),
        "widths": (4, 8),
        "strides": (1, 2),
        "stem_width": 4,
    },
    "polynet": {
        "units": (("3-way",), ("poly-2",), ("mpoly-2",)),
        "width_multiplier": 1 / 16,
        "side": 75,
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_exports_to_integers_alone(tmp_path, rng, randomize, name):
    pytest.importorskip("ai_edge_litert")
    arguments = dict(TINY[name])
    side = arguments.pop("side", 8)
    model = randomize(
        keras_resnet.create_model(
            name,
            input_shape=(side, side, 3),
            classes=4,
            include_preprocessing=True,
            **arguments,
        )
    )
    images = rng.integers(0, 256, (20, side, side, 3))
    file = to_tflite(
        model, tmp_path / "model.tflite", "int8", images, refuse_collapsed=False
    )
    assert not float_operators(file.path.read_bytes())
    assert not [operator for operator in file.operators if "Flex" in operator]


TRAINED_FRACTAL = {
    "widths": (16, 32),
    "columns": 2,
    "minimum_size": 8,
    "momentum": 0.8,
    "enlarged": 1,
}
# What reads digits well after a few epochs of a few seconds each.
TRAINED = {
    "vgg16": {
        "depths": (1, 1, 1),
        "widths": (16, 32, 32),
        "dense_widths": (64,),
        "minimum_size": 8,
        "batch_normalization": True,
        "momentum": 0.8,
        "enlarged": 2,
    },
    "densenet_bc100_12": {
        "depths": (3, 3, 3),
        "growth_rate": 8,
        "momentum": 0.8,
        "enlarged": 2,
    },
    "inception_resnet_v1": {
        "depths": (1, 1, 1),
        "width_multiplier": 1 / 8,
        "dropout_rate": 0.0,
        "momentum": 0.8,
        "enlarged": 10,
    },
    "fractalnet20": {
        "widths": (24, 48),
        "minimum_size": 8,
        "drop_path": "both",
        "momentum": 0.8,
        "enlarged": 1,
    },
    "fractal_of_fractalnet": {"drop_path": "local", **TRAINED_FRACTAL},
    "fractal_of_fractalnet_taylor": TRAINED_FRACTAL,
    "stagewise_boosting_network": {"freeze_drop_path": True, **TRAINED_FRACTAL},
    "taylor_series_network": {"freeze_drop_path": True, **TRAINED_FRACTAL},
    "multi_resnet26_2_10": {
        "depths": (1, 1, 1),
        "widths": (16, 32, 32),
        "momentum": 0.8,
        "enlarged": 1,
    },
    "ror3_110": {
        "depths": (2, 2, 2),
        "survival_probability": 0.8,
        "momentum": 0.8,
        "enlarged": 1,
    },
    "polynet": {
        "units": (("2-way",), ("poly-2",), ("mpoly-2",)),
        "scales": (0.3, 0.3),
        "width_multiplier": 1 / 8,
        "dropout_rate": 0.0,
        "momentum": 0.8,
        "enlarged": 10,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_learns_digits_and_keeps_them_in_int8(tmp_path, name):
    pytest.importorskip("ai_edge_litert")
    data = pytest.importorskip("sklearn.datasets").load_digits()
    arguments = dict(TRAINED[name])
    enlarged = arguments.pop("enlarged")
    images = np.kron(data.images, np.ones((1, enlarged, enlarged)))[..., np.newaxis]
    images = np.rint(images * (255 / 16)).astype("float32")
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], data.target[order]
    keras.utils.set_random_seed(0)
    side = 8 * enlarged
    model = keras_resnet.create_model(
        name,
        input_shape=(side, side, 1),
        classes=10,
        include_preprocessing=True,
        **arguments,
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    # Whole batches alone, as in the tests of the export.
    whole = 22 * 64
    model.fit(images[:whole], labels[:whole], batch_size=64, epochs=10, verbose=0)
    path = tmp_path / "digits.tflite"
    to_tflite(model, path, "int8", images[:200])
    found = verify(path, model, [(images[1437:], labels[1437:])])
    assert found.keras_accuracy >= 0.9
    assert abs(found.accuracy - found.keras_accuracy) <= 0.02
