"""`python -m keras_resnet.benchmarks.package`: the package against its peers."""

from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger
from keras_resnet.benchmarks.comparison_program import run_comparisons
from keras_resnet.benchmarks.comparison_table import COMPARISONS
from keras_resnet.benchmarks.occasion import begin, chosen_of
from keras_resnet.program import run

DESCRIPTION = """Measure the package against its peers, as ratios in one run.

  python -m keras_resnet.benchmarks.package --only=training_float32,int8_latency

The two sides of every ratio are timed in turns, so that a drift of the
machine's speed cancels. Times are medians (means where the work differs from
step to step), and a ratio's range is that of the middle half of the rounds.
What is not installed, or fails, is "not measured", and the others go on.
"""


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    names = ", ".join(comparison.name for comparison in COMPARISONS)
    flags.DEFINE_list(
        "only", None, f"Measure only these, of {names}.", flag_values=values
    )
    flags.DEFINE_integer(
        "rounds",
        None,
        "Rounds of each; even, so that a steady drift cancels. Defaults to each "
        "comparison's own number.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output", None, "File to write the results to, as JSON.", flag_values=values
    )
    define_ledger(values)


def benchmark(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure what the flags in `values` ask for."""
    if arguments[1:]:
        raise ValueError(f"Only flags are taken. Received: {' '.join(arguments[1:])}")
    known = {comparison.name: comparison for comparison in COMPARISONS}
    chosen = chosen_of(values.only, known)
    if values.rounds is not None:
        check_positive_integer("--rounds", values.rounds)
    check_ledger(values)
    occasion = begin(
        "package", values.output, "keras", "tensorflow", "ai-edge-litert", "numpy"
    )
    settings = {
        "only": [row.name for row in chosen],
        "rounds": values.rounds or "each its own",
    }
    return run_comparisons(chosen, occasion, settings, values)


def main() -> None:
    """Run the program."""
    define_flags()
    run(benchmark, DESCRIPTION)


if __name__ == "__main__":
    main()
