"""Timing every operator of a file alone, beside the whole file."""

import dataclasses
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks.host.model_checks import check_measurable
from keras_resnet.benchmarks.litert_worker import SEED, InterpreterRunner
from keras_resnet.benchmarks.measure import MILLISECONDS, interleaved_order
from keras_resnet.benchmarks.packed_constants import (
    unpacked_before,
    unpacking_operators,
)
from keras_resnet.export.flatbuffer import Operator, read_bytes, read_file
from keras_resnet.export.operators import describe_file
from keras_resnet.export.printable import tensor_text
from keras_resnet.export.proof.single_operator import OperatorCutter
from keras_resnet.export.quiet import quiet
from keras_resnet.extras import import_extra

# Short calls are timed several at once, for the clock's own time not to count.
LEAST_SECONDS = 3e-4
MOST_CALLS = 1000
WARMUP_CALLS = 3
WHOLE = -1


@dataclasses.dataclass(frozen=True)
class OperatorTime:
    """An operator and the time that it takes alone.

    Attributes:
        index: Its place in the graph.
        layer: Name of what it computes.
        operator: Its kind, such as `"CONV_2D"`.
        macs: Multiplications with addition.
        output_shape: Sizes of its first output.
        ms: Median over the rounds, in milliseconds.
    """

    index: int
    layer: str
    operator: str
    macs: int
    output_shape: tuple[int, ...]
    ms: float


@dataclasses.dataclass(frozen=True)
class Profile:
    """A file's operators and the whole file, timed in turns.

    Attributes:
        operators: In the order of execution, without those that only unpack
            constants.
        whole_rounds_ms: Milliseconds of the whole file by round.
        delegated: How many operators a delegate runs in the whole file, and
            how many there are; None where LiteRT does not tell.
    """

    operators: tuple[OperatorTime, ...]
    whole_rounds_ms: tuple[float, ...]
    delegated: tuple[int, int] | None

    @property
    def whole_ms(self) -> float:
        """Median time of the whole file."""
        return float(np.median(self.whole_rounds_ms))

    @property
    def sum_ms(self) -> float:
        """The times of the operators together."""
        return sum(operator.ms for operator in self.operators)

    @property
    def sum_to_whole(self) -> float:
        """The sum over the whole: 1 where the estimate is right."""
        return self.sum_ms / self.whole_ms


def profile_file(
    path: str | os.PathLike,
    threads: int = 1,
    *,
    xnnpack: bool = True,
    rounds: int = 60,
    progress: Callable[[str], None] | None = None,
) -> Profile:
    """Estimate what each operator of a file takes.

    Every operator is cut out as a file of its own, with those that unpack its
    constants, which LiteRT does once and which have no time of their own.
    These and the whole file are timed in turns in this process, on random
    numbers. What an operator gains from standing beside its neighbours is not
    in its time, and what it costs to call LiteRT is; so the sum and the whole
    differ.

    Args:
        path: The `.tflite` file.
        threads: Threads of LiteRT.
        xnnpack: Whether to use XNNPACK.
        rounds: Times that each is timed.
        progress: Receives a line of text before every step.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no `.tflite` file of one input of a known size,
            or a count is not positive.
        RuntimeError: If LiteRT cannot run it, or an operator of it alone.
        ImportError: If LiteRT is not installed.
    """
    import_extra("ai_edge_litert", "export")
    check_positive_integer("threads", threads)
    check_positive_integer("rounds", rounds)
    say = progress or (lambda line: None)
    check_measurable(describe_file(path))
    content = read_bytes(path)
    graph = read_file(content).main
    unpacking = unpacking_operators(graph)
    unpackers = {operator.index for operator in unpacking.values()}
    operators = [each for each in graph.operators if each.index not in unpackers]
    with tempfile.TemporaryDirectory(prefix="keras-resnet-") as folder:
        say("opening the file")
        whole = _open(path, threads, xnnpack, f"'{path}'")
        delegated = whole.delegated()
        runners = {WHOLE: whole}
        cutter = OperatorCutter(content)
        for number, operator in enumerate(operators, start=1):
            say(f"cutting out operator {number} of {len(operators)}")
            cut = Path(folder, f"{operator.index}.tflite")
            before = [each.index for each in unpacked_before(operator, unpacking)]
            cut.write_bytes(cutter.cut(operator.index, before))
            name = f"operator {operator.index} ({operator.name}) of '{path}' alone"
            runners[operator.index] = _open(cut, threads, xnnpack, name)
        times = _time(runners, rounds, say)
        del whole, runners
    return Profile(
        operators=tuple(_described(op, times[op.index]) for op in operators),
        whole_rounds_ms=tuple(times[WHOLE]),
        delegated=delegated,
    )


def _described(operator: Operator, times: Sequence[float]) -> OperatorTime:
    (output, *_) = operator.outputs
    return OperatorTime(
        index=operator.index,
        layer=tensor_text(output.name),
        operator=operator.name,
        macs=operator.macs,
        output_shape=output.shape,
        ms=float(np.median(times)),
    )


def _open(path, threads: int, xnnpack: bool, name: str) -> InterpreterRunner:
    try:
        with quiet():
            runner = InterpreterRunner(os.fspath(path), threads, xnnpack)
            runner.fill(np.random.default_rng(SEED))
            runner.run()
    except (RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise RuntimeError(f"LiteRT could not run {name}: {reason}") from error
    return runner


def _time(runners: dict, rounds: int, say) -> dict[int, list[float]]:
    """Return milliseconds a call by round."""
    calls = {key: _calls(runner.run) for key, runner in runners.items()}
    times: dict[int, list[float]] = {key: [] for key in runners}
    for current, key in interleaved_order(list(runners), rounds):
        say(f"round {current + 1} of {rounds}")
        seconds = _seconds(runners[key].run, calls[key])
        times[key].append(seconds / calls[key] * MILLISECONDS)
    return times


def _calls(run: Callable) -> int:
    """Return how many calls are long enough to be timed."""
    alone = _seconds(run, WARMUP_CALLS) / WARMUP_CALLS
    return int(np.clip(np.ceil(LEAST_SECONDS / alone), 1, MOST_CALLS))


def _seconds(run: Callable, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - start
