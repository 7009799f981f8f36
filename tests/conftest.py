"""What all tests share. Nothing here or in a test touches the network."""

import os
import subprocess
import sys
import tempfile

# Before Keras is imported: its home keeps settings and downloads of the user.
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-home-")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest


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


@pytest.fixture(autouse=True)
def _float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")
