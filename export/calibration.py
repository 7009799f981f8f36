"""The images on which the ranges of a model's activations are measured."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from keras_resnet.arguments import check_positive_integer

if TYPE_CHECKING:
    from keras_resnet.training.datasets import Split

DEFAULT_COUNT = 200
PIXEL_RANGE = (0.0, 255.0)
# Images looked at, at most, to draw some of them: all of CIFAR's, and an end
# for a dataset that repeats for ever.
SCAN_LIMIT = 50_000


@dataclasses.dataclass(frozen=True, eq=False)
class CalibrationSet:
    """Images drawn for calibration.

    Attributes:
        images: float32 array `(count, height, width, channels)`.
        indices: Where each stood in what it was drawn from.
        seed: Seed of the draw.
    """

    images: np.ndarray
    indices: tuple[int, ...]
    seed: int


def draw(
    calibration,
    image_shape: tuple[int, int, int],
    count: int = DEFAULT_COUNT,
    seed: int = 0,
    pixel_range: tuple[float, float] = PIXEL_RANGE,
) -> CalibrationSet:
    """Draw calibration images, each with the same chance.

    Args:
        calibration: A NumPy array `(images, height, width, channels)`; or a
            `tf.data.Dataset` or other iterable of images, of batches of
            images, or of `(images, labels)` of either kind, of which the
            first 50,000 images are looked at; or a `CalibrationSet`, which is
            checked and taken as it is.
        image_shape: `(height, width, channels)` that every image must have.
        count: Images to draw. Defaults to 200; all, where there are fewer.
        seed: Seed of the draw. Defaults to `0`.
        pixel_range: Smallest and largest value of a pixel. Defaults to that
            of raw pixels, `(0, 255)`.

    Raises:
        TypeError: If `calibration` is nothing that images can be drawn from.
        ValueError: If there is no image, or one has another shape, or values
            that are not numbers in `pixel_range`, or if all of them look like
            images already scaled to 0..1 where raw pixels are due.
    """
    check_positive_integer("count", count)
    if isinstance(calibration, CalibrationSet):
        drawn = calibration
        images = [_checked(image, image_shape, pixel_range) for image in drawn.images]
        indices, seed = drawn.indices, drawn.seed
    else:
        stream = enumerate(itertools.islice(_images(calibration), SCAN_LIMIT))
        pairs = _reservoir(stream, count, np.random.default_rng(seed))
        indices = tuple(index for index, _ in pairs)
        images = [_checked(image, image_shape, pixel_range) for _, image in pairs]
    if not images:
        raise ValueError(
            "Calibration needs at least one image. Received: an empty `calibration`"
        )
    stacked = np.stack(images)
    _check_scale(stacked, pixel_range)
    return CalibrationSet(stacked, indices, seed)


def draw_from_split(
    split: "Split", image_shape: tuple[int, int, int], count: int, seed: int = 0
) -> CalibrationSet:
    """Draw calibration images from a dataset's split, decoding no others.

    Args:
        split: The split, that of training by right: what the model is judged
            on must not shape it.
        image_shape: `(height, width, channels)` to deliver, prepared as for
            evaluation.
        count: Images to draw; all, where there are fewer.
        seed: Seed of the draw. Defaults to `0`.
    """
    from keras_resnet.training.datasets import evaluation_batches

    check_positive_integer("count", count)
    size = min(count, split.size)
    generator = np.random.default_rng(seed)
    indices = np.sort(generator.choice(split.size, size, replace=False))
    batches = evaluation_batches(split.subset(indices), image_shape, batch_size=64)
    images = np.concatenate([images.numpy() for images, _ in batches])
    return CalibrationSet(images, tuple(int(index) for index in indices), seed)


def cover_range(
    images: np.ndarray, pixel_range: tuple[float, float] = PIXEL_RANGE
) -> np.ndarray:
    """Return the images with both ends of the range of pixels among them.

    The scale and zero point of a quantized input follow from the smallest and
    the largest value seen. With 0 and 255 among them they are 1 and 0 in
    uint8, so that a program feeds pixels as they are. Where an end is missing,
    the first or last value of the first image is set to it, which leaves the
    ranges inside the network as good as untouched.

    Args:
        images: float32 array `(count, height, width, channels)`.
        pixel_range: Smallest and largest value of a pixel.
    """
    low, high = pixel_range
    covered = images.copy()
    if covered.min() > low:
        covered[0].flat[0] = low
    if covered.max() < high:
        covered[0].flat[-1] = high
    return covered


def _images(calibration) -> Iterator[np.ndarray]:
    if isinstance(calibration, np.ndarray):
        if calibration.ndim != 4:
            raise ValueError(
                "A `calibration` array must be (images, height, width, channels). "
                f"Received: an array of shape {calibration.shape}"
            )
        yield from calibration
        return
    if isinstance(calibration, (str, bytes, dict)) or not isinstance(
        calibration, Iterable
    ):
        raise TypeError(
            "`calibration` must be an array of images or an iterable of images or "
            f"batches. Received: calibration={calibration!r} "
            f"(of type {type(calibration).__name__})"
        )
    for element in calibration:
        if isinstance(element, (tuple, list)):
            element = element[0] if len(element) else np.empty(())
        array = np.asarray(element)
        if array.ndim not in (3, 4):
            raise ValueError(
                "`calibration` must deliver images (height, width, channels) or "
                f"batches of them. Received: an element of shape {array.shape}"
            )
        yield from array if array.ndim == 4 else array[np.newaxis]


def _reservoir(stream, count: int, generator) -> list:
    """Draw `count` items, each with the same chance, in their order."""
    kept = []
    for position, item in enumerate(stream):
        if position < count:
            kept.append(item)
            continue
        place = int(generator.integers(position + 1))
        if place < count:
            kept[place] = item
    return sorted(kept, key=lambda pair: pair[0])


def _checked(image: np.ndarray, image_shape, pixel_range) -> np.ndarray:
    if image.shape != tuple(image_shape):
        raise ValueError(
            "Calibration images must have the shape of the model's input, "
            f"{tuple(image_shape)} (height, width, channels). "
            f"Received: an image of shape {image.shape}"
        )
    try:
        pixels = np.array(image, "float32")
    except (TypeError, ValueError) as error:
        raise ValueError(
            "Calibration images must hold numbers. "
            f"Received: an image of type {image.dtype}"
        ) from error
    low, high = pixel_range
    # Written so that a NaN is refused too.
    if not (pixels.min() >= low and pixels.max() <= high):
        raise ValueError(
            f"Calibration images must hold pixels from {low:g} to {high:g}. "
            f"Received: an image with values from {pixels.min():g} to "
            f"{pixels.max():g}"
        )
    return pixels


def _check_scale(images: np.ndarray, pixel_range) -> None:
    largest = images.max()
    if tuple(pixel_range) == PIXEL_RANGE and 0 < largest <= 1:
        raise ValueError(
            "Calibration images must be raw pixels from 0 to 255; these look scaled "
            "to 0..1 already. Received: images whose largest value is "
            f"{largest:g}"
        )
