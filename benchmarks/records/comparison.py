"""Two sets of records side by side."""

import dataclasses
import datetime
from collections.abc import Sequence

from keras_resnet.benchmarks.records.bootstrap import RatioInterval, ratio_of
from keras_resnet.benchmarks.records.configuration import (
    device_text,
    label,
    newest,
    runtime_text,
)
from keras_resnet.benchmarks.records.schema import BenchmarkRecord

APART = datetime.timedelta(minutes=30)


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two records that are compared.

    Attributes:
        first: The one that stands below the line of the ratio.
        second: The one above it.
        ratio: Time of the second over that of the first; None where one has
            none.
    """

    first: BenchmarkRecord
    second: BenchmarkRecord
    ratio: RatioInterval | None

    def name(self) -> str:
        """Say what is compared."""
        if label(self.first) == label(self.second):
            return label(self.first)
        sides = self.second, self.first
        places = list(dict.fromkeys(map(device_text, sides)))
        if len(places) == 1 and len(set(map(runtime_text, sides))) == 1:
            models = " / ".join(side.model.name for side in sides)
            return f"{models} on {places[0]}: {runtime_text(self.first)}"
        return f"{label(self.second)} / {label(self.first)}"

    def verdict(self) -> str:
        """Say in a word or two what the ratio says."""
        if self.ratio is None:
            return "not measured"
        if self.ratio.is_noise is None:
            return "no samples, no interval"
        if self.ratio.is_noise:
            return "noise"
        return "slower" if self.ratio.value > 1 else "faster"

    def cautions(self) -> list[str]:
        """Say in sentences what the interval does not know of."""
        found = []
        if self.first.device != self.second.device:
            found.append(
                f"They ran on two devices, {device_text(self.second)} and "
                f"{device_text(self.first)}."
            )
        if self.first.basis != self.second.basis:
            found.append(
                f"One is {self.second.basis}, the other {self.first.basis}: that is "
                "no comparison of measurements."
            )
        elif _apart(self.first.date, self.second.date):
            found.append(
                f"They ran at different times ({self.first.date} and "
                f"{self.second.date}): a drift of the machine between them is not in "
                "the interval."
            )
        return found


def pair_up(
    first: Sequence[BenchmarkRecord], second: Sequence[BenchmarkRecord]
) -> tuple[list[Pair], list[str]]:
    """Pair the records of the same configuration.

    One record on each side is a pair, whatever it is. Of several of one
    configuration the last counts. Where each side is about one model, its
    name need not be the same.

    Args:
        first: Records of the one side.
        second: Records of the other.

    Returns:
        The pairs, and the names of records without a partner.

    Raises:
        ValueError: If there is no pair.
    """
    if len(first) == 1 and len(second) == 1:
        return [_pair(first[0], second[0])], []
    models = [{record.model.name for record in side} for side in (first, second)]
    with_model = any(len(names) != 1 for names in models)
    left, right = (newest(side, with_model=with_model) for side in (first, second))
    pairs = [_pair(record, right[key]) for key, record in left.items() if key in right]
    if not pairs:
        raise ValueError(
            "The two have no configuration in common; name one record of each, as "
            "in FILE#-1. Received: the last ones "
            f"'{label(first[-1])}' and '{label(second[-1])}'"
        )
    alone = [label(record) for key, record in left.items() if key not in right]
    alone += [label(record) for key, record in right.items() if key not in left]
    return pairs, alone


def _pair(first: BenchmarkRecord, second: BenchmarkRecord) -> Pair:
    return Pair(first, second, ratio_of(second.latency, first.latency))


def _apart(first: str, second: str) -> bool:
    try:
        moments = [datetime.datetime.fromisoformat(date) for date in (first, second)]
        return abs(moments[0] - moments[1]) > APART
    # Dates that do not say their zone, or are none at all.
    except (ValueError, TypeError):
        return first != second
