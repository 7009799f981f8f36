"""What all tests share. Nothing here or in a test touches the network."""

import importlib.util
import os
import subprocess
import sys
import tempfile

# Before Keras is imported: its home keeps settings and downloads of the user.
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-home-")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What optimizing small networks costs is more than they take. Also of the
# processes that tests start.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import keras
import numpy as np
import pytest


def _declare_operators_of_torchvision():
    """Let torchvision be imported beside a PyTorch of another build.

    Its compiled part then does not load, and its import fails on declarations
    of two operators, and with it those of timm and of transformers. No network
    here uses them.
    """
    if not all(map(importlib.util.find_spec, ("torch", "torchvision"))):
        return None
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor a, Tensor b, float c) -> Tensor")
    return library


# Its declarations last as long as it does.
TORCHVISION_OPERATORS = _declare_operators_of_torchvision()


@pytest.fixture
def rng():
    return np.random.default_rng(20151210)


@pytest.fixture
def randomize():
    """Give a model or layer weights that keep signals in range, statistics too."""

    def apply(model, seed=0):
        generator = np.random.default_rng(seed)
        for variable in model.weights:
            shape, name = tuple(variable.shape), variable.path.split("/")[-1]
            if name in ("gamma", "moving_variance"):
                value = generator.uniform(0.5, 1.5, shape)
            elif name == "kernel":
                fan_in = np.prod(shape[:-1])
                value = generator.normal(0.0, (1.0 / fan_in) ** 0.5, shape)
            else:
                value = generator.normal(0.0, 0.1, shape)
            variable.assign(value.astype("float32"))
        return model

    return apply


@pytest.fixture
def run_python():
    """Run code in a fresh interpreter, under a backend, and return its output."""

    def run(code, *arguments, backend="tensorflow", **environment):
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        finished = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env={**os.environ, "KERAS_BACKEND": backend, **environment},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    return run


@pytest.fixture(scope="session")
def torchvision():
    return pytest.importorskip("torchvision", reason="torchvision is not installed")


@pytest.fixture(scope="session")
def timm():
    return pytest.importorskip("timm", reason="timm is not installed")


@pytest.fixture(autouse=True)
def _float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


def convolutional_network(classes=10):
    """A stem and one residual block, put together from Keras's own layers."""
    inputs = keras.Input((16, 16, 3))
    stem = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    branch = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(stem)
    branch = keras.layers.Conv2D(8, 3, padding="same")(branch)
    joined = keras.layers.ReLU()(keras.layers.Add()([stem, branch]))
    pooled = keras.layers.GlobalAveragePooling2D()(joined)
    outputs = keras.layers.Dense(classes, activation="softmax")(pooled)
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="session")
def tflite_files(tmp_path_factory):
    """A float32 and an int8 file of one network, made by TensorFlow itself."""
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("ai_edge_litert")
    folder = tmp_path_factory.mktemp("tflite files")
    model = convolutional_network()

    def images():
        generator = np.random.default_rng(1)
        for _ in range(8):
            yield [generator.uniform(0, 255, (1, 16, 16, 3)).astype("float32")]

    float_file = folder / "float32.tflite"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    float_file.write_bytes(converter.convert())
    int8_file = folder / "int8.tflite"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    int8_file.write_bytes(converter.convert())
    return float_file, int8_file


@pytest.fixture(scope="session")
def flex_file(tmp_path_factory):
    """A file with an operator of TensorFlow, which LiteRT alone cannot run."""
    tf = pytest.importorskip("tensorflow")

    @tf.function(input_signature=[tf.TensorSpec([4, 4])])
    def function(x):
        return tf.linalg.inv(x)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    path = tmp_path_factory.mktemp("flex") / "flex.tflite"
    path.write_bytes(converter.convert())
    return path
