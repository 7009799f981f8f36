"""How large the gradient is at every layer, plain against residual."""

import dataclasses
from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import ops

from keras_resnet.layers.pure_function import PureFunction
from keras_resnet.studies.class_scores import without_last_activation
from keras_resnet.studies.compared_networks import COLOURS, named_networks
from keras_resnet.studies.differentiation import gradients
from keras_resnet.studies.evaluation_cache import (
    EvaluationCache,
    hash_of_arrays,
    hash_of_model,
)
from keras_resnet.studies.flat_network import open_network, room_for_layers, substitute
from keras_resnet.studies.result import StudyResult, integer_axis, plain_axes
from keras_resnet.studies.subjects import check_images, check_labels
from keras_resnet.studies.weight_layers import WeightLayers
from keras_resnet.wording import counted


@dataclasses.dataclass(frozen=True)
class GradientNormResult(StudyResult):
    """The norm of the loss's gradient by the kernel of every convolution.

    Attributes:
        images: How many images the loss was the mean of.
        losses: By network, the loss, in nats.
        layers: By network, the names of its convolutions, in order.
        norms: By network, the Euclidean norm of the gradient by each kernel.
        kernel_norms: By network, the Euclidean norm of each kernel.
    """

    images: int
    losses: dict[str, float]
    layers: dict[str, tuple[str, ...]]
    norms: dict[str, tuple[float, ...]]
    kernel_norms: dict[str, tuple[float, ...]]

    name = "gradient_norms"
    columns = (
        "network",
        "layer (index)",
        "layer",
        "gradient norm (nats per unit of weight)",
        "kernel norm (units of weight)",
    )

    def rows(self):
        """Return a row for every layer of every network."""
        return [
            (network, index, layer, norm, kernel)
            for network, layers in self.layers.items()
            for index, (layer, norm, kernel) in enumerate(
                zip(
                    layers,
                    self.norms[network],
                    self.kernel_norms[network],
                    strict=True,
                ),
                start=1,
            )
        ]

    def document(self):
        """Return the loss of every network."""
        return {"images": self.images, "loss (nats)": self.losses}

    def draw(self, figure):
        """Draw the norms in the order of the layers."""
        axes = figure.subplots()
        for i, (network, norms) in enumerate(self.norms.items()):
            axes.plot(
                range(1, len(norms) + 1),
                norms,
                "o-",
                color=COLOURS[i % len(COLOURS)],
                ms=3,
                lw=1.2,
                label=f"{network}, loss {self.losses[network]:.3g}",
            )
        axes.set_yscale("log")
        integer_axis(axes.xaxis)
        plain_axes(axes, "convolution (index)", "norm of its kernel's gradient (nats)")
        axes.legend(frameon=False, fontsize=8)
        figure.suptitle(
            f"Gradient of the cross entropy, {counted(self.images, 'image')}",
            fontsize=10,
        )


def gradient_norms(
    models: keras.Model | Mapping[str, keras.Model],
    images,
    labels,
    *,
    cache: EvaluationCache | None = None,
    progress: Callable[[str], None] | None = None,
) -> GradientNormResult:
    """Measure the gradient that reaches every convolution's kernel.

    The loss is the mean cross entropy of one batch, the network as in a
    training step: batch normalization goes by the batch (He et al. 2015,
    section 4.1, look at the same norms to rule out that gradients vanish in
    plain networks). The models stay as they are. It runs on every backend.

    Args:
        models: A functional or sequential classifier, flat or nested, or
            several by name, which are drawn together.
        images: (count, height, width, channels), or channels first, as the
            models take them, all in one batch.
        labels: (count,), integers.
        cache: What has been computed already. Defaults to nothing.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Returns:
        A `GradientNormResult`.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the images or labels do not fit, or a model has no
            convolution that is trained.
    """
    cache = EvaluationCache() if cache is None else cache
    results = {}
    for network, model in named_networks(models).items():
        images = check_images(model, images)
        labels = check_labels(model, images, labels)
        if progress is not None:
            progress(f"gradients of {network}")
        results[network] = _norms(model, images, labels, cache)
    losses, layers, norms, kernel_norms = (
        dict(zip(results, values, strict=True))
        for values in zip(*results.values(), strict=True)
    )
    return GradientNormResult(len(images), losses, layers, norms, kernel_norms)


def _norms(model, images, labels, cache):
    flat = open_network(model).model
    with room_for_layers(model):
        scoring = substitute(flat, without_last_activation(flat))
    chosen = [
        node.operation
        for node in WeightLayers(scoring).nodes
        if _kernel(node.operation).trainable
    ]
    if not chosen:
        raise ValueError(
            "The model has no convolutions that are trained. "
            f"Received: model={model.name!r}"
        )
    kernels = [_kernel(layer) for layer in chosen]
    key = hash_of_model(model), hash_of_arrays(images, labels), "gradient norms"
    known = cache.get(*key)
    if known is None:
        known = _loss_and_norms(scoring, kernels, images, labels)
        cache.put(*key, figure=known)
    loss, *norms = known
    return (
        loss,
        tuple(layer.name for layer in chosen),
        tuple(norms),
        tuple(_norm(ops.convert_to_numpy(kernel)) for kernel in kernels),
    )


def _loss_and_norms(scoring, kernels, images, labels) -> list[float]:
    """Return the loss, and the norm of its gradient by each kernel."""
    batch = ops.convert_to_tensor(images, scoring.inputs[0].dtype)
    targets = ops.one_hot(labels, scoring.output_shape[-1])
    pure = PureFunction(lambda x: scoring(x, training=True), scoring.variables)
    trainable, state = pure.values()

    def loss(values):
        scores, _ = pure(values, state, batch)
        scores = ops.cast(scores, targets.dtype)
        entropies = keras.losses.categorical_crossentropy(targets, scores, True)
        return ops.mean(entropies)

    value, found = gradients(loss, trainable)
    by_variable = {
        id(variable): gradient
        for variable, gradient in zip(pure.trainable, found, strict=True)
    }
    return [float(value), *(_norm(by_variable[id(kernel)]) for kernel in kernels)]


def _kernel(layer):
    return next(v for v in layer.weights if v.name.endswith("kernel"))


def _norm(array) -> float:
    return float(np.linalg.norm(array.astype("float64").ravel()))
