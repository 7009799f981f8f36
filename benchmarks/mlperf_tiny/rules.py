"""What of the closed division's rules holds for a file made here."""

import dataclasses

from keras_resnet.benchmarks.mlperf_tiny import reference
from keras_resnet.export.interpreter import TensorDescription

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "not known"
INTEGER = "int8"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A rule and whether it holds.

    Attributes:
        rule: The rule, in short.
        verdict: `HOLDS`, `FAILS` or `UNKNOWN`.
        reason: Why.
    """

    rule: str
    verdict: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the rules are applied to.

    Attributes:
        parameters: Parameters of the trained model.
        reference_parameters: Those of the package's ResNet-8.
        dataset: Name of the dataset.
        is_folder: Whether it is an image folder, which holds whatever was put
            there under any name.
        sample_accuracy: Share of the 200 images that it gets right.
        accuracy: Share of all test images.
        input: The file's input.
        output: The file's output.
    """

    parameters: int
    reference_parameters: int
    dataset: str
    is_folder: bool
    sample_accuracy: float
    accuracy: float
    input: TensorDescription
    output: TensorDescription


def judge(facts: Facts) -> list[Judged]:
    """Apply the rules of the closed division, in the order of the document."""
    is_original = facts.dataset == reference.DATASET and not facts.is_folder
    folder = ", an image folder" if facts.is_folder else ""
    return [
        Judged(
            "The model is equivalent to the reference: a ResNet-8.",
            _verdict(facts.parameters == facts.reference_parameters),
            f"It has {facts.parameters:,} parameters; the package's ResNet-8 has "
            f"{facts.reference_parameters:,}.",
        ),
        Judged(
            "The weights are the reference's; there is no retraining.",
            FAILS,
            "It was trained with this package.",
        ),
        Judged(
            f"Quality: at least {reference.QUALITY_TARGET:.0%} top-1.",
            _verdict(facts.sample_accuracy >= reference.QUALITY_TARGET),
            f"{facts.sample_accuracy:.1%} on 200 images, {facts.accuracy:.2%} on all.",
        ),
        Judged(
            "Quality is measured on CIFAR-10.",
            _verdict(is_original),
            f"It was measured on {facts.dataset}{folder}.",
        ),
        Judged(
            "On the 200 images that the reference names.",
            UNKNOWN if is_original else FAILS,
            "They were drawn by the reference's rule from test images in the order "
            "of the dataset, which need not be that of CIFAR-10's own files.",
        ),
        Judged(
            "Calibration uses the reference's calibration images alone.",
            FAILS,
            "200 training images of the dataset were drawn with seed 0.",
        ),
        Judged(
            "Quantization is mathematical and can be reproduced.",
            HOLDS,
            "Post-training int8 by LiteRT's converter, by one command.",
        ),
        Judged(
            "No weight that is not zero is discarded.",
            HOLDS,
            "Nothing is pruned.",
        ),
        Judged(
            "Preprocessing is the reference's: int8 pixels, 32 x 32 x 3.",
            _verdict(_takes_pixels(facts.input)),
            f"The input is {facts.input.dtype} {_shape(facts.input)}, scale "
            f"{facts.input.scale:g}, zero point {facts.input.zero_point}: a pixel p "
            "is stored as p - 128.",
        ),
        Judged(
            "The output is int8, one value a class.",
            _verdict(
                facts.output.dtype == INTEGER
                and facts.output.shape == (1, reference.CLASSES)
            ),
            f"The output is {facts.output.dtype} {_shape(facts.output)}.",
        ),
        Judged(
            "Single stream: the latency of one inference after the other.",
            HOLDS,
            "One image at a time on one thread; what is before and after an inference "
            "is not timed.",
        ),
        Judged(
            "Measured with the benchmark's runner, on a device over a serial line.",
            FAILS,
            "LiteRT on this machine, by this program.",
        ),
    ]


def _takes_pixels(tensor: TensorDescription) -> bool:
    return (
        tensor.dtype == INTEGER
        and tensor.shape == (1, *reference.IMAGE_SHAPE)
        and tensor.scale == 1
        and tensor.zero_point == -128
    )


def _verdict(holds: bool) -> str:
    return HOLDS if holds else FAILS


def _shape(tensor: TensorDescription) -> str:
    return "x".join(map(str, tensor.shape))
