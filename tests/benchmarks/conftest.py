"""Ways to start programs that the tests of the benchmarks share."""

import os
import subprocess
import sys

import numpy as np
import pytest

from keras_resnet.benchmarks.records.latency import latency_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Device, Model


@pytest.fixture(scope="session")
def call_module():
    """Run a module of the package as a person would start it.

    What comes to an end before it computes anything may take the backend that
    is imported sooner than TensorFlow.
    """
    environment = dict(os.environ)
    # Set for the tests' own process; a level that a person set is kept.
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)

    def call(module, *arguments, backend="tensorflow"):
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**environment, "KERAS_BACKEND": backend},
        )

    return call


@pytest.fixture(scope="session")
def call_main():
    """Call a program's main function in this process with flags of its own."""
    from absl import flags

    def call(program, main, *arguments):
        values = flags.FlagValues()
        program.define_flags(values)
        return main(values(["program", *map(str, arguments)]), values)

    return call


@pytest.fixture
def make_record():
    """Make a record around the median that is asked for."""

    def make(median=1.0, *, rounds=3, runs=20, spread=0.05, seed=0, **changes):
        generator = np.random.default_rng(seed)
        times = median * (1 + spread * generator.standard_normal((rounds, runs)))
        values = {
            "model": Model("model.tflite", operators={"CONV_2D": 9}),
            "device": Device("processor", "host", cores=2),
            "runtime": "LiteRT Interpreter",
            "threads": 1,
            "latency": latency_of(abs(times)),
            "date": "2026-11-21T12:00:00+00:00",
        }
        return BenchmarkRecord(**(values | changes))

    return make
