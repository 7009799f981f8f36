"""What there is to know of a set of pretrained weights."""

import dataclasses
import re
import textwrap
from collections.abc import Mapping

from keras_resnet.arguments import (
    check_choice,
    check_interval,
    check_positive_integer,
)
from keras_resnet.normalization import Normalization

HUB = "hf://"
ADDRESS = re.compile(r"(https|file)://\S+|hf:/(/\w[\w.-]*){3,}", re.ASCII)
HASH = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
INTERPOLATIONS = ("bilinear", "bicubic")
KERNELS = ("grouped", "depthwise")

NOT_MEASURED = "not measured"
LABEL_WIDTH = 16
LINE_WIDTH = 88


@dataclasses.dataclass(frozen=True)
class File:
    """A file of weights.

    Attributes:
        address: Where it is downloaded from: `https://...`, or
            `hf://OWNER/REPOSITORY/FILE` for the Hugging Face hub. A `file://`
            address is read where it lies.
        hash: `"md5:..."` or `"sha256:..."`, checked after the download; `None`
            where the hub announces it.
        size_bytes: Its size, or `None` where it is not known beforehand.

    Raises:
        ValueError: If the address or the hash has another form.
    """

    address: str
    hash: str | None = None
    size_bytes: int | None = None

    def __post_init__(self):
        """Refuse what cannot be fetched."""
        if not ADDRESS.fullmatch(self.address):
            raise ValueError(
                "`address` must be 'https://...', 'file://...' or "
                f"'hf://OWNER/REPOSITORY/FILE'. Received: address={self.address!r}"
            )
        if self.hash is not None and not HASH.fullmatch(self.hash):
            raise ValueError(
                "`hash` must be `None`, 'md5:' with 32 hexadecimal digits or "
                f"'sha256:' with 64. Received: hash={self.hash!r}"
            )


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """How an image is brought to size before these weights are evaluated.

    Attributes:
        size: Height and width of the input, in pixels.
        crop_fraction: Size as a share of the shorter side to which the image
            is resized before the central crop.
        interpolation: `"bilinear"` or `"bicubic"`.

    Raises:
        ValueError: If a value is outside its range.
        TypeError: If a number is not one.
    """

    size: int = 224
    crop_fraction: float = 0.875
    interpolation: str = "bilinear"

    def __post_init__(self):
        """Refuse what no image can be brought to."""
        check_positive_integer("size", self.size)
        check_interval("crop_fraction", self.crop_fraction, 0, 1, include_low=False)
        check_choice("interpolation", self.interpolation, INTERPOLATIONS)


@dataclasses.dataclass(frozen=True)
class Card:
    """A set of pretrained weights.

    `print(card)` lists all that is known of it.

    Attributes:
        model: Name of the network, as `create_model` takes it.
        tag: What `weights=` calls the set.
        architecture: Row of the tables that the weights were trained in; it
            differs from `model` where one name is used for two versions.
        top: File with the classifier.
        normalization: Of raw pixels.
        evaluation: How images are brought to size, for the claimed accuracy
            and for use.
        source: Who trained it.
        licence: Of the weights, as its SPDX identifier, or what is known.
        overrides: Fields of the architecture that the weights have otherwise.
        no_top: File without the classifier; `None` where there is one file.
        classes: Classes of the classifier.
        recipe: How it was trained.
        claimed_top1: Published top-1 accuracy on ImageNet's validation set,
            in per cent; `None` where none is known.
        claimed_by: Where that was published.
        measured_top1: What was measured with this package, in per cent;
            `None` for not measured.
        renamed: Layers that have another name in the files: theirs to ours.
        kernels: How the files hold the kernels of grouped convolutions:
            `"grouped"`, (height, width, channels of a group, filters), or
            `"depthwise"`, (height, width, channels, filters of a group), each
            input channel apart, as of a depthwise convolution whose outputs
            are then added up within each group.

    Raises:
        ValueError: If a value is outside its range.
        TypeError: If a number is not one.
    """

    model: str
    tag: str
    architecture: str
    top: File
    normalization: Normalization
    evaluation: Evaluation
    source: str
    licence: str
    overrides: Mapping[str, object] = dataclasses.field(
        default_factory=dict, hash=False
    )
    no_top: File | None = None
    classes: int = 1000
    recipe: str = "not published"
    claimed_top1: float | None = None
    claimed_by: str | None = None
    measured_top1: float | None = None
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    kernels: str = "grouped"

    def __post_init__(self):
        """Refuse what no set of weights can be."""
        check_positive_integer("classes", self.classes)
        check_choice("kernels", self.kernels, KERNELS)
        for accuracy in ("claimed_top1", "measured_top1"):
            if getattr(self, accuracy) is not None:
                check_interval(accuracy, getattr(self, accuracy), 0, 100)
        if (self.claimed_top1 is None) != (self.claimed_by is None):
            raise ValueError(
                "A claimed accuracy needs who claims it, and the other way round. "
                f"Received: claimed_top1={self.claimed_top1}, "
                f"claimed_by={self.claimed_by!r}"
            )

    def evaluation_or(self, other: Evaluation | None) -> Evaluation:
        """Return another evaluation than the card's where there is one.

        Raises:
            TypeError: If it is none.
        """
        if other is None:
            return self.evaluation
        if not isinstance(other, Evaluation):
            raise TypeError(
                "`evaluation` must be a `keras_resnet.weights.Evaluation`, such as "
                "`Evaluation(size=224, crop_fraction=0.95, interpolation='bicubic')`. "
                f"Received: evaluation={other!r}"
            )
        return other

    @property
    def name(self) -> str:
        """Network and set, for example `"resnet50.imagenet"`."""
        return f"{self.model}.{self.tag}"

    def __str__(self) -> str:
        """List all that is known of the set, one fact a line, aligned."""
        facts = (
            ("network", self.model),
            ("architecture", self._architecture()),
            *_file("file", self.top),
            *(
                [("without top", "the same file, less its classifier")]
                if self.no_top is None
                else _file("without top", self.no_top)
            ),
            *([("renamed", _pairs(self.renamed, " to "))] if self.renamed else []),
            ("classes", f"{self.classes:,}"),
            ("licence", self.licence),
            ("source", self.source),
            ("recipe", self.recipe),
            ("preprocessing", _preprocessing(self.normalization)),
            ("evaluation", _evaluation(self.evaluation)),
            ("claimed top-1", _claimed(self.claimed_top1, self.claimed_by)),
            (
                "measured top-1",
                NOT_MEASURED
                if self.measured_top1 is None
                else f"{self.measured_top1} %",
            ),
        )
        lines = [self.name, "-" * len(self.name)]
        for label, fact in facts:
            lines += textwrap.wrap(
                fact,
                LINE_WIDTH,
                initial_indent=label.ljust(LABEL_WIDTH),
                subsequent_indent=" " * LABEL_WIDTH,
                # An address must stay whole to be copied.
                break_long_words=False,
                break_on_hyphens=False,
            )
        return "\n".join(lines)

    def _architecture(self) -> str:
        text = self.architecture
        if self.overrides:
            text += f" with {_pairs(self.overrides, '=')}"
        if self.kernels != KERNELS[0]:
            text += f"; its file holds {self.kernels} kernels"
        return text


def _pairs(values: Mapping, joint: str) -> str:
    return ", ".join(f"{key}{joint}{value}" for key, value in values.items())


def _file(label: str, file: File) -> list[tuple[str, str]]:
    if file.hash is not None:
        known = file.hash
    else:
        known = "announced by the hub" if file.address.startswith(HUB) else "not known"
    size = "not known" if file.size_bytes is None else f"{file.size_bytes:,} bytes"
    return [(label, file.address), ("  hash", known), ("  size", size)]


def _preprocessing(normalization: Normalization) -> str:
    order = "BGR" if normalization.reverse_channels else "RGB"
    text = f"{order} pixels from 0 to 255, less {normalization.mean}"
    if normalization.standard_deviation == 1:
        return f"{text}, not scaled"
    return f"{text}, divided by {normalization.standard_deviation}"


def _evaluation(evaluation: Evaluation) -> str:
    return (
        f"{evaluation.size} x {evaluation.size} pixels, crop fraction "
        f"{evaluation.crop_fraction}, {evaluation.interpolation}"
    )


def _claimed(top1: float | None, by: str | None) -> str:
    return "none known" if top1 is None else f"{top1} % ({by})"
