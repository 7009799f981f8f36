"""What a `.tflite` file holds, read without an interpreter.

Neither TensorFlow nor Keras is needed for it.
"""

import collections
import dataclasses
import functools
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from keras_resnet.extras import import_extra

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
# Smallest file that can hold a root offset and the identifier.
SMALLEST_SIZE = 8
# What stands between a file's float interface and its integer inside.
CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
FLOAT_TYPES = frozenset({"FLOAT32", "FLOAT16"})
# The reader of the format checks nothing: whichever of these a wild offset ends
# in, it is the file that is wrong.
DAMAGE = (
    struct.error,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An input or output of a file.

    Attributes:
        name: Its name in the file.
        type: Element type in the format's terms, such as `"FLOAT32"`.
        shape: Sizes of its axes, -1 where the size is open until run time.
    """

    name: str
    type: str
    shape: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class FileDescription:
    """What a `.tflite` file holds.

    Attributes:
        path: Path of the file, as it was given.
        size_bytes: Size of the file.
        operators: Operator name to how often it occurs over all subgraphs,
            most frequent first. Custom operators read `"CUSTOM:Name"`.
        inputs: Inputs of the main subgraph.
        outputs: Outputs of the main subgraph.
    """

    path: str
    size_bytes: int
    operators: Mapping[str, int]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def operator_text(self) -> str:
        """Say the operators as in `"CONV_2D 9, ADD 3"`."""
        return operator_text(self.operators)


def operator_text(operators: Mapping[str, int]) -> str:
    """Say a histogram of operators as in `"CONV_2D 9, ADD 3"`."""
    return ", ".join(f"{name} {count}" for name, count in operators.items())


def describe_file(path: str | os.PathLike) -> FileDescription:
    """Read the operators, inputs and outputs of a `.tflite` file.

    Every table and every buffer of the file is visited, so a file that was cut
    short is noticed.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a `.tflite` file, or is a damaged one.
        ImportError: If LiteRT is not installed.
    """
    path = os.fspath(path)
    if not Path(path).exists():
        raise FileNotFoundError(f"There is no file '{path}'.")
    if Path(path).is_dir():
        raise ValueError(f"Expected a .tflite file, not a folder. Received: '{path}'")
    content = Path(path).read_bytes()
    read = _read(content, f"'{path}'")
    return FileDescription(
        path=path,
        size_bytes=len(content),
        operators=_histogram(read.operators),
        inputs=read.inputs,
        outputs=read.outputs,
    )


def operator_counts(content: bytes) -> dict[str, int]:
    """Count the operators of a file by name, most frequent first.

    Args:
        content: The file. Custom operators are counted as `"CUSTOM:Name"`.

    Raises:
        As `describe_file` does for a damaged file.
    """
    return _histogram(_read(content).operators)


def float_operators(content: bytes) -> list[str]:
    """List the operators that compute floating-point numbers, sorted.

    Conversions between integers and floating point are left out.

    Args:
        content: The file.

    Raises:
        As `describe_file` does for a damaged file.
    """
    return sorted(
        {
            operator.name
            for operator in _read(content).operators
            if operator.name not in CONVERSIONS
            and not FLOAT_TYPES.isdisjoint(operator.output_types)
        }
    )


def check_identifier(content: bytes, name: str) -> None:
    """Refuse what does not even begin as a `.tflite` file.

    Args:
        content: The file.
        name: What the error shall call it.

    Raises:
        ValueError: If it is something else.
    """
    if len(content) < SMALLEST_SIZE or content[4:8] != IDENTIFIER:
        raise ValueError(
            f"Expected a .tflite file, which has {IDENTIFIER.decode()!r} at byte 4. "
            f"Received: {name} with {content[4:8]!r} there"
        )


@dataclasses.dataclass(frozen=True)
class _Operator:
    name: str
    output_types: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class _Content:
    operators: tuple[_Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def _histogram(operators: Iterable[_Operator]) -> dict[str, int]:
    counts = collections.Counter(operator.name for operator in operators)
    # By count, then by name, so that two exports of a model read the same.
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _read(content: bytes, name: str | None = None) -> _Content:
    schema = _schema()
    name = name or f"{len(content)} bytes"
    check_identifier(content, name)
    try:
        return _walk(schema.Model.GetRootAs(content, 0), len(content))
    except DAMAGE as error:
        raise ValueError(
            f"The .tflite file is damaged or cut short ({error}). Received: {name}"
        ) from error


def _walk(model, size: int) -> _Content:
    if model.Version() != SCHEMA_VERSION:
        raise ValueError(f"schema version {model.Version()} instead of 3")
    _visit_buffers(model, size)
    codes = [
        _operator_name(model.OperatorCodes(index))
        for index in _indices(model.OperatorCodesLength(), size)
    ]
    if model.SubgraphsLength() < 1:
        raise ValueError("no subgraph")
    operators: list[_Operator] = []
    for index in _indices(model.SubgraphsLength(), size):
        operators += _subgraph_operators(model, model.Subgraphs(index), codes, size)
    main = model.Subgraphs(0)
    inputs = [main.Inputs(index) for index in _indices(main.InputsLength(), size)]
    outputs = [main.Outputs(index) for index in _indices(main.OutputsLength(), size)]
    return _Content(
        operators=tuple(operators),
        inputs=tuple(_tensor(main, index) for index in inputs),
        outputs=tuple(_tensor(main, index) for index in outputs),
    )


def _indices(length: int, size: int) -> Iterator[int]:
    """Count up to `length`, refusing one that the file cannot hold."""
    if length > size:
        raise ValueError(f"a list of {length} entries in {size} bytes")
    return iter(range(length))


def _visit_buffers(model, size: int) -> None:
    for index in _indices(model.BuffersLength(), size):
        buffer = model.Buffers(index)
        if not buffer.DataIsNone():
            length = buffer.DataLength()
            if len(buffer.DataAsNumpy()) != length:
                raise ValueError(f"buffer {index} ends after the file")
        # Weights beyond the format's 2 GiB stand behind the tables.
        if buffer.Offset() > 1 and buffer.Offset() + buffer.Size() > size:
            raise ValueError(f"buffer {index} ends after the file")


def _subgraph_operators(model, subgraph, codes, size: int) -> Iterator[_Operator]:
    types = []
    for index in _indices(subgraph.TensorsLength(), size):
        tensor = subgraph.Tensors(index)
        types.append(_tensor_type(tensor.Type()))
        if tensor.Buffer() >= model.BuffersLength():
            raise ValueError(f"tensor {index} names a buffer that is not there")
    for index in _indices(subgraph.OperatorsLength(), size):
        operator = subgraph.Operators(index)
        inputs, outputs = (
            [read(k) for k in _indices(length, size)]
            for read, length in (
                (operator.Inputs, operator.InputsLength()),
                (operator.Outputs, operator.OutputsLength()),
            )
        )
        # -1 stands for an optional operand that is left out.
        if any(not -1 <= k < len(types) for k in inputs + outputs):
            raise ValueError(f"operator {index} names a tensor that is not there")
        yield _Operator(
            name=codes[operator.OpcodeIndex()],
            output_types=tuple(types[k] for k in outputs if k >= 0),
        )


def _operator_name(code) -> str:
    # Files of before the 128th operator carry the code in the older field.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _names("BuiltinOperator")[number]
    if name == "CUSTOM":
        custom = code.CustomCode()
        return f"CUSTOM:{custom.decode() if custom else 'unnamed'}"
    return name


def _tensor(subgraph, index: int) -> Tensor:
    if not 0 <= index < subgraph.TensorsLength():
        raise ValueError(f"input or output {index} is not there")
    tensor = subgraph.Tensors(index)
    open_shape = tensor.ShapeSignatureLength() == tensor.ShapeLength()
    read = tensor.ShapeSignature if open_shape else tensor.Shape
    return Tensor(
        name=(tensor.Name() or b"").decode(),
        type=_tensor_type(tensor.Type()),
        shape=tuple(read(axis) for axis in range(tensor.ShapeLength())),
    )


def _tensor_type(number: int) -> str:
    return _names("TensorType")[number]


@functools.cache
def _names(enumeration: str) -> dict[int, str]:
    members = vars(getattr(_schema(), enumeration))
    return {
        number: name for name, number in members.items() if not name.startswith("_")
    }


def _schema():
    return import_extra("ai_edge_litert.schema_py_generated", "export")
