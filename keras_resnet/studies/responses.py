"""How strongly the layers of a network respond (He et al. 2015, figure 7)."""

import dataclasses
from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import ops

from keras_resnet.arguments import check_positive_integer
from keras_resnet.studies.compared_networks import COLOURS, named_networks
from keras_resnet.studies.evaluation_cache import (
    EvaluationCache,
    hash_of_arrays,
    hash_of_model,
)
from keras_resnet.studies.flat_network import open_network, room_for_layers
from keras_resnet.studies.result import StudyResult, integer_axis, plain_axes
from keras_resnet.studies.subjects import check_images
from keras_resnet.studies.weight_layers import WeightLayers
from keras_resnet.wording import counted

BATCH_SIZE = 100


@dataclasses.dataclass(frozen=True)
class ResponseResult(StudyResult):
    """The standard deviation of what every layer responds, by network.

    Attributes:
        images: How many images the layers responded to.
        layers: By network, the names of its convolutions, in order.
        deviations: By network, the standard deviation of each one's
            responses.
    """

    images: int
    layers: dict[str, tuple[str, ...]]
    deviations: dict[str, tuple[float, ...]]

    name = "responses"
    columns = ("network", "layer (index)", "layer", "standard deviation")
    size = (7.0, 5.2)

    def rows(self):
        """Return a row for every layer of every network."""
        return [
            (network, index, layer, deviation)
            for network, layers in self.layers.items()
            for index, (layer, deviation) in enumerate(
                zip(layers, self.deviations[network], strict=True), start=1
            )
        ]

    def document(self):
        """Return the mean over the layers of every network."""
        return {
            "images": self.images,
            "mean standard deviation": {
                network: float(np.mean(values))
                for network, values in self.deviations.items()
            },
        }

    def draw(self, figure):
        """Draw them in the order of the layers, and sorted."""
        in_order, by_size = figure.subplots(2, 1)
        for i, (network, values) in enumerate(self.deviations.items()):
            colour, places = COLOURS[i % len(COLOURS)], range(1, len(values) + 1)
            style = {"color": colour, "ms": 3, "lw": 1.2, "label": network}
            in_order.plot(places, values, "o-", **style)
            by_size.plot(places, sorted(values, reverse=True), "o-", **style)
        plain_axes(in_order, "layer (index)", "standard deviation")
        plain_axes(by_size, "layer, sorted by size", "standard deviation")
        for axes in (in_order, by_size):
            axes.set_ylim(bottom=0)
            integer_axis(axes.xaxis)
        in_order.legend(frameon=False, fontsize=8)
        figure.suptitle(
            "Responses of the convolutions, before nonlinearity and addition, to "
            f"{counted(self.images, 'image')}",
            fontsize=10,
        )


def responses(
    models: keras.Model | Mapping[str, keras.Model],
    images,
    *,
    batch_size: int = BATCH_SIZE,
    cache: EvaluationCache | None = None,
    progress: Callable[[str], None] | None = None,
) -> ResponseResult:
    """Measure the standard deviation of every convolution's responses.

    A response is what a convolution returns, after the batch normalization
    that follows it directly, before a nonlinearity and the addition (He et
    al. 2015, section 4.2). Convolutions on shortcuts are left out. The
    deviation is over all images, positions and channels.

    Args:
        models: A functional or sequential model, flat or nested, or several
            by name, which are drawn together.
        images: (count, height, width, channels), or channels first, as the
            models take them.
        batch_size: Images at once. Defaults to 100.
        cache: What has been computed already. Defaults to nothing.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Returns:
        A `ResponseResult`.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the images do not fit, or a model has no convolution.
    """
    models = named_networks(models)
    check_positive_integer("batch_size", batch_size)
    cache = EvaluationCache() if cache is None else cache
    layers, deviations = {}, {}
    for network, model in models.items():
        images = check_images(model, images)
        layers[network], looking = _statistics_of(model)
        measured = _Moments(looking, cache, hash_of_model(model))
        deviations[network] = _deviations(
            measured, images, batch_size, network, progress
        )
    return ResponseResult(len(images), layers, deviations)


def _statistics_of(model) -> tuple[tuple[str, ...], keras.Model]:
    """Draw a model that returns every response's mean and variance."""
    flat = open_network(model).model
    chosen = WeightLayers(flat)
    if not chosen.nodes:
        raise ValueError(
            f"The model has no convolutions. Received: model={model.name!r}"
        )
    found = [chosen.response(node) for node in chosen.nodes]
    with room_for_layers(model):
        moments = [
            ops.stack([ops.mean(x), ops.var(x)])
            for x in (ops.cast(tensor, "float32") for tensor in found)
        ]
        looking = keras.Model(flat.inputs[0], ops.stack(moments))
    return tuple(node.operation.name for node in chosen.nodes), looking


class _Moments:
    """Takes from the cache, or computes, the moments of one batch after another."""

    def __init__(self, looking: keras.Model, cache: EvaluationCache, model_hash: str):
        self._looking, self._cache, self._hash = looking, cache, model_hash

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return every response's mean and variance, float64 (responses, 2)."""
        key = self._hash, hash_of_arrays(images), "moments of responses"
        found = self._cache.get(*key)
        if found is None:
            batch = ops.convert_to_tensor(images, self._looking.inputs[0].dtype)
            moments = ops.convert_to_numpy(self._looking(batch, training=False))
            found = moments.astype("float64").tolist()
            self._cache.put(*key, figure=found)
        return np.array(found)


def _deviations(measured, images, batch_size, network, progress) -> tuple[float, ...]:
    means, squares = [], []
    starts = range(0, len(images), batch_size)
    shares = []
    for start in starts:
        batch = images[start : start + batch_size]
        mean, variance = measured(batch).T
        means.append(mean)
        squares.append(variance + mean**2)
        shares.append(len(batch) / len(images))
        if progress is not None:
            progress(f"{network}: {start + len(batch):,} of {len(images):,} images")
    mean, square = (np.average(x, axis=0, weights=shares) for x in (means, squares))
    return tuple(float(x) for x in np.sqrt(np.maximum(square - mean**2, 0)))
