"""What a classifier says of an image that is enlarged further and further."""

import keras
import numpy as np
from keras import ops

from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.class_activation_map import class_activation_map, pooled_map
from keras_resnet.studies.class_heatmap import class_heatmap
from keras_resnet.studies.class_map import ClassMap
from keras_resnet.studies.evaluation_cache import (
    EvaluationCache,
    hash_of_arrays,
    hash_of_model,
)
from keras_resnet.studies.flat_network import image_axes, open_network
from keras_resnet.studies.grad_cam import grad_cam
from keras_resnet.studies.scale_result import ScaleResult
from keras_resnet.studies.scaled_network import ScaledNetwork, at_any_size
from keras_resnet.studies.subjects import check_images, check_labels, check_model

FACTORS = (1, 1.1, 1.5, 3, 5, 10)
TOP = 5
# Pixels that a network is given at once.
PIXELS_AT_ONCE = 2_000_000


def scale_response(
    model: keras.Model,
    images,
    labels=None,
    factors=FACTORS,
    *,
    top: int = TOP,
    shown: int = 0,
    window=None,
    class_names=None,
    cache: EvaluationCache | None = None,
    progress=None,
) -> ScaleResult:
    """Enlarge images and follow what a classifier says of their class.

    Images are enlarged bilinearly. A network that ends in global pooling
    pools over the larger map; of one that flattens its map, the answers for
    all windows of the native size are averaged. Of a network that ends in
    logits the answers are their softmax. Where an answer is no number, the
    image's class is not found.

    Args:
        model: A functional or sequential classifier, flat or nested.
        images: (count, height, width, channels), or channels first, as the
            model takes them.
        labels: (count,), the classes to follow. Defaults to what the model
            takes each image for at its own size.
        factors: By how much to enlarge the sides, at least 1 each. Defaults
            to 1, 1.1, 1.5, 3, 5 and 10.
        top: A class counts as found among so many. Defaults to 5.
        shown: Which image the picture shows at every factor, with the places
            that speak for its class. Defaults to the first.
        window: (height, width) of the native size. Defaults to what the model
            takes.
        class_names: One a class, for the picture. Defaults to numbers.
        cache: What has been computed already. Defaults to nothing.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Returns:
        A `ScaleResult`.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the images do not fit or are smaller than the native
            size, a factor is below 1, or the network cannot take larger
            images.
    """
    check_model(model)
    images = check_images(model, images)
    factors = _check_factors(factors)
    check_positive_integer("top", top)
    scaled = at_any_size(model, window)
    window = scaled.window
    axes = image_axes(model)
    if any(images.shape[a] < side for a, side in zip(axes, window, strict=True)):
        raise ValueError(
            f"Images must not be smaller than the native {window[0]}x{window[1]} "
            f"pixels. Received: images of the shape {images.shape[1:]}"
        )
    if not 0 <= shown < len(images):
        raise ValueError(
            f"`shown` must be one of {len(images)} images, counted from 0. "
            f"Received: shown={shown!r}"
        )
    cache = EvaluationCache() if cache is None else cache
    key = hash_of_model(model), hash_of_arrays(images)
    answers = np.array(
        [
            _answers(scaled.model, images, factor, axes, cache, key, progress)
            for factor in factors
        ]
    )
    if labels is None:
        labels = answers[0].argmax(axis=-1)
    labels = check_labels(model, images, labels)
    of_class = np.take_along_axis(answers, labels[None, :, None], axis=2)
    return ScaleResult(
        model=model.name,
        factors=factors,
        sides=tuple(
            tuple(enlarged_side(images.shape[a], factor) for a in axes)
            for factor in factors
        ),
        top=min(top, answers.shape[2]),
        labels=labels,
        confidences=of_class[..., 0],
        ranks=_ranks(answers, of_class),
        first_choices=answers.argmax(axis=2),
        shown=shown,
        maps=tuple(
            _map(scaled, images[shown], factor, int(labels[shown]), axes)
            for factor in factors
        ),
        class_names=None if class_names is None else tuple(class_names),
    )


def enlarged_side(side: int, factor: float) -> int:
    """Return a side in pixels, enlarged."""
    return round(side * factor)


def enlarge(images, factor: float, axes=(1, 2)):
    """Enlarge images bilinearly.

    Args:
        images: (count, height, width, channels), or channels first.
        factor: By how much to enlarge their sides.
        axes: Axes of height and width.

    Returns:
        A tensor.
    """
    sides = tuple(enlarged_side(images.shape[axis], factor) for axis in axes)
    layout = "channels_first" if axes == (2, 3) else "channels_last"
    if sides == tuple(images.shape[axis] for axis in axes):
        return ops.convert_to_tensor(images)
    return ops.image.resize(
        ops.convert_to_tensor(images), sides, "bilinear", data_format=layout
    )


def _answers(network, images, factor, axes, cache, key, progress) -> np.ndarray:
    """Return what the network says of every image, (count, classes)."""
    pixels = np.prod([enlarged_side(images.shape[axis], factor) for axis in axes])
    at_once = max(1, int(PIXELS_AT_ONCE // pixels))
    found = []
    for start in range(0, len(images), at_once):
        end = start + at_once - 1
        part = f"probabilities at scale {factor:g}, images {start} to {end}"
        known = cache.get(*key, part)
        if known is None:
            batch = enlarge(images[start : start + at_once], factor, axes)
            known = ops.convert_to_numpy(network(batch, training=False)).tolist()
            cache.put(*key, part, figure=known)
        found += known
        if progress is not None:
            progress(f"factor {factor:g}: {len(found):,} of {len(images):,} images")
    return np.array(found)


def _ranks(answers, of_class) -> np.ndarray:
    """Return the place of the class by what is said of all, (factors, images)."""
    ranks = 1 + (answers > of_class).sum(axis=2)
    # Comparisons with what is no number are false, as if the class were first.
    known = np.isfinite(answers).all(axis=2)
    return np.where(known, ranks, 1 + answers.shape[2])


def _map(scaled: ScaledNetwork, image, factor, class_index, axes) -> ClassMap:
    larger = ops.convert_to_numpy(enlarge(image[None], factor, axes))[0]
    if scaled.sliding is not None:
        return class_heatmap(scaled.sliding, larger, class_index, window=scaled.window)
    flat = open_network(scaled.model).model
    look = grad_cam if pooled_map(flat) is None else class_activation_map
    return look(scaled.model, larger, class_index)


def _check_factors(factors) -> tuple[float, ...]:
    try:
        found = tuple(float(factor) for factor in factors)
    except TypeError as error:
        raise TypeError(
            f"`factors` must be numbers. Received: factors={factors!r}"
        ) from error
    if not found or any(not 1 <= factor < np.inf for factor in found):
        raise ValueError(
            f"`factors` must be numbers of at least 1. Received: factors={factors!r}"
        )
    return tuple(sorted({1.0, *found}))
