"""An evaluation as text for a terminal, as JSON and as CSV."""

import csv
import io

from keras_resnet.tables import Column, text_table
from keras_resnet.training.description import versions
from keras_resnet.training.evaluation.crops import MULTI_SCALE, ONE, scaled_sides
from keras_resnet.training.evaluation.result import (
    ClassScore,
    EvaluationResult,
    Share,
)
from keras_resnet.wording import counted

LABEL_WIDTH = 15
# Classes of which each is shown, and how many of the ends of more are.
SHOWN_IN_FULL, SHOWN_OF_AN_END, SHOWN_CONFUSIONS = 10, 5, 10
CONFUSIONS_IN_JSON = 100
CLASS_COLUMNS = (
    Column("class", align="left"),
    Column("right", number_format=",d"),
    Column("of", number_format=",d"),
    Column("accuracy", "%", number_format=".1f"),
    Column("95 % interval", "%"),
    Column("most often taken for", align="left", missing=""),
)
CONFUSION_COLUMNS = (
    Column("is", align="left"),
    Column("taken for", align="left"),
    Column("times", number_format=",d"),
    Column("of", number_format=",d"),
)
CSV_COLUMNS = (
    "label",
    "class",
    "images",
    "right",
    "accuracy",
    "low",
    "high",
    "taken_for",
    "times",
)


def text_report(result: EvaluationResult) -> str:
    """Return the figures, the worst and best classes, and what was confused."""
    shape = "x".join(map(str, result.image_shape))
    facts = [
        (
            "weights",
            f"{result.weights}: {result.network}, {result.parameters:,} parameters",
        ),
        (
            "data",
            f"{result.dataset}: {counted(result.count, 'test image')} as {shape}, "
            f"{counted(len(result.class_names), 'class', 'classes')}",
        ),
        ("crops", crops_in_words(result)),
        ("devices", result.devices),
        ("top-1", _in_words(result.top1)),
        *([("top-5", _in_words(result.top5))] if result.top5 is not None else []),
        ("cross entropy", f"{result.cross_entropy:.4f} nats"),
    ]
    parts = ["\n".join(f"{label:<{LABEL_WIDTH}}{text}" for label, text in facts)]
    scores = result.worst_first()
    if len(scores) <= SHOWN_IN_FULL:
        parts.append(_classes("Classes, the worst one first", scores))
    else:
        parts.append(_classes("The worst classes", scores[:SHOWN_OF_AN_END]))
        best = scores[::-1][:SHOWN_OF_AN_END]
        parts.append(_classes("The best classes", best))
    confusions = result.confusions(SHOWN_CONFUSIONS)
    if confusions:
        rows = [(c.right, c.predicted, c.count, c.of) for c in confusions]
        table = text_table(CONFUSION_COLUMNS, rows)
        parts.append(f"The most frequent confusions\n\n{table}")
    return "\n\n".join(parts)


def crops_in_words(result: EvaluationResult) -> str:
    """Say which crops of an image were scored, and how it was resized."""
    if result.crops == MULTI_SCALE:
        *most, last = scaled_sides(min(result.image_shape[:2]))
        sides = f"{', '.join(map(str, most))} and {last}"
        return (
            f"the whole image with shorter sides of {sides} pixels, "
            f"{result.interpolation}"
        )
    resized = f"{100 * result.crop_share:.4g} % of the shorter side"
    if result.crops == ONE:
        return f"1, the central {resized} of a larger image, {result.interpolation}"
    return (
        f"10, corners and centre and mirrored, each {resized} of a larger image, "
        f"{result.interpolation}"
    )


def json_report(result: EvaluationResult) -> dict:
    """Return all that was found as plain values."""
    return {
        "weights": result.weights,
        "network": {"name": result.network, "parameters": result.parameters},
        "dataset": {
            "name": result.dataset,
            "test_images": result.count,
            "classes": len(result.class_names),
        },
        "image_shape": list(result.image_shape),
        "crops": result.crops,
        "crop_share": result.crop_share,
        "interpolation": result.interpolation,
        "confidence": 0.95,
        "top1": _plain(result.top1),
        "top5": None if result.top5 is None else _plain(result.top5),
        "cross_entropy": result.cross_entropy,
        # Two classes may have one name, as ImageNet's cranes.
        "per_class": [
            {
                "label": score.label,
                "class": score.name,
                "accuracy": score.accuracy and score.accuracy.value,
            }
            for score in result.per_class
        ],
        "confusions": [
            {
                "is": c.right,
                "is_label": c.right_label,
                "taken_for": c.predicted,
                "taken_for_label": c.predicted_label,
                "times": c.count,
                "of": c.of,
            }
            for c in result.confusions(CONFUSIONS_IN_JSON)
        ],
        "devices": result.devices,
        "versions": versions(),
    }


def csv_report(result: EvaluationResult) -> str:
    """Return a table of the classes, in their order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for score in result.per_class:
        share = score.accuracy
        figures = (0, 0, "", "", "")
        if share is not None:
            figures = (
                share.count,
                share.successes,
                *(f"{value:.6f}" for value in (share.value, share.low, share.high)),
            )
        taken = (score.taken_for or "", score.taken_count)
        writer.writerow((score.label, score.name, *figures, *taken))
    return text.getvalue()


def _classes(title: str, scores: list[ClassScore]) -> str:
    rows = [
        (
            score.name,
            score.accuracy.successes,
            score.accuracy.count,
            100 * score.accuracy.value,
            f"{100 * score.accuracy.low:.1f} to {100 * score.accuracy.high:.1f}",
            score.taken_for and f"{score.taken_for} ({score.taken_count:,})",
        )
        for score in scores
    ]
    return f"{title}\n\n{text_table(CLASS_COLUMNS, rows)}"


def _in_words(share: Share) -> str:
    return (
        f"{100 * share.value:.2f} %, between {100 * share.low:.2f} and "
        f"{100 * share.high:.2f} % with 95 % confidence "
        f"({share.successes:,} of {share.count:,})"
    )


def _plain(share: Share) -> dict:
    return {
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "right": share.successes,
        "of": share.count,
    }
