"""The operators of a `.tflite` file that has just been made."""

import collections
from collections.abc import Iterator

from keras_resnet.extras import import_extra

# What stands between a file's float interface and its integer inside.
CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})


def operator_counts(content: bytes) -> dict[str, int]:
    """Count the operators of a file by name, most frequent first.

    Args:
        content: The file. Custom operators are counted as `"CUSTOM:Name"`.
    """
    counts = collections.Counter(name for name, _ in _operators(content))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def float_operators(content: bytes) -> list[str]:
    """List the operators that compute floating-point numbers, sorted.

    Conversions between integers and floating point are left out.
    """
    schema = import_extra("ai_edge_litert.schema_py_generated", "export")
    floats = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16)
    return sorted(
        {
            name
            for name, types in _operators(content)
            if name not in CONVERSIONS and any(kind in floats for kind in types)
        }
    )


def _operators(content: bytes) -> Iterator[tuple[str, list[int]]]:
    schema = import_extra("ai_edge_litert.schema_py_generated", "export")
    names = {
        number: name
        for name, number in vars(schema.BuiltinOperator).items()
        if not name.startswith("_")
    }
    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.SubgraphsLength()):
        graph = model.Subgraphs(index)
        for position in range(graph.OperatorsLength()):
            operator = graph.Operators(position)
            code = model.OperatorCodes(operator.OpcodeIndex())
            # Operators that existed before the 128th stand in the older field.
            name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            if name == "CUSTOM":
                name = f"CUSTOM:{(code.CustomCode() or b'unnamed').decode()}"
            outputs = range(operator.OutputsLength())
            yield (
                name,
                [graph.Tensors(operator.Outputs(output)).Type() for output in outputs],
            )
