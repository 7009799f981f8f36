"""Small networks to study, with weights that keep signals in range."""

import dataclasses

import keras
import numpy as np

import keras_resnet
from keras_resnet.models import specification
from keras_resnet.models.construction import build_model

SIDE, CLASSES = 8, 5


def network(
    name="resnet20",
    depths=(2, 2, 1),
    *,
    nested=False,
    side=SIDE,
    survival_probability=1.0,
    **changes,
):
    """Build a narrow form of a network for images of 8x8 pixels."""
    original = specification(name)
    width = 16 if original.block == "bottleneck" else 4
    small = dataclasses.replace(
        original,
        depths=depths,
        widths=tuple(width * 2**stage for stage in range(len(depths))),
        strides=original.strides[: len(depths)],
        stem_width=4,
        minimum_size=4,
        known_sides=False,
        **changes,
    )
    shape = (side, side, 3)
    model = build_model(
        small,
        input_shape=shape,
        classes=CLASSES,
        nested=nested,
        survival_probability=survival_probability,
    )
    return filled(model)


def filled(model):
    """Fill a model's variables by their names."""
    for name, variable in keras_resnet.weights.named_variables(model).items():
        draw, shape = np.random.default_rng(list(name.encode())), tuple(variable.shape)
        if variable.name in ("gamma", "moving_variance"):
            value = draw.uniform(0.5, 1.5, shape)
        elif variable.name == "kernel":
            value = draw.normal(0.0, np.prod(shape[:-1]) ** -0.5, shape)
        else:
            value = draw.normal(0.0, 0.1, shape)
        variable.assign(value.astype("float32"))
    return model


def vgg(sides=(8, 8, None)):
    """Build a network of convolutions in a row, with a pool for every None."""
    layers = [keras.Input((SIDE, SIDE, 3))]
    for width in sides:
        layers.append(
            keras.layers.MaxPooling2D()
            if width is None
            else keras.layers.Conv2D(width, 3, padding="same", activation="relu")
        )
    layers += [keras.layers.Flatten(), keras.layers.Dense(CLASSES)]
    return keras.Sequential(layers)


def examples(count=12, side=SIDE):
    """Return noise and labels."""
    draw = np.random.default_rng(7)
    images = draw.normal(size=(count, side, side, 3)).astype("float32")
    return images, draw.integers(CLASSES, size=count)
