"""What the operators of a file ask of a device: operations and bytes."""

import dataclasses

from keras_resnet.benchmarks.packed_constants import (
    stored_constants,
    unpacking_operators,
)
from keras_resnet.export.edgetpu.hardware import COMPILED_OPERATOR
from keras_resnet.export.flatbuffer import File, Operator, Tensor

INTEGERS = frozenset({"INT8", "UINT8", "INT4"})
HALVES = frozenset({"FLOAT16", "BFLOAT16"})
BITS = {
    **dict.fromkeys(("INT8", "UINT8", "BOOL"), 8),
    **dict.fromkeys(("INT16", "UINT16", "FLOAT16", "BFLOAT16"), 16),
    **dict.fromkeys(("INT32", "UINT32", "FLOAT32"), 32),
    **dict.fromkeys(("INT64", "UINT64", "FLOAT64"), 64),
    "INT4": 4,
}
BATCH_AXIS = 0
OPERATIONS_PER_MAC = 2
# These only give a tensor another shape.
FREE = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})


@dataclasses.dataclass(frozen=True)
class OperatorWork:
    """What one operator asks for.

    Attributes:
        name: Name of what it computes.
        operator: Its name in the schema.
        operations: Multiplications and additions of its products.
        precision: What it computes in, one of `devices.figures.PRECISIONS`.
        weight_bytes: Constants, as they are stored, that it reads and no
            operator before it did.
        input_bytes: What else it reads.
        output_bytes: What it writes.
    """

    name: str
    operator: str
    operations: int
    precision: str
    weight_bytes: int
    input_bytes: int
    output_bytes: int

    @property
    def activation_bytes(self) -> int:
        """What it reads and writes beside its constants."""
        return self.input_bytes + self.output_bytes


@dataclasses.dataclass(frozen=True)
class FileWork:
    """What a file asks for.

    Attributes:
        operators: Its main graph in the order of execution, without those that
            unpack constants.
        input_bytes: What it is given.
        output_bytes: What it returns.
    """

    operators: tuple[OperatorWork, ...]
    input_bytes: int
    output_bytes: int

    @property
    def weight_bytes(self) -> int:
        """All its constants."""
        return sum(row.weight_bytes for row in self.operators)

    @property
    def largest_activation_bytes(self) -> int:
        """The most that one operator reads and writes."""
        return max((row.activation_bytes for row in self.operators), default=0)


def file_work(file: File, name: str = "the file") -> FileWork:
    """Find out what a file asks for.

    Args:
        file: As `flatbuffer.read_file` returns it. An open size of the batch
            is taken as 1.
        name: What an error shall call it.

    Raises:
        ValueError: If a size other than the batch's is open, operators are
            hidden or of more than one graph, or an element type has no
            known size.
    """
    graph = file.main
    if len(file.subgraphs) > 1:
        raise ValueError(
            "A file of one graph is needed: which of several run, and how often, is "
            f"not written in it. Received: {name} with {len(file.subgraphs)} graphs"
        )
    hidden = [op.name for op in graph.operators if op.name.startswith("CUSTOM:")]
    if hidden:
        hint = (
            " Name the file from before edgetpu_compiler."
            if COMPILED_OPERATOR in hidden
            else ""
        )
        raise ValueError(
            f"What the operator {hidden[0]} computes is not written in the file."
            f"{hint} Received: {name}"
        )
    unpacking = unpacking_operators(graph)
    unpackers = {operator.index for operator in unpacking.values()}
    seen: set[int] = set()
    rows = []
    for operator in graph.operators:
        for tensor in operator.tensors:
            _check_closed(tensor, name)
        if operator.index in unpackers:
            # Done once, when the file is opened.
            continue
        constants = stored_constants(operator, unpacking)
        held = {t.buffer: len(t.data) for t in constants}
        variables = [
            tensor
            for tensor in operator.inputs
            if tensor is not None
            and not tensor.is_constant
            and tensor.index not in unpacking
        ]
        rows.append(
            OperatorWork(
                name=operator.outputs[0].name if operator.outputs else "",
                operator=operator.name,
                operations=OPERATIONS_PER_MAC * operator.macs,
                precision=_precision(operator),
                weight_bytes=sum(held[buffer] for buffer in held.keys() - seen),
                input_bytes=_moved(operator, variables, name),
                output_bytes=_moved(operator, operator.outputs, name),
            )
        )
        seen |= set(held)
    return FileWork(
        tuple(rows),
        sum(_size(tensor, name) for tensor in graph.inputs),
        sum(_size(tensor, name) for tensor in graph.outputs),
    )


def _precision(operator: Operator) -> str:
    # What weights are stored in decides: float activations are quantized on
    # the way to 8-bit weights.
    types = [tensor.type for tensor in operator.constants[:1]]
    types += [tensor.type for tensor in operator.tensors]
    if types and types[0] in INTEGERS:
        return "int8"
    if types and types[0] in HALVES:
        return "float16"
    return "float32"


def _moved(operator: Operator, tensors, name: str) -> int:
    if operator.name in FREE:
        return 0
    return sum(_size(tensor, name) for tensor in tensors)


def _size(tensor: Tensor, name: str) -> int:
    if tensor.type not in BITS:
        raise ValueError(
            f"Elements of type {tensor.type} have no known size. Received: {name}"
        )
    return -(-tensor.elements * BITS[tensor.type] // 8)


def _check_closed(tensor: Tensor, name: str) -> None:
    if any(size < 0 for size in tensor.shape_signature[BATCH_AXIS + 1 :]):
        raise ValueError(
            "Sizes that are open until run time cannot be counted; export with a "
            f"fixed input shape. Received: {name} with {tensor.shape_signature} in it"
        )
