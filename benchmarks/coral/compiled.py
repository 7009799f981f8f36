"""Files as the Edge TPU takes them: compiled, and what became of operators."""

import dataclasses
import os
from pathlib import Path

from keras_resnet.benchmarks.host.model_checks import check_measurable
from keras_resnet.export.edgetpu import Compilation, CompilerError, compile_file
from keras_resnet.export.edgetpu.compiler import COMPILED_NAME
from keras_resnet.export.edgetpu.hardware import COMPILED_OPERATOR
from keras_resnet.export.flatbuffer import read_bytes, read_file
from keras_resnet.export.operators import describe_file
from keras_resnet.export.printable import printable
from keras_resnet.wording import counted


@dataclasses.dataclass(frozen=True)
class CompiledFile:
    """A file that an Edge TPU can run.

    Attributes:
        source: The file that the user named.
        path: The compiled file.
        compilation: What the compiler said; None for a file that was compiled
            before.
        share: Share of the operators on the Edge TPU; None where a file that
            was compiled before does not tell.
        left: Operators that stay on the CPU.
        input_notes: Sentences on what it is run on.
    """

    source: str
    path: str
    compilation: Compilation | None
    share: float | None
    left: int
    input_notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that are kept with a result."""
        if not self.left:
            return self.input_notes
        left = counted(self.left, "operator")
        return (f"{left} of the compiled file run on the CPU", *self.input_notes)


def prepare(path: str | os.PathLike, folder: str | os.PathLike) -> CompiledFile:
    """Take a file as it is if it is compiled, else compile it.

    Args:
        path: The `.tflite` file.
        folder: Where to put a compiled file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no `.tflite` file of one input of a known size.
        CompilerError: If it is not compiled, and the compiler is not installed
            or refuses it.
    """
    content = read_bytes(path)
    name = f"'{path}'"
    operators = [row.name for row in read_file(content, name).main.operators]
    notes = check_measurable(describe_file(path))
    mapped = operators.count(COMPILED_OPERATOR)
    left = len(operators) - mapped
    if mapped:
        # One operator stands for all that were mapped; how many is not written.
        share = None if left else 1.0
        path = os.fspath(path)
        return CompiledFile(path, path, None, share, left, notes)
    target = Path(folder, COMPILED_NAME)
    try:
        compilation = compile_file(content, output=target)
    except CompilerError as error:
        raise CompilerError(
            f"{name} is not compiled for the Edge TPU: {error}"
        ) from error
    if not compilation.succeeded:
        raise CompilerError(
            f"edgetpu_compiler refuses {name}: {printable(compilation.reason)}."
        )
    total = compilation.operations or len(operators)
    compiled = [row.name for row in read_file(read_bytes(target)).main.operators]
    return CompiledFile(
        os.fspath(path),
        os.fspath(target),
        compilation,
        min(1.0, compilation.mapped / total),
        len(compiled) - compiled.count(COMPILED_OPERATOR),
        notes,
    )
