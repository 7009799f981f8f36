"""Reading what `benchmark_model` prints, both tools of that name."""

import collections
import re

from keras_resnet.benchmarks.android.errors import ToolOutputError
from keras_resnet.benchmarks.android.results import ToolResult, checked
from keras_resnet.export.printable import printable

# Bounded, so that a foreign text cannot make a number out of a page of digits.
NUMBER = r"(\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?)"
COUNT = r"(\d{1,9})"
MIB = 2**20
MICROSECONDS = 1e-3
MILLISECONDS = 1.0

# The TensorFlow Lite tool: a line that sums up, and one of statistics for the
# warm-up and for the timed runs each.
TIMINGS = re.compile(
    rf"Inference timings in us: Init: {NUMBER}, First inference: {NUMBER}, "
    rf"Warmup \(avg\): {NUMBER}, Inference \(avg\): {NUMBER}"
)
STATISTICS = re.compile(rf"\bcount={COUNT}\b(.*)$", re.MULTILINE)
STATISTIC = re.compile(rf"\b(\w{{2,10}})={NUMBER}(?=\s|$)")
MEMORY = re.compile(
    rf"Memory footprint delta from the start of the tool \(MB\): init={NUMBER} "
    rf"overall={NUMBER}"
)
PEAK = re.compile(rf"Overall peak memory footprint \(MB\)[^:]{{0,60}}: {NUMBER}")

# The LiteRT tool: a table.
TABLE = "BENCHMARK RESULTS"
ROWS = {
    "initialisation_ms": rf"Model initialization:\s+{NUMBER} ms",
    "first_inference_ms": rf"Warmup \(first\):\s+{NUMBER} ms",
    "warmup_runs": rf"Warmup \(avg\):\s+[\d.]{{1,20}} ms \({COUNT} runs\)",
    "mean_ms": rf"Inference \(avg\):\s+{NUMBER} ms",
    "runs": rf"Inference \(avg\):\s+[\d.]{{1,20}} ms \({COUNT} runs\)",
    "minimum_ms": rf"Inference \(min\):\s+{NUMBER} ms",
    "maximum_ms": rf"Inference \(max\):\s+{NUMBER} ms",
    "deviation_ms": rf"Inference \(std\):\s+{NUMBER}",
    "model_memory_bytes": rf"Overall footprint:\s+{NUMBER} MB",
    "peak_memory_bytes": rf"Peak memory:\s+{NUMBER} MB",
}

# What the runtime says of delegates.
REPLACED = re.compile(
    rf"Replacing {COUNT} out of {COUNT} node\(s\) with delegate \((\w{{1,60}})\)"
    rf"(?: node, yielding {COUNT} partitions for subgraph {COUNT})?"
)
APPLIED = re.compile(
    r"Explicitly applied (\w{1,40}) delegate, and the model graph will be "
    r"(completely|partially) executed"
)
NOT_APPLIED = re.compile(r"Though \w{1,40} delegate is explicitly applied")
CREATED = re.compile(r"Created TensorFlow Lite (\w{1,40}) delegate for CPU")
DELEGATE_NAME = re.compile(r"^(?:TfLite)?(\w+?)(?:Delegate\w*)?$")
ABBREVIATIONS = ("XNNPACK", "GPU", "NNAPI")
# LiteRT reaches an NPU by its dispatch library.
ALSO_CALLED = {"NPU": ("NPU", "Dispatch")}

# The first that is found says why; the later ones say less.
FAILURES = (
    re.compile(r"(CANNOT LINK EXECUTABLE .*)"),
    re.compile(r"((?:/system/bin/)?sh: .*)"),
    re.compile(r"ERROR: (.+)"),
    re.compile(r"(Failed to .+)"),
    re.compile(r"(Benchmarking failed.*)"),
    re.compile(r"(Segmentation fault|Aborted|Killed|Illegal instruction)"),
)
LONGEST = 200


def parse_text(text: str, requested: str | None = None) -> ToolResult:
    """Read what either tool printed, from the shell or from the system's log.

    Args:
        text: Its output, errors among the rest.
        requested: Delegate that was asked for, as a record calls it.

    Raises:
        ToolOutputError: If the tool failed, or it is not its output.
    """
    if TABLE in text:
        result = _table(text[text.rindex(TABLE) :])
    elif (timings := TIMINGS.search(text)) is not None:
        result = _timings(timings, text)
    else:
        raise ToolOutputError(f"benchmark_model gave no result: {why_failed(text)}.")
    delegate, share = parse_delegate(text, requested)
    return checked(
        ToolResult(**{**result, "delegate": delegate, "delegate_share": share})
    )


def parse_delegate(
    text: str, requested: str | None = None
) -> tuple[str | None, float | None]:
    """Read which delegate runs which share of the operators.

    Of several delegates it is the one that was asked for, if it runs any, else
    the one that runs most: XNNPACK takes what a GPU's delegate leaves.

    Args:
        text: What the tool printed.
        requested: Delegate that was asked for, as a record calls it.

    Returns:
        Its name, `"none"` where the tool says that none runs any, and the share
        of the operators; None where it says nothing.
    """
    taken: collections.Counter[str] = collections.Counter()
    # A later delegate's total no longer has what an earlier one has taken.
    totals: dict[str, int] = {}
    for count, of, name, _, subgraph in REPLACED.findall(text):
        taken[_delegate_name(name)] += int(count)
        totals.setdefault(subgraph, int(of))
    total = sum(totals.values())
    if 0 < taken.total() <= total:
        wanted = [n for n in ALSO_CALLED.get(requested, (requested,)) if taken[n]]
        ((most, _),) = taken.most_common(1)
        name = wanted[0] if wanted else most
        return name, taken[name] / total
    applied = APPLIED.search(text)
    if applied:
        return applied[1], 1.0 if applied[2] == "completely" else None
    if NOT_APPLIED.search(text):
        return "none", 0.0
    created = CREATED.search(text)
    return (created[1], None) if created else (None, None)


def why_failed(text: str) -> str:
    """Find what a tool that gave no result says of it, without a full stop."""
    for failure in FAILURES:
        found = failure.search(text)
        if found:
            return printable(found[1].strip())[:LONGEST].rstrip(".! ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = printable(lines[-1])[:LONGEST].rstrip(".! ") if lines else ""
    return f"its last words are {last!r}" if last else "it said nothing"


def _delegate_name(name: str) -> str:
    """Shorten a class's name, as `TfLiteXNNPackDelegate` to `XNNPACK`."""
    short = DELEGATE_NAME.sub(r"\1", name)
    return short.upper() if short.upper() in ABBREVIATIONS else short


def _table(text: str) -> dict:
    found = {name: re.search(pattern, text) for name, pattern in ROWS.items()}
    values = {name: float(row[1]) for name, row in found.items() if row}
    for name in ("runs", "warmup_runs"):
        if name in values:
            values[name] = int(values[name])
    for name in ("model_memory_bytes", "peak_memory_bytes"):
        if name in values:
            values[name] = round(values[name] * MIB)
    return values


def _timings(timings: re.Match, text: str) -> dict:
    initialisation, first, _, mean = (float(n) * MICROSECONDS for n in timings.groups())
    values = {
        "initialisation_ms": initialisation,
        "first_inference_ms": first,
        "mean_ms": mean,
    }
    *before, last = STATISTICS.findall(text[: timings.start()]) or [("0", "")]
    values["runs"] = int(last[0])
    if before:
        values["warmup_runs"] = int(before[-1][0])
    numbers = {name: float(n) * MICROSECONDS for name, n in STATISTIC.findall(last[1])}
    names = {
        "minimum_ms": "min",
        "maximum_ms": "max",
        "deviation_ms": "std",
        "p50_ms": "median",
        "p95_ms": "p95",
    }
    for ours, theirs in names.items():
        if theirs in numbers:
            values[ours] = numbers[theirs]
    for name, pattern, group in (
        ("model_memory_bytes", MEMORY, 2),
        ("peak_memory_bytes", PEAK, 1),
    ):
        found = pattern.search(text)
        if found:
            values[name] = round(float(found[group]) * MIB)
    return values
