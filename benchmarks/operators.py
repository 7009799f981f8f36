"""What a `.tflite` file holds, read without an interpreter."""

import collections
import dataclasses
import functools
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
# Smallest file that can hold a root offset and the identifier.
SMALLEST_SIZE = 8


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
        ValueError: If it is not a TFLite file, or is a damaged one.
        ImportError: If LiteRT is not installed.
    """
    schema = _schema()
    path = os.fspath(path)
    if not Path(path).exists():
        raise FileNotFoundError(f"There is no file '{path}'.")
    if Path(path).is_dir():
        raise ValueError(f"Expected a .tflite file, not a folder. Received: '{path}'")
    content = Path(path).read_bytes()
    if len(content) < SMALLEST_SIZE or content[4:8] != IDENTIFIER:
        raise ValueError(
            f"Expected a TFLite file, which has {IDENTIFIER.decode()!r} at byte 4. "
            f"Received: '{path}' with {content[4:8]!r} there"
        )
    try:
        return _walk(schema.Model.GetRootAs(content, 0), path, len(content))
    # The reader of the format checks nothing: whichever of these a wild offset
    # ends in, it is the file that is wrong.
    except (
        struct.error,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"The TFLite file is damaged or cut short ({error}). Received: '{path}'"
        ) from error


def _walk(model, path: str, size: int) -> FileDescription:
    if model.Version() != SCHEMA_VERSION:
        raise ValueError(f"schema version {model.Version()} instead of 3")
    _visit_buffers(model, size)
    codes = [
        _operator_name(model.OperatorCodes(index))
        for index in _indices(model.OperatorCodesLength(), size)
    ]
    if model.SubgraphsLength() < 1:
        raise ValueError("no subgraph")
    counts: collections.Counter[str] = collections.Counter()
    for index in _indices(model.SubgraphsLength(), size):
        counts.update(_subgraph_operators(model, model.Subgraphs(index), codes, size))
    # By count, then by name, so that two exports of a model read the same.
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    main = model.Subgraphs(0)
    inputs = [main.Inputs(index) for index in _indices(main.InputsLength(), size)]
    outputs = [main.Outputs(index) for index in _indices(main.OutputsLength(), size)]
    return FileDescription(
        path=path,
        size_bytes=size,
        operators=dict(ordered),
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


def _subgraph_operators(model, subgraph, codes, size: int) -> Iterator[str]:
    for index in _indices(subgraph.TensorsLength(), size):
        tensor = subgraph.Tensors(index)
        _tensor_type(tensor.Type())
        if tensor.Buffer() >= model.BuffersLength():
            raise ValueError(f"tensor {index} names a buffer that is not there")
    for index in _indices(subgraph.OperatorsLength(), size):
        operator = subgraph.Operators(index)
        operands = [
            *(operator.Inputs(k) for k in _indices(operator.InputsLength(), size)),
            *(operator.Outputs(k) for k in _indices(operator.OutputsLength(), size)),
        ]
        # -1 stands for an optional operand that is left out.
        if any(not -1 <= k < subgraph.TensorsLength() for k in operands):
            raise ValueError(f"operator {index} names a tensor that is not there")
        yield codes[operator.OpcodeIndex()]


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
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise ImportError(
            "Reading .tflite files needs LiteRT: "
            'pip install "keras-resnet-edge[export]"'
        ) from error
    return schema_py_generated
