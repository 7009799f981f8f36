"""What a classifier says of enlarged images: table and picture."""

import dataclasses

import numpy as np

from keras_resnet.studies.class_map import ClassMap
from keras_resnet.studies.result import (
    FIGURE_COLOUR,
    OTHER_COLOUR,
    StudyResult,
    plain_axes,
)

PERCENT = 100
CONFIDENCE_COLOUR = "#3f7d58"


@dataclasses.dataclass(frozen=True, eq=False)
class ScaleResult(StudyResult):
    """How a classifier answers to images that are enlarged.

    Attributes:
        model: Name of the network.
        factors: By how much their sides were enlarged, rising from 1.
        sides: For every factor, (height, width) in pixels.
        top: A class counts as found among so many.
        labels: The class that is followed, (images,).
        confidences: The probability that the network gives it, (factors,
            images).
        ranks: 1 where it says most of it, 2 where more of one other, ...; one
            more than there are classes where what it says is no number.
            (factors, images).
        first_choices: The class it says most of, (factors, images).
        shown: The image in the picture.
        maps: For every factor, the places of that image that speak for its
            class.
        class_names: One a class, or None.
    """

    model: str
    factors: tuple[float, ...]
    sides: tuple[tuple[int, int], ...]
    top: int
    labels: np.ndarray
    confidences: np.ndarray = dataclasses.field(repr=False)
    ranks: np.ndarray = dataclasses.field(repr=False)
    first_choices: np.ndarray = dataclasses.field(repr=False)
    shown: int
    maps: tuple[ClassMap, ...] = dataclasses.field(repr=False)
    class_names: tuple[str, ...] | None = None

    name = "scale"
    size = (9.0, 4.6)

    @property
    def columns(self):
        """Headings of the table."""
        return (
            "factor",
            "height (pixels)",
            "width (pixels)",
            "top-1 (% of images)",
            f"top-{self.top} (% of images)",
            "mean confidence",
            "shown image: rank",
            "shown image: confidence",
            "shown image: first choice",
        )

    @property
    def lost_at(self) -> np.ndarray:
        """From which factor on a class stays lost, (images,); infinite if never."""
        missed = self.ranks != 1
        # Missed at this factor and at every larger one.
        lost = np.logical_and.accumulate(missed[::-1])[::-1]
        factors = np.array([*self.factors, np.inf])
        return factors[np.where(lost.any(0), lost.argmax(0), len(self.factors))]

    def called(self, class_index: int) -> str:
        """Return the name of a class."""
        names = self.class_names
        return f"class {class_index}" if names is None else names[class_index]

    def rows(self):
        """Return a row for every factor."""
        shown = self.shown
        return [
            (
                factor,
                *self.sides[i],
                PERCENT * float((self.ranks[i] == 1).mean()),
                PERCENT * float((self.ranks[i] <= self.top).mean()),
                float(self.confidences[i].mean()),
                int(self.ranks[i, shown]),
                float(self.confidences[i, shown]),
                self.called(int(self.first_choices[i, shown])),
            )
            for i, factor in enumerate(self.factors)
        ]

    def document(self):
        """Return what was followed, and how many images are lost where."""
        lost = self.lost_at
        return {
            "model": self.model,
            "images": len(self.labels),
            "top": self.top,
            "shown image": self.shown,
            "class of the shown image": self.called(int(self.labels[self.shown])),
            "images lost from factor": {
                f"{factor:g}": int((lost == factor).sum()) for factor in self.factors
            },
            "images never lost": int(np.isinf(lost).sum()),
        }

    def draw(self, figure):
        """Draw the curves, and one image at every factor."""
        curves, strip = figure.subfigures(2, 1, height_ratios=(1.25, 1))
        axes = curves.subplots()
        rows = list(zip(*self.rows(), strict=True))
        for column, colour, label in (
            (3, FIGURE_COLOUR, "top-1"),
            (4, OTHER_COLOUR, f"top-{self.top}"),
        ):
            axes.plot(rows[0], rows[column], "o-", color=colour, ms=4, label=label)
        axes.plot(
            rows[0],
            PERCENT * np.array(rows[5]),
            "s--",
            color=CONFIDENCE_COLOUR,
            ms=4,
            label="mean confidence",
        )
        axes.set_xscale("log")
        axes.set_xticks(self.factors, [f"{factor:g}" for factor in self.factors])
        axes.minorticks_off()
        axes.set_ylim(0, PERCENT + 2)
        plain_axes(
            axes, "factor by which the sides are enlarged", "images, confidence (%)"
        )
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"{self.model}, {len(self.labels):,} images", fontsize=10)
        followed = self.called(int(self.labels[self.shown]))
        places = strip.subplots(1, len(self.factors), squeeze=False)[0]
        for i, (place, found) in enumerate(zip(places, self.maps, strict=True)):
            place.imshow(found.overlay(), interpolation="nearest")
            rank = self.ranks[i, self.shown]
            colour = OTHER_COLOUR if rank > 1 else "black"
            said = self.called(int(self.first_choices[i, self.shown]))
            place.set_title(
                f"x{self.factors[i]:g}: {said}\n{followed} "
                f"{self.confidences[i, self.shown]:.2f}, rank {rank}",
                fontsize=7,
                color=colour,
            )
            place.set_xticks([])
            place.set_yticks([])
            place.set_xlabel(f"{self.sides[i][0]} pixels", fontsize=7)
