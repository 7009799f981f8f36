"""One operator of a file as a file of its own."""

import copy
from collections.abc import Sequence

import numpy as np

from keras_resnet.export.flatbuffer.read import IDENTIFIER, SCHEMA_VERSION
from keras_resnet.export.quiet import quiet
from keras_resnet.extras import import_extra

LEFT_OUT = -1


class OperatorCutter:
    """Cuts operators out of the main graph of a file.

    Args:
        content: The file.

    Raises:
        ImportError: If LiteRT is not installed.
    """

    def __init__(self, content: bytes):
        self._schema = import_extra("ai_edge_litert.schema_py_generated", "export")
        self._flatbuffers = import_extra("flatbuffers", "export")
        self._model = self._schema.ModelT.InitFromPackedBuf(content, 0)
        for buffer in self._model.buffers:
            # Larger data may stand outside of the tables; up to 1 there is none.
            if buffer.offset > 1:
                buffer.data = np.frombuffer(
                    content, "uint8", buffer.size, buffer.offset
                )
                buffer.offset = buffer.size = 0

    def cut(self, index: int, before: Sequence[int] = ()) -> bytes:
        """Return a file of one operator.

        Its inputs are those that the whole file computes, in their order; what
        is constant stays so.

        Args:
            index: Place of the operator in the main graph.
            before: Places of operators that are cut out with it and run before
                it, such as those that unpack its weights. Defaults to none.
        """
        schema, graph = self._schema, self._model.subgraphs[0]
        operators = [copy.copy(graph.operators[each]) for each in (*before, index)]
        computed = {int(place) for each in operators for place in each.outputs}
        places = list(
            dict.fromkeys(
                int(place)
                for each in operators
                for place in (*each.inputs, *each.outputs)
                if place != LEFT_OUT
            )
        )
        model, cut = schema.ModelT(), schema.SubGraphT()
        model.version = SCHEMA_VERSION
        # The first buffer is empty by the format's definition.
        model.buffers, cut.tensors, inputs = [schema.BufferT()], [], []
        for place in places:
            tensor = copy.copy(graph.tensors[place])
            buffer = self._model.buffers[tensor.buffer]
            is_constant = buffer.data is not None and len(buffer.data) > 0
            if not is_constant and place not in computed:
                inputs.append(len(cut.tensors))
            tensor.buffer = len(model.buffers) if is_constant else 0
            if is_constant:
                model.buffers.append(buffer)
            cut.tensors.append(tensor)
        position = {place: new for new, place in enumerate(places)} | {LEFT_OUT: -1}
        codes = list(dict.fromkeys(each.opcodeIndex for each in operators))
        model.operatorCodes = [self._model.operatorCodes[code] for code in codes]
        for each in operators:
            each.opcodeIndex = codes.index(each.opcodeIndex)
            each.inputs = _moved(each.inputs, position)
            each.outputs = _moved(each.outputs, position)
        cut.inputs, cut.outputs = np.array(inputs, "int32"), operators[-1].outputs
        cut.operators, cut.name = operators, graph.name
        model.subgraphs = [cut]
        builder = self._flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())


class SingleOperator:
    """A file of one operator, ready to run.

    Args:
        content: The file.
        kernels: Which implementation to run, a name of LiteRT's
            `OpResolverType`.
    """

    def __init__(self, content: bytes, kernels: str):
        runtime = import_extra("ai_edge_litert.interpreter", "export")
        with quiet():
            self._interpreter = runtime.Interpreter(
                model_content=content,
                experimental_op_resolver_type=runtime.OpResolverType[kernels],
            )
            self._interpreter.allocate_tensors()
        self._inputs = [row["index"] for row in self._interpreter.get_input_details()]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def run(self, operands: Sequence[np.ndarray]) -> np.ndarray:
        """Return what it computes, as it is stored.

        Args:
            operands: What is not constant of its inputs, in their order.
        """
        for index, operand in zip(self._inputs, operands, strict=True):
            self._interpreter.set_tensor(index, operand)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)


def _moved(places, position) -> np.ndarray:
    return np.array([position[int(place)] for place in places], "int32")
