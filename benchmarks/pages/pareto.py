"""Accuracy against latency: the best there is for a time."""

from collections.abc import Sequence

from keras_resnet.benchmarks.host_table import kibibytes
from keras_resnet.benchmarks.pictures.scatter import Point, scatter_picture
from keras_resnet.benchmarks.records.configuration import distinct_labels
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.confidence import wilson_interval

PERCENT = 100


def pareto_front(records: Sequence[BenchmarkRecord]) -> list[BenchmarkRecord]:
    """Return the records that no other beats in both accuracy and latency.

    Args:
        records: Records with an accuracy and a time.

    Returns:
        Those of the front, the fastest first.
    """
    front: list[BenchmarkRecord] = []
    ordered = sorted(records, key=lambda r: (r.latency.central_ms, -_share(r)))
    for record in ordered:
        if not front or _share(record) > _share(front[-1]):
            front.append(record)
    return front


def pareto_picture(records: Sequence[BenchmarkRecord]) -> str | None:
    """Draw accuracy over latency; file size where no accuracy is known.

    Args:
        records: Records; those without a time are left out, and what was
            modelled or predicted, for it cannot be told from measurements.

    Returns:
        SVG, or None where no record has both.
    """
    timed = [r for r in records if r.is_measured and r.latency.central_ms]
    scored = [record for record in timed if record.accuracy is not None]
    if len(scored) > 1:
        front = pareto_front(scored)
        points = [
            Point(
                record.latency.central_ms,
                _share(record) * PERCENT,
                name,
                record in front,
                f"{record.latency.central_ms:.3f} ms, {accuracy_text(record)}",
            )
            for record, name in zip(scored, distinct_labels(scored), strict=True)
        ]
        return scatter_picture(
            points,
            "latency, p50 (ms)",
            "accuracy (%)",
            f"Accuracy against latency of {len(points)} configurations, "
            f"{len(front)} of them on the front.",
        )
    sized = [record for record in timed if record.model.size_bytes is not None]
    if not sized:
        return None
    points = [
        Point(record.latency.central_ms, kibibytes(record.model.size_bytes), name)
        for record, name in zip(sized, distinct_labels(sized), strict=True)
    ]
    return scatter_picture(
        points,
        "latency, p50 (ms)",
        "size (KiB)",
        f"File size against latency of {len(points)} configurations.",
    )


def accuracy_text(record: BenchmarkRecord) -> str:
    """Say an accuracy with its interval of 95 %."""
    low, high = wilson_interval(record.accuracy.correct, record.accuracy.count)
    return f"{_share(record):.2%} ({low:.2%} to {high:.2%})"


def _share(record: BenchmarkRecord) -> float:
    return record.accuracy.correct / record.accuracy.count
