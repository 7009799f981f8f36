"""How models are measured on this machine."""

import dataclasses
import math

from keras_resnet.arguments import check_positive_integer


@dataclasses.dataclass(frozen=True)
class Settings:
    """How models are measured.

    Attributes:
        rounds: Processes that measure each configuration in turns; with an
            even number a steady drift of the machine cancels.
        runs: Timed inferences over all rounds, at least.
        seconds: Time spent on them over all rounds, at least.
        warmup_runs: Untimed inferences of every process after its first.
    """

    rounds: int = 4
    runs: int = 50
    seconds: float = 1.0
    warmup_runs: int = 5

    def __post_init__(self):
        """Refuse counts below one and times that are negative."""
        check_positive_integer("rounds", self.rounds)
        check_positive_integer("runs", self.runs)
        check_positive_integer("warmup_runs", self.warmup_runs)
        if not (self.seconds >= 0 and math.isfinite(self.seconds)):
            raise ValueError(
                "`seconds` must be a time of at least 0. "
                f"Received: seconds={self.seconds!r}"
            )
