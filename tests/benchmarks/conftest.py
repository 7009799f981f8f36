"""Ways to start programs that the tests of the benchmarks share."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest

from keras_resnet.benchmarks.records.latency import latency_of
from keras_resnet.benchmarks.records.schema import BenchmarkRecord, Device, Model
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file


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


def rewritten(content, change):
    """Return a file after `change(schema, model)`."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(schema, model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture
def odd_file(tmp_path):
    """Write a file that no image can be given to: two inputs, or an open size."""

    def write(kind):
        def change(schema, model):
            (graph,) = model.subgraphs
            if kind == "two inputs":
                graph.tensors = [*graph.tensors, copy.copy(graph.tensors[0])]
                graph.inputs = [0, len(graph.tensors) - 1]
            else:
                for place in (0, 3):
                    graph.tensors[place].shapeSignature = [1, -1, -1, 8]

        path = tmp_path / "odd.tflite"
        path.write_bytes(rewritten(gemm_file(4, 8, 8, "int8"), change))
        return path

    return write


@pytest.fixture
def float16_file(tmp_path):
    """Write a float32 file, and the same with its kernel stored as float16."""

    def write(side, channels, filters):
        content = gemm_file(side, channels, filters, "float32")

        def change(schema, model):
            (graph,) = model.subgraphs
            half, kernel = copy.copy(graph.tensors[1]), graph.tensors[1]
            data = np.asarray(model.buffers[kernel.buffer].data, "uint8")
            model.buffers[kernel.buffer].data = np.frombuffer(
                data.view("float32").astype("float16").tobytes(), "uint8"
            )
            half.type, half.name = schema.TensorType.FLOAT16, b"half"
            kernel.buffer = 0
            graph.tensors = [*graph.tensors, half]
            unpack = schema.OperatorT()
            unpack.opcodeIndex, unpack.inputs, unpack.outputs = 1, [4], [1]
            graph.operators = [unpack, *graph.operators]
            code = schema.OperatorCodeT()
            code.builtinCode = schema.BuiltinOperator.DEQUANTIZE
            code.deprecatedBuiltinCode, code.version = code.builtinCode, 3
            model.operatorCodes = [*model.operatorCodes, code]

        paths = tmp_path / "float32.tflite", tmp_path / "float16.tflite"
        paths[0].write_bytes(content)
        paths[1].write_bytes(rewritten(content, change))
        return paths

    return write


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
