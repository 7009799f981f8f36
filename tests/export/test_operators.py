import collections
import contextlib

import pytest

from keras_resnet.export import operators

litert = pytest.importorskip("ai_edge_litert.interpreter")


@pytest.mark.parametrize("index", [0, 1])
def test_operators_are_those_that_the_interpreter_runs(tflite_files, index):
    path = tflite_files[index]
    interpreter = litert.Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    names = [detail["op_name"] for detail in interpreter._get_ops_details()]
    found = operators.describe_file(path).operators
    assert found == collections.Counter(names)
    assert list(found.values()) == sorted(found.values(), reverse=True)


@pytest.mark.parametrize("index", [0, 1])
def test_inputs_and_outputs_are_the_interpreters(tflite_files, index):
    path = tflite_files[index]
    interpreter = litert.Interpreter(model_path=str(path))
    description = operators.describe_file(path)
    pairs = [
        (description.inputs, interpreter.get_input_details()),
        (description.outputs, interpreter.get_output_details()),
    ]
    for found, expected in pairs:
        assert [tensor.name for tensor in found] == [d["name"] for d in expected]
        assert [tensor.shape for tensor in found] == [
            tuple(d["shape_signature"]) for d in expected
        ]
        types = [d["dtype"].__name__.upper() for d in expected]
        assert [tensor.type for tensor in found] == types


def test_size_and_text(tflite_files):
    description = operators.describe_file(tflite_files[0])
    assert description.size_bytes == tflite_files[0].stat().st_size
    assert description.operator_text().startswith("CONV_2D 3, ")


def test_custom_operators_go_by_their_name(flex_file):
    found = operators.describe_file(flex_file).operators
    assert found["CUSTOM:FlexMatrixInverse"] == 1


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file '.*absent"):
        operators.describe_file(tmp_path / "absent.tflite")


def test_folder(tmp_path):
    with pytest.raises(ValueError, match="not a folder"):
        operators.describe_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04" * 50])
def test_other_formats_are_refused(tmp_path, content):
    path = tmp_path / "other.tflite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="Expected a .tflite file"):
        operators.describe_file(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_files_cut_short_are_refused(tflite_files, tmp_path, share):
    content = tflite_files[0].read_bytes()
    path = tmp_path / "short.tflite"
    path.write_bytes(content[: 8 + int(share * (len(content) - 8))])
    with pytest.raises(ValueError, match="damaged or cut short"):
        operators.describe_file(path)


@pytest.mark.parametrize("read", [operators.operator_counts, operators.float_operators])
def test_content_is_refused_as_files_are(tflite_files, read):
    content = tflite_files[0].read_bytes()
    with pytest.raises(ValueError, match="Received: 4 bytes"):
        read(b"TFL3")
    with pytest.raises(ValueError, match="damaged or cut short"):
        read(content[: len(content) // 2])


def test_float_operators_are_those_with_a_float_output(tflite_files):
    float_file, int8_file = (path.read_bytes() for path in tflite_files)
    names = operators.operator_counts(float_file)
    assert operators.float_operators(float_file) == sorted(names)
    assert operators.float_operators(int8_file) == []


def test_damage_never_ends_in_another_error(tflite_files, tmp_path):
    content = tflite_files[0].read_bytes()
    path = tmp_path / "damaged.tflite"
    for place in range(0, len(content), len(content) // 97):
        damaged = bytearray(content)
        damaged[place : place + 64] = b"\xff" * len(damaged[place : place + 64])
        path.write_bytes(damaged)
        with contextlib.suppress(ValueError):
            operators.describe_file(path)
