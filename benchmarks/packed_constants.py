"""Constants that a file stores in another type, and unpacks by operators of its own.

A float16 file stores its weights as halves, with a DEQUANTIZE operator before
each operator that reads them. LiteRT unpacks them once, when the file is
opened, and not in every inference.
"""

from collections.abc import Mapping

from keras_resnet.export.flatbuffer import Operator, Subgraph, Tensor

UNPACKING = frozenset({"DEQUANTIZE", "DENSIFY"})


def unpacking_operators(graph: Subgraph) -> dict[int, Operator]:
    """Find the operators that unpack constants.

    Args:
        graph: The graph.

    Returns:
        Place of a tensor to the operator that makes it of constants alone.
        What the graph returns is not among them.
    """
    returned = {tensor.index for tensor in graph.outputs}
    made: dict[int, Operator] = {}
    for operator in graph.operators:
        inputs = [tensor for tensor in operator.inputs if tensor is not None]
        if (
            operator.name in UNPACKING
            and inputs
            and all(tensor.is_constant or tensor.index in made for tensor in inputs)
            and returned.isdisjoint(tensor.index for tensor in operator.outputs)
        ):
            made |= {tensor.index: operator for tensor in operator.outputs}
    return made


def unpacked_before(
    operator: Operator, unpacking: Mapping[int, Operator]
) -> list[Operator]:
    """Return the operators that unpack what an operator reads, in their order.

    Args:
        operator: The operator.
        unpacking: What `unpacking_operators` found.
    """
    found: dict[int, Operator] = {}
    for tensor in operator.inputs:
        if tensor is not None and tensor.index in unpacking:
            maker = unpacking[tensor.index]
            found |= {each.index: each for each in unpacked_before(maker, unpacking)}
            found[maker.index] = maker
    return list(found.values())


def stored_constants(
    operator: Operator, unpacking: Mapping[int, Operator]
) -> tuple[Tensor, ...]:
    """Return the constants that an operator reads, as they are stored.

    Arguments as those of `unpacked_before`.
    """
    before = unpacked_before(operator, unpacking)
    return tuple(tensor for each in (operator, *before) for tensor in each.constants)
