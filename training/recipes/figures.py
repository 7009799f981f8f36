"""Figures that a recipe led to: those of its source, and those measured here."""

import dataclasses
import datetime
from collections.abc import Mapping

from keras_resnet.arguments import check_interval
from keras_resnet.training.recipes.checks import check_text

NOT_REPRODUCED = "not reproduced"


@dataclasses.dataclass(frozen=True)
class Published:
    """A figure that the source of a recipe reports.

    Attributes:
        metric: What it measures, for example `"top-1 error, 1 crop"`.
        value: The figure, in percent.
        source: Where it stands.
        model: The network, by the name it has here.

    Raises:
        TypeError: If a value is of the wrong type.
        ValueError: If a text is empty or the value out of range.
    """

    metric: str
    value: float
    source: str
    model: str

    def __post_init__(self):
        """Refuse a figure that says too little."""
        for field in ("metric", "source", "model"):
            check_text(field, getattr(self, field))
        check_interval("value", self.value, 0, 100)

    def __str__(self) -> str:
        """Say the figure with its source."""
        return f"{self.model}: {self.metric} {self.value:g} % ({self.source})"


def cifar_errors(
    errors: Mapping[str, tuple[float, float]], source: str, metric: str = "test error"
) -> tuple[Published, ...]:
    """Return what a paper reports of networks on both CIFAR datasets.

    Args:
        errors: Name of a network to its figures on CIFAR-10 and CIFAR-100, in
            percent.
        source: Where they stand.
        metric: What they measure. Defaults to `"test error"`.
    """
    return tuple(
        Published(f"CIFAR-{classes} {metric}", error, source, model)
        for model, both in errors.items()
        for classes, error in zip((10, 100), both, strict=True)
    )


def top_errors(
    errors: Mapping[str, tuple[float, float]], source: str, how: str
) -> tuple[Published, ...]:
    """Return what a source reports of networks on ImageNet.

    Args:
        errors: Name of a network to its top-1 and top-5 errors, in percent.
        source: Where they stand.
        how: What of an image was tested, for example `"1 crop"`.
    """
    return tuple(
        Published(f"top-{top} error, {how}", error, source, model)
        for model, both in errors.items()
        for top, error in zip((1, 5), both, strict=True)
    )


@dataclasses.dataclass(frozen=True)
class Reproduced:
    """A figure that a run of this package measured.

    Attributes:
        value: The figure, in percent, of the same metric as the published.
        command: The command that measured it.
        date: When, as `"2026-01-31"`.
        model: The network.
        metric: What it measures.

    Raises:
        TypeError: If a value is of the wrong type.
        ValueError: If a text is empty, the value out of range or the date no
            date.
    """

    value: float
    command: str
    date: str
    model: str
    metric: str

    def __post_init__(self):
        """Refuse a figure that says too little."""
        for field in ("command", "date", "model", "metric"):
            check_text(field, getattr(self, field))
        check_interval("value", self.value, 0, 100)
        try:
            datetime.date.fromisoformat(self.date)
        except ValueError as error:
            raise ValueError(
                f"`date` must be a date as '2026-01-31'. Received: date={self.date!r}"
            ) from error

    def __str__(self) -> str:
        """Say the figure with its date and command."""
        return (
            f"{self.model}: {self.metric} {self.value:g} % "
            f"({self.date}: {self.command})"
        )
