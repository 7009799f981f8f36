"""What the programs of ratios have in common: measure, show, keep."""

import sys
from collections.abc import Mapping, Sequence

from absl import flags

from keras_resnet.benchmarks.commands.common import keep
from keras_resnet.benchmarks.comparison_records import records_of
from keras_resnet.benchmarks.comparisons import (
    Comparison,
    ComparisonResult,
    compare,
    not_measured,
)
from keras_resnet.benchmarks.occasion import Occasion
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import NOT_MEASURED, Column, text_table

COLUMNS = (
    Column("comparison", align="left"),
    Column("time", "ms", ",.1f"),
    Column("ratio"),
    Column("range", align="left"),
    Column("goal", align="left"),
    Column("", align="left"),
)


def rows(result: ComparisonResult) -> list[tuple]:
    """Make a result's rows: the ratio, and the two times it is of.

    What was not measured has one row, with the reason.
    """
    ratio = result.ratio
    if ratio is None:
        reason = f"{NOT_MEASURED}: {result.reason}"
        return [(f"{result.title}, {result.upper}", "", "", "", result.goal, reason)]
    return [
        (
            result.title,
            "",
            ratio.value,
            f"{ratio.low:.2f}..{ratio.high:.2f}",
            result.goal,
            result.verdict,
        ),
        (f"  {result.upper}", _time(result.upper_time, result), "", "", "", ""),
        (f"  {result.lower}", _time(result.lower_time, result), "", "", "", ""),
    ]


def run_comparisons(
    chosen: Sequence[Comparison],
    occasion: Occasion,
    settings: Mapping[str, object],
    values: flags.FlagValues,
) -> int:
    """Measure comparisons one after the other, show them and keep them.

    One that cannot be measured does not cost the others, nor does an end by
    Ctrl-C: what there is by then is shown and kept.

    Args:
        chosen: What to measure.
        occasion: Where and with what; its file receives the results.
        settings: How they are measured.
        values: Flags, `--rounds` and `--ledger` among them.

    Returns:
        1 if one failed, else 0; what is not installed is no failure.
    """
    results: list[ComparisonResult] = []
    failed = False
    try:
        for number, comparison in enumerate(chosen, start=1):
            print(f"[{number}/{len(chosen)}] {comparison.title}", flush=True)
            missing = comparison.missing()
            if missing:
                verb = "is" if len(missing) == 1 else "are"
                reason = f"{' and '.join(missing)} {verb} not installed"
                results.append(not_measured(comparison, reason))
                continue
            try:
                with ProgressLine() as progress:
                    results.append(compare(comparison, progress, values.rounds))
            except (ImportError, RuntimeError) as error:
                failed = True
                print(f"Failed: {comparison.name}: {error}", file=sys.stderr)
                results.append(not_measured(comparison, str(error)))
    finally:
        if results:
            _keep(results, occasion, settings, values)
    return 1 if failed else 0


def _keep(results, occasion: Occasion, settings, values: flags.FlagValues) -> None:
    table_rows = [row for result in results for row in rows(result)]
    print("\n" + text_table(COLUMNS, table_rows))
    occasion.write(results, settings)
    keep(records_of(results, occasion), values)


def _time(latency, result: ComparisonResult) -> float:
    # The ratio of means stands above means, that of medians above medians.
    return latency.mean_ms if result.of_means else latency.p50_ms
