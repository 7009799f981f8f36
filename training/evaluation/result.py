"""What an evaluation found, class by class."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from keras_resnet.confidence import wilson_interval
from keras_resnet.training.evaluation.outcomes import Outcomes

# Top-5 says nothing where there are no more classes than that.
TOP = 5


@dataclasses.dataclass(frozen=True)
class Share:
    """A share of examples, and the interval that it lies in.

    Attributes:
        successes: How many.
        count: Of how many.
        low: Lower end of the 95 % interval of Wilson (1927).
        high: Its upper end.
    """

    successes: int
    count: int
    low: float
    high: float

    @classmethod
    def of(cls, successes: int, count: int) -> "Share":
        """Return the share of `successes` in `count`, at least 1."""
        return cls(successes, count, *wilson_interval(successes, count))

    @property
    def value(self) -> float:
        """The share itself."""
        return self.successes / self.count


@dataclasses.dataclass(frozen=True)
class ClassScore:
    """How often the images of one class were recognized.

    Attributes:
        label: Number of the class.
        name: Its name.
        accuracy: Share of its images; None where there are none.
        taken_for: Class that its other images were most often taken for; None
            where all are right.
        taken_count: How often.
    """

    label: int
    name: str
    accuracy: Share | None
    taken_for: str | None
    taken_count: int


@dataclasses.dataclass(frozen=True)
class Confusion:
    """Images of one class that were taken for another.

    Attributes:
        right: What they are.
        right_label: Its label.
        predicted: What they were taken for.
        predicted_label: Its label.
        count: How many.
        of: How many images of their class there are.
    """

    right: str
    right_label: int
    predicted: str
    predicted_label: int
    count: int
    of: int


@dataclasses.dataclass(frozen=True)
class EvaluationResult:
    """How a network did on the test images of a dataset.

    Attributes:
        weights: What was scored.
        network: Name of the network.
        parameters: How many it has.
        dataset: Name of the dataset.
        class_names: Names of the classes.
        image_shape: `(height, width, channels)` of a crop.
        crops: `"1"`, `"10"` or `"multi_scale"`.
        crop_share: Share of the shorter side that the central crop of a
            larger image keeps.
        interpolation: How images were resized.
        devices: What it ran on, in words.
        outcomes: What the network made of each image.
        folder: Where it is written down.
    """

    weights: str
    network: str
    parameters: int
    dataset: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    crops: str
    crop_share: float
    interpolation: str
    devices: str
    outcomes: Outcomes
    folder: Path

    @property
    def count(self) -> int:
        """How many images were scored."""
        return self.outcomes.count

    @property
    def cross_entropy(self) -> float:
        """Mean over the images, in nats."""
        return self.outcomes.score().loss

    @property
    def top1(self) -> Share:
        """Images whose most probable class is right."""
        return Share.of(self.outcomes.right(), self.count)

    @property
    def top5(self) -> Share | None:
        """Images whose class is among the five most probable.

        None where there are no more classes than five.
        """
        if len(self.class_names) <= TOP:
            return None
        return Share.of(self.outcomes.right(TOP), self.count)

    @functools.cached_property
    def confusion_matrix(self) -> np.ndarray:
        """Counts `(right class, predicted class)`."""
        return self.outcomes.confusion(len(self.class_names))

    @functools.cached_property
    def per_class(self) -> tuple[ClassScore, ...]:
        """The score of each class, in the order of the classes."""
        return tuple(map(self._class_score, range(len(self.class_names))))

    def _class_score(self, label: int) -> ClassScore:
        row = self.confusion_matrix[label].copy()
        count, right = int(row.sum()), int(row[label])
        row[label] = 0
        other = int(row.argmax())
        taken = int(row[other])
        return ClassScore(
            label=label,
            name=self.class_names[label],
            accuracy=Share.of(right, count) if count else None,
            taken_for=self.class_names[other] if taken else None,
            taken_count=taken,
        )

    def worst_first(self) -> list[ClassScore]:
        """Return the classes that have images, the worst one first."""
        present = [score for score in self.per_class if score.accuracy is not None]
        return sorted(present, key=lambda score: score.accuracy.value)

    def confusions(self, number: int) -> list[Confusion]:
        """Return the most frequent confusions, the most frequent one first.

        Args:
            number: How many at most.
        """
        matrix = self.confusion_matrix
        wrong = matrix - np.diag(np.diag(matrix))
        order = np.argsort(-wrong, axis=None, kind="stable")[:number]
        return [
            Confusion(
                right=self.class_names[right],
                right_label=int(right),
                predicted=self.class_names[predicted],
                predicted_label=int(predicted),
                count=int(wrong[right, predicted]),
                of=int(matrix[right].sum()),
            )
            for right, predicted in zip(
                *np.unravel_index(order, wrong.shape), strict=True
            )
            if wrong[right, predicted]
        ]
