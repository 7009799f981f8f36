"""`python -m keras_resnet.benchmarks.accelerator`: training on a GPU or TPU."""

import dataclasses
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks.accelerator_peaks import peak_of
from keras_resnet.benchmarks.measure import interleaved_order
from keras_resnet.benchmarks.occasion import begin
from keras_resnet.export.printable import printable
from keras_resnet.program import run
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import Column, text_table

DESCRIPTION = """Measure training throughput in bfloat16 on an accelerator.

  python -m keras_resnet.benchmarks.accelerator --batch_size=256

This package's ResNet-50 on the JAX backend, and, where torch and transformers are
installed, transformers' ResNet-50 by torch.compile with the channels last. They
take turns, each time in a process of its own. TensorFlow is not needed.
"""
# Started as a file, so that PyTorch is not in one process with Keras.
WORKER = Path(__file__).with_name("accelerator_worker.py")
TITLES = {
    "jax": "keras_resnet, JAX",
    "pytorch": "transformers, torch.compile, channels last",
}
NEEDED = {"jax": ("jax",), "pytorch": ("torch", "transformers")}
# Multiplications and additions of ResNet-50 v1.5 for an image of 224 pixels, and
# how they count: two operations each, and the backward pass twice the forward.
MACS_AT_224 = 4.089e9
OPERATIONS, PASSES, NATIVE_SIDE = 2, 3, 224
COLUMNS = (
    Column("training", align="left"),
    Column("device", align="left"),
    Column("images/s", number_format=",.0f"),
    Column("rounds", align="left"),
    Column("share of peak", align="left"),
)


@dataclasses.dataclass(frozen=True)
class Throughput:
    """How fast one library trains.

    Attributes:
        library: `"jax"` or `"pytorch"`.
        device: What the device calls itself.
        images_per_second: Median of the rounds.
        rounds: Images a second of each round.
        share_of_peak: Share of the device's peak operations; None where its
            peak is not in the table.
    """

    library: str
    device: str
    images_per_second: float
    rounds: tuple[float, ...]
    share_of_peak: float | None


def libraries() -> list[str]:
    """Return what can be measured here.

    Raises:
        ImportError: If JAX is not installed.
    """
    found = [
        library
        for library, modules in NEEDED.items()
        if all(importlib.util.find_spec(module) for module in modules)
    ]
    if "jax" not in found:
        raise ImportError("JAX is not installed, and this measures its backend.")
    return found


def measure_once(library: str, batch_size: int, side: int, steps: int) -> dict:
    """Train for a few steps in a process of its own.

    Raises:
        RuntimeError: If the process fails; its last line is quoted.
    """
    request = {
        "library": library,
        "batch_size": batch_size,
        "side": side,
        "steps": steps,
    }
    finished = subprocess.run(
        [sys.executable, "-P", str(WORKER), json.dumps(request)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{TITLES[library]} could not be measured: {last}")
    return json.loads(finished.stdout.splitlines()[-1])


def throughput_of(
    library: str, answers: list[dict], batch_size: int, side: int, steps: int
) -> Throughput:
    """Put the answers of a library's rounds together."""
    rounds = tuple(batch_size * steps / answer["seconds"] for answer in answers)
    median = statistics.median(rounds)
    peak = peak_of(answers[0]["device"])
    # The work of a convolution grows with the area of the image.
    macs = MACS_AT_224 * (side / NATIVE_SIDE) ** 2
    needed = median * macs * OPERATIONS * PASSES
    return Throughput(
        library=library,
        device=answers[0]["device"],
        images_per_second=median,
        rounds=rounds,
        share_of_peak=None if peak is None else needed / (peak.teraflops * 1e12),
    )


def rows(results: list[Throughput]) -> list[tuple]:
    """Make the rows that stand below `COLUMNS`."""
    return [
        (
            TITLES[result.library],
            printable(result.device),
            result.images_per_second,
            f"{min(result.rounds):,.0f}..{max(result.rounds):,.0f}",
            "not known"
            if result.share_of_peak is None
            else f"{100 * result.share_of_peak:.1f} %",
        )
        for result in results
    ]


def ratio_text(ours: Throughput, theirs: Throughput) -> str:
    """Say the ratio of two libraries, or why there is none."""
    if ours.device.lower() != theirs.device.lower():
        return (
            f"No ratio: {TITLES[ours.library]} ran on {printable(ours.device)}, "
            f"{TITLES[theirs.library]} on {printable(theirs.device)}."
        )
    return f"Ratio {ours.images_per_second / theirs.images_per_second:.2f}."


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    for name, default, text in (
        ("batch_size", 256, "Images a step."),
        ("side", NATIVE_SIDE, "Height and width of the images in pixels."),
        ("steps", 30, "Steps to time in a round."),
        ("rounds", 4, "Rounds of each library; even, so that a drift cancels."),
    ):
        flags.DEFINE_integer(name, default, text, flag_values=values)
    flags.DEFINE_string(
        "output", None, "File to write the results to, as JSON.", flag_values=values
    )


def benchmark(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure what the flags in `values` ask for."""
    if arguments[1:]:
        raise ValueError(f"Only flags are taken. Received: {' '.join(arguments[1:])}")
    case = {
        name: check_positive_integer(f"--{name}", values[name].value)
        for name in ("batch_size", "side", "steps")
    }
    rounds = check_positive_integer("--rounds", values.rounds)
    found = libraries()
    occasion = begin(
        "accelerator", values.output, "keras", "jax", "torch", "transformers"
    )
    answers: dict[str, list[dict]] = {library: [] for library in found}
    with ProgressLine() as progress:
        for current, library in interleaved_order(found, rounds):
            progress(f"{TITLES[library]}: round {current + 1} of {rounds}")
            answers[library].append(measure_once(library, **case))
    results = [throughput_of(library, answers[library], **case) for library in found]
    print(f"\nbatch {case['batch_size']}, {case['side']} px\n")
    print(text_table(COLUMNS, rows(results)))
    if len(results) > 1:
        print(f"\n{ratio_text(*results)}")
    occasion.write(results, {**case, "rounds": rounds})
    return 0


def main() -> None:
    """Run the program."""
    define_flags()
    run(benchmark, DESCRIPTION)


if __name__ == "__main__":
    main()
