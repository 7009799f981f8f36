"""The public constructors: one ordinary function a network."""

import keras

from keras_resnet.models.construction import build_model
from keras_resnet.models.registry import specification as look_up

DOCUMENTATION = """{title}.

    Reference: {source}.

    Args:
        include_top: Whether the network ends in its classifier. Defaults to
            `True`.
        weights: {weights}
        input_tensor: Symbolic tensor to start from. Defaults to a new input.
        input_shape: (height, width, channels), or channels first. Defaults to
            {size}x{size} with 3 channels with the classifier, to any size
            without. The smallest side is {smallest}.
        pooling: Without the classifier, `"avg"` or `"max"` for global pooling
            of the last map, or `None` for the map itself.
        classes: Number of classes. Defaults to `{classes}`.
        classifier_activation: Activation of the classifier, `None` for
            logits. Defaults to `"softmax"`.
        name: Name of the model. Defaults to `"{name}"`.
        include_preprocessing: Whether the model takes raw RGB pixels, 0 to
            255, and normalizes them itself. Defaults to `False`.
        nested: Whether every block is one layer of the model. Defaults to
            `False`: every convolution is.
        survival_probability: Of the last block, p_L of stochastic depth
            (Huang et al. 2016), in (0, 1]; the others follow the linear rule.
            Defaults to `1.0`.
        stochastic_depth_mode: `"batch"`, one draw a batch as in the paper, or
            `"sample"`. Only a nested model saves the time of dropped blocks.
            Defaults to `"batch"`.

    Returns:
        A Keras functional model from images (batch, height, width, channels)
        to probabilities (batch, classes), or, without the classifier, to
        features.

    Raises:
        ValueError: If an argument has a value that is not allowed, or the
            weights do not fit.
        TypeError: If an argument has a type that is not allowed.
    """
PRETRAINED = """`"imagenet"` for pretrained weights, the path of a file, or
            `None` for random ones. Defaults to `"imagenet"`."""
UNTRAINED = """Path of a file of weights, or `None` for random ones. Defaults
            to `None`."""


def _constructor(function_name: str, model_name: str, default_weights=None):
    specification = look_up(model_name)

    def construct(
        include_top: bool = True,
        weights=default_weights,
        input_tensor=None,
        input_shape: tuple[int | None, ...] | None = None,
        pooling: str | None = None,
        classes: int = specification.classes,
        classifier_activation="softmax",
        name: str = specification.name,
        *,
        include_preprocessing: bool = False,
        nested: bool = False,
        survival_probability: float = 1.0,
        stochastic_depth_mode: str = "batch",
    ) -> keras.Model:
        return build_model(
            specification,
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
            include_preprocessing=include_preprocessing,
            nested=nested,
            survival_probability=survival_probability,
            stochastic_depth_mode=stochastic_depth_mode,
        )

    construct.__name__ = construct.__qualname__ = function_name
    construct.__doc__ = DOCUMENTATION.format(
        title=specification.title,
        source=specification.source,
        weights=PRETRAINED if default_weights else UNTRAINED,
        size=specification.input_size,
        smallest=specification.minimum_size,
        classes=specification.classes,
        name=specification.name,
    )
    return construct


ResNet8 = _constructor("ResNet8", "resnet8")
ResNet20 = _constructor("ResNet20", "resnet20")
ResNet56 = _constructor("ResNet56", "resnet56")
ResNet110 = _constructor("ResNet110", "resnet110")
ResNet18 = _constructor("ResNet18", "resnet18")
ResNet50 = _constructor("ResNet50", "resnet50", "imagenet")
ResNet50V1_5 = _constructor("ResNet50V1_5", "resnet50v1_5")
