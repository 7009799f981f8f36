import os
from xml.etree import ElementTree

import numpy as np
import pytest

from keras_resnet.benchmarks.commands import profile
from keras_resnet.benchmarks.profiling.operators import profile_file
from keras_resnet.benchmarks.records.ledger import read
from keras_resnet.export.flatbuffer import read_file
from keras_resnet.export.proof.single_operator import OperatorCutter

pytest.importorskip("ai_edge_litert")


def test_every_operator_is_timed_beside_the_whole(tflite_files):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    for path in tflite_files:
        found = profile_file(path, rounds=3, xnnpack=False)
        interpreter = Interpreter(
            os.fspath(path),
            experimental_op_resolver_type=(
                OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )
        expected = [node["op_name"] for node in interpreter._get_ops_details()]
        assert [operator.operator for operator in found.operators] == expected
        times = [operator.ms for operator in found.operators]
        assert min(times) > 0
        assert found.sum_ms == pytest.approx(sum(times))
        assert found.whole_ms == np.median(found.whole_rounds_ms)
        assert len(found.whole_rounds_ms) == 3
        assert found.delegated == (0, len(expected))


def test_the_longest_operator_is_found(tmp_path):
    tf = pytest.importorskip("tensorflow")
    generator = np.random.default_rng(0)
    wide = tf.constant(generator.normal(size=(1024, 1024)).astype("float32"))

    @tf.function(input_signature=[tf.TensorSpec([1, 1024])])
    def function(x):
        return tf.nn.softmax(tf.matmul(tf.tanh(x), wide))

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    found = profile_file(path, rounds=9)
    # 1024 x 1024 products against a thousand of anything else.
    longest = max(found.operators, key=lambda operator: operator.ms)
    assert longest.operator == "FULLY_CONNECTED"
    assert longest.macs == 1024**2


def test_weights_are_unpacked_in_no_inference(float16_file, monkeypatch):
    opened = []
    honest = OperatorCutter.cut

    def cut(self, *arguments):
        content = honest(self, *arguments)
        opened.append([row.name for row in read_file(content).main.operators])
        return content

    monkeypatch.setattr(OperatorCutter, "cut", cut)
    found = profile_file(float16_file(8, 64, 64)[1], rounds=3)
    # The same kernel as in the file: constant weights, not one input more.
    assert [operator.operator for operator in found.operators] == ["CONV_2D"]
    assert opened == [["DEQUANTIZE", "CONV_2D"]]
    assert found.operators[0].index == 1


def test_the_command_prints_draws_and_keeps(call_main, tflite_files, tmp_path, capsys):
    picture, ledger = tmp_path / "profile.svg", tmp_path / "bench.jsonl"
    arguments = [f"--picture={picture}", f"--ledger={ledger}", "--rounds=3"]
    assert call_main(profile, profile.run, tflite_files[1], *arguments) == 0
    printed = capsys.readouterr().out
    (record,) = read(ledger).records
    assert len(record.layers) == sum(record.model.operators.values())
    figures = record.figures
    assert figures["operator_sum_to_whole"] == pytest.approx(
        figures["operator_sum_ms"] / record.latency.p50_ms
    )
    assert f"{figures['operator_sum_to_whole']:.2f} times as long" in printed
    root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    bars = [node for node in root.iter() if node.get("class") in ("bar", "worst")]
    assert len(bars) == len(record.layers)


def test_bad_input(call_main, tflite_files, flex_file):
    def call(*arguments):
        return call_main(profile, profile.run, *arguments)

    with pytest.raises(ValueError, match="Received: 0 files"):
        call()
    with pytest.raises(FileNotFoundError):
        call("absent.tflite")
    with pytest.raises(ValueError, match=r"Expected a \.tflite file"):
        call(__file__)
    with pytest.raises(RuntimeError, match="FlexMatrixInverse"):
        call(flex_file)
    for flag, said in [
        ("--rounds=0", "--rounds=0"),
        ("--threads=0", "--threads=0"),
        ("--xnnpack=maybe", "--xnnpack='maybe'"),
        ("--picture=a.png", "--picture=a.png"),
    ]:
        with pytest.raises(ValueError, match=f"Received: {said}"):
            call(tflite_files[0], flag)
