"""What the commands that measure have in common: the ledger."""

from collections.abc import Sequence

from absl import flags

from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.wording import counted

DEFAULT_LEDGER = "benchmarks.jsonl"


def define_ledger(values: flags.FlagValues, default: str | None = None) -> None:
    """Define `--ledger`, the file that records are appended to.

    Args:
        values: Where to define it.
        default: The ledger without the flag. Defaults to None: nothing is
            kept.
    """
    flags.DEFINE_string(
        "ledger",
        default,
        f"Ledger (JSON lines, such as {DEFAULT_LEDGER}) that the records are "
        "appended to.",
        flag_values=values,
    )


def check_ledger(values: flags.FlagValues) -> None:
    """Find out before long work whether the ledger can be appended to.

    Raises:
        OSError: If `--ledger` names one that cannot be written.
    """
    if values.ledger:
        ledger.check_appendable(values.ledger)


def keep(records: Sequence[BenchmarkRecord], values: flags.FlagValues) -> None:
    """Append records to the ledger that `--ledger` names, if there are any."""
    if not values.ledger or not records:
        return
    ledger.append(values.ledger, records)
    print(f"\nAppended to {values.ledger}: {counted(len(records), 'record')}")
