"""Which paths through a network carry its gradient (Veit et al. 2016, section 5)."""

import math
from collections.abc import Callable, Iterable

import keras
import numpy as np

from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.evaluation_cache import (
    EvaluationCache,
    hash_of_arrays,
    hash_of_model,
)
from keras_resnet.studies.module_gradients import ModuleGradients
from keras_resnet.studies.modules import ModuleGraph
from keras_resnet.studies.path_gradient_result import PathGradientResult
from keras_resnet.studies.paths import Ways, by_image, draw_paths, modules_of
from keras_resnet.studies.subjects import check_images, check_labels, check_model
from keras_resnet.studies.variants import usual_batch_size

# The gradients of all lengths are kept at once.
MOST_IMAGES = 20


def path_gradients(
    model: keras.Model,
    images,
    labels,
    lengths: Iterable[int] | None = None,
    *,
    draws: int = 10,
    seed: int = 0,
    batch_size: int | None = None,
    cache: EvaluationCache | None = None,
    progress: Callable[[str], None] | None = None,
) -> PathGradientResult:
    """Measure the gradient that single paths of each length carry.

    For each length k, k random modules are drawn: on the way back the
    gradient goes through their residual branches, and through the shortcuts
    of the others. Batch normalization takes its moving statistics.

    Args:
        model: A built functional or sequential model that ends in classes.
        images: As the model takes them, (count, height, width, channels), or
            channels first.
        labels: (count,), integers.
        lengths: The lengths, in modules. Defaults to all, from 0.
        draws: How many paths to draw of each; where there are no more, all
            are taken. Defaults to `10`.
        seed: Of the draws. Defaults to `0`.
        batch_size: Images at once. Defaults to 20, or fewer where they take
            too much memory.
        cache: What has been computed already. Defaults to nothing.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the model has no residual modules or ends in neither
            logits nor a softmax, a length is out of range, the images or
            labels are not the model's, or the gradients are all zero or not
            finite.
    """
    images = check_images(check_model(model), images)
    labels = check_labels(model, images, labels)
    graph = ModuleGraph(model, images.shape[1:])
    check_positive_integer("draws", draws)
    count = len(graph.modules)
    lengths = _check_lengths(lengths, count)
    drawn = {
        length: draw_paths(count, length, draws, np.random.default_rng([seed, length]))
        for length in lengths
    }
    if batch_size is None:
        batch_size = min(MOST_IMAGES, usual_batch_size(graph))
    check_positive_integer("batch_size", batch_size)
    measured = _Measurement(graph, cache, progress, len(images), batch_size)
    paths = [path for group in drawn.values() for path in group]
    norms, projections = dict.fromkeys(paths, 0.0), np.zeros(count + 1)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        of_batch, of_lengths = measured.batch(images[part], labels[part], paths)
        projections += of_lengths
        for path, norm in of_batch.items():
            norms[path] += norm / len(images)
    result = PathGradientResult(
        model=model.name,
        images=len(images),
        modules=count,
        lengths=lengths,
        draws=tuple(len(group) for group in drawn.values()),
        norms=tuple(
            float(np.mean([norms[path] for path in group])) for group in drawn.values()
        ),
        shares_of_sum=_shares(projections, model.name),
        seed=seed,
    )
    if not 0 < sum(result.totals) < math.inf:
        raise ValueError(
            "The gradients of all paths of these lengths are zero, or not finite. "
            f"Received: lengths={lengths}, model={model.name!r}"
        )
    return result


def _shares(projections, name: str) -> tuple[float, ...]:
    total = projections.sum()
    if not np.isfinite(total):
        raise ValueError(
            "The network's gradient is not finite: its weights or its outputs are no "
            f"numbers, or too large. Received: model={name!r}"
        )
    if not total:
        raise ValueError(
            "The network's gradient is zero for all images: it is as sure of their "
            f"right classes as numbers can tell. Received: model={name!r}"
        )
    return tuple((projections / total).tolist())


class _Measurement:
    """Takes from the cache, or computes, the figures of one batch after another."""

    def __init__(self, graph, cache, progress, images: int, batch_size: int):
        self._gradients = ModuleGradients(graph)
        self._cache = EvaluationCache() if cache is None else cache
        self._model_hash = hash_of_model(graph.model)
        self._progress = progress
        self._batches, self._done = math.ceil(images / batch_size), 0

    def batch(self, images, labels, paths: list[Ways]):
        """Return the summed norms by path, and the projections by length."""
        keys = self._model_hash, hash_of_arrays(images, labels)
        norms = {path: self._cache.get(*keys, _written(path)) for path in paths}
        projections = self._cache.get(*keys, "projections")
        missing = [path for path, norm in norms.items() if norm is None]
        if missing or projections is None:
            self._gradients.forward(images, labels)
        if projections is None:
            sums = self._gradients.by_length(self._progress)
            sums = [by_image(gradient) for gradient in sums]
            whole = np.sum(sums, axis=0)
            projections = [float(np.sum(whole * gradient)) for gradient in sums]
            self._cache.put(*keys, "projections", figure=projections)
        self._done += len(paths) - len(missing)
        for path, gradient in self._gradients.of_paths(missing):
            norms[path] = float(np.linalg.norm(by_image(gradient), axis=1).sum())
            self._cache.put(*keys, _written(path), figure=norms[path])
            self._done += 1
            if self._progress is not None:
                total = len(paths) * self._batches
                self._progress(f"{self._done:,} of {total:,} gradients of paths")
        return norms, np.array(projections)


def _check_lengths(lengths, count: int) -> tuple[int, ...]:
    lengths = tuple(sorted({*(range(count + 1) if lengths is None else lengths)}))
    for length in lengths:
        if isinstance(length, bool) or not hasattr(length, "__index__"):
            raise TypeError(f"`lengths` must be integers. Received: lengths={lengths}")
    if not lengths or lengths[0] < 0 or lengths[-1] > count:
        raise ValueError(
            f"`lengths` must be integers from 0 to {count}, the number of modules. "
            f"Received: lengths={lengths}"
        )
    return lengths


def _written(path: Ways) -> str:
    return "path " + " ".join(map(str, modules_of(path)))
