"""Measures one LiteRT file in a process of its own; started by `litert_host`.

It is run as a plain file and imports nothing of the package, so that the peak
memory it reports holds Python, NumPy, LiteRT and the file alone. Its one
argument is the request as JSON; its answer is the last line it prints.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

SEED = 0
LARGEST_PIXEL = 255
KIB = 1024


def main() -> int:
    """Measure what the request asks for and print the answer."""
    request = json.loads(sys.argv[1])
    try:
        answer = measure(**request)
    # Whatever LiteRT refuses is told to the parent, which names the file.
    except (RuntimeError, ValueError, TypeError, MemoryError, OSError) as error:
        print(json.dumps({"error": " ".join(str(error).split())}))
        return 1
    print(json.dumps(answer))
    return 0


def measure(
    path: str,
    threads: int,
    xnnpack: bool,
    warmup_runs: int,
    runs: int,
    seconds: float,
) -> dict:
    """Open a file and time its inferences.

    Args:
        path: The `.tflite` file.
        threads: Threads for the interpreter.
        xnnpack: Whether to use the default XNNPACK kernels.
        warmup_runs: Untimed inferences after the first.
        runs: Timed inferences, at least.
        seconds: Time to go on for, at least.

    Returns:
        Seconds of initialisation, first inference and every timed run, and
        bytes of peak memory, None where the system does not tell.
    """
    generator = np.random.default_rng(SEED)
    before = _status_bytes("VmRSS")
    start = time.perf_counter()
    interpreter = Interpreter(
        model_path=path,
        num_threads=threads,
        experimental_op_resolver_type=OpResolverType.AUTO
        if xnnpack
        else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    initialisation = time.perf_counter() - start
    _fill_inputs(interpreter, generator)
    first = _time_one(interpreter)
    for _ in range(warmup_runs):
        interpreter.invoke()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < runs or time.perf_counter() < end:
        times.append(_time_one(interpreter))
    peak = _peak_bytes()
    above = None if before is None or peak is None else max(0, peak - before)
    return {
        "initialisation": initialisation,
        "first": first,
        "times": times,
        "peak_memory_bytes": peak,
        "model_memory_bytes": above,
    }


def _time_one(interpreter) -> float:
    start = time.perf_counter()
    interpreter.invoke()
    return time.perf_counter() - start


def _fill_inputs(interpreter, generator: np.random.Generator) -> None:
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], _pixels(generator, detail))


def _pixels(generator, detail) -> np.ndarray:
    """Draw pixels of the input's own type; zeros where it takes indices."""
    shape, kind = tuple(detail["shape"]), np.dtype(detail["dtype"])
    if kind.kind == "f":
        return generator.uniform(0, LARGEST_PIXEL, shape).astype(kind)
    if kind.kind in "iu" and kind.itemsize <= 2:
        limits = np.iinfo(kind)
        return generator.integers(limits.min, limits.max, shape, kind, endpoint=True)
    if kind.kind in "iub":
        return np.zeros(shape, kind)
    raise TypeError(f"input {detail['name']!r} is of type {kind}, not numbers")


def _peak_bytes() -> int | None:
    peak = _status_bytes("VmHWM")
    if peak is None and sys.platform == "darwin":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak


def _status_bytes(field: str) -> int | None:
    """Read a field of Linux's account of this process, given in KiB."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * KIB
    return None


if __name__ == "__main__":
    sys.exit(main())
