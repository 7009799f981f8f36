import os

import numpy as np
import pytest

from keras_resnet.benchmarks.packed_constants import (
    stored_constants,
    unpacked_before,
    unpacking_operators,
)
from keras_resnet.export.flatbuffer import read_path
from keras_resnet.export.proof.single_operator import OperatorCutter

litert = pytest.importorskip("ai_edge_litert.interpreter")


def test_a_constant_that_is_unpacked_belongs_to_its_reader(float16_file):
    graph = read_path(float16_file(4, 8, 16)[1]).main
    unpack, convolution = graph.operators
    unpacking = unpacking_operators(graph)
    assert list(unpacking.values()) == [unpack]
    assert unpacked_before(convolution, unpacking) == [unpack]
    assert unpacked_before(unpack, unpacking) == []
    types = [tensor.type for tensor in stored_constants(convolution, unpacking)]
    assert sorted(types) == ["FLOAT16", "FLOAT32"]


def test_what_is_computed_of_the_input_is_no_constant(tflite_files):
    for path in tflite_files:
        assert unpacking_operators(read_path(path).main) == {}


def test_an_operator_is_cut_out_with_what_unpacks_its_weights(float16_file):
    path = float16_file(4, 8, 16)[1]
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 8)).astype("float32")

    def run(**source):
        interpreter = litert.Interpreter(**source)
        interpreter.allocate_tensors()
        (given,) = interpreter.get_input_details()
        interpreter.set_tensor(given["index"], image)
        interpreter.invoke()
        (output,) = interpreter.get_output_details()
        return interpreter.get_tensor(output["index"])

    cut = OperatorCutter(path.read_bytes()).cut(1, [0])
    np.testing.assert_array_equal(
        run(model_content=cut), run(model_path=os.fspath(path))
    )
