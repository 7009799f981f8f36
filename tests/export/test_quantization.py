import pytest

from keras_resnet.export.quantization import QUANTIZATIONS, get, interface_types


def test_the_formats_are_found_by_their_names():
    assert list(QUANTIZATIONS) == ["float32", "float16", "dynamic_int8", "int8"]
    assert all(get(name).name == name for name in QUANTIZATIONS)


def test_an_unknown_format_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"'int8'.*Did you mean.*='int9'"):
        get("int9")


def test_no_format_needs_operators_of_tensorflow():
    operator_sets = {row.operator_set for row in QUANTIZATIONS.values()}
    assert operator_sets == {"TFLITE_BUILTINS", "TFLITE_BUILTINS_INT8"}


@pytest.mark.parametrize(
    ("name", "asked", "given"),
    [
        ("float32", (None, None), ("float32", "float32")),
        ("int8", (None, None), ("uint8", "uint8")),
        ("int8", ("int8", None), ("int8", "int8")),
        ("int8", (None, "float32"), ("uint8", "float32")),
        ("int8", ("float32", None), ("float32", "float32")),
    ],
)
def test_types_of_input_and_output(name, asked, given):
    assert interface_types(get(name), *asked) == given


@pytest.mark.parametrize(
    ("name", "asked", "argument"),
    [
        ("float32", ("uint8", None), "input_type"),
        ("dynamic_int8", ("int8", None), "input_type"),
        ("int8", ("int16", None), "input_type"),
        ("int8", (None, "bool"), "output_type"),
    ],
)
def test_types_that_a_format_cannot_have_are_refused(name, asked, argument):
    with pytest.raises(ValueError, match=rf"Received: {argument}="):
        interface_types(get(name), *asked)
