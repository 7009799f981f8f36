"""Recipes of this package: to try it, and for small machines."""

import dataclasses

from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.recipes.common import (
    CIFAR10,
    CIFAR_AUGMENTATION,
    CIFAR_IMAGES,
    CROPS_AND_FLIPS,
    cost,
)
from keras_resnet.training.recipes.figures import Reproduced
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Constant, Cosine, OneCycle

IMAGENETTE_IMAGES = 9_469

DIGITS = Recipe(
    name="digits",
    source=(
        "This package's own, to see everything work without a download: Adam with a "
        "cosine, small shifts and rotations, no flips since a mirrored digit is none."
    ),
    cost="ResNet-8: about a minute on 2 CPU cores.",
    model="resnet8",
    dataset="digits",
    image_side=32,
    epochs=12,
    batch_size=32,
    optimizer="adam",
    learning_rate=3e-3,
    schedule=Cosine(),
    warmup_epochs=1,
    warmup_start=0.1,
    weight_decay=1e-4,
    decay_normalization_and_bias=False,
    augmentation=Augmentation(shift=0.06, rotation=8.0),
)

DIGITS_MOVED = dataclasses.replace(
    DIGITS,
    name="digits_moved",
    source=(
        "This package's own, for a spatial transformer to have something to do: as "
        "digits, shifted by up to a fifth of the image and turned by up to 45 degrees."
    ),
    cost="ResNet-8: 20 epochs, where the 12 of digits take about a minute.",
    epochs=20,
    augmentation=Augmentation(shift=0.2, rotation=45.0),
)

CONSTANT = Recipe(
    name="constant",
    source="This package's own, to try things: plain SGD at one rate.",
    cost="That of its epochs.",
    model="resnet8",
    dataset="digits",
    image_side=32,
    epochs=5,
    batch_size=64,
    learning_rate=0.05,
    schedule=Constant(),
    augmentation=Augmentation(),
)

CIFAR10_SHORT = Recipe(
    name="cifar10_short",
    source=(
        "This package's own, for two CPU cores: the rate rises over a quarter of the "
        "training and falls to 0 along a straight line, with Nesterov momentum, "
        "crops from an image mirrored at its edges, flips and a little label smoothing."
    ),
    cost=cost("ResNet-20", 30, CIFAR_IMAGES, 41e6),
    model="resnet20",
    epochs=30,
    batch_size=128,
    learning_rate=0.3,
    learning_rate_batch_size=128,
    schedule=OneCycle(peak_at=0.25, start=0.1, final=0.0),
    nesterov=True,
    weight_decay=5e-4,
    decay_normalization_and_bias=False,
    label_smoothing=0.05,
    augmentation=dataclasses.replace(CIFAR_AUGMENTATION, padding_mode="reflect"),
    reproduced=(
        Reproduced(
            87.69,
            "keras-resnet-train --dataset=cifar10-jpeg --recipe=cifar10_short "
            "--model=resnet20 --dtype_policy=mixed_bfloat16",
            "2026-11-21",
            "resnet20",
            "test accuracy on the JPEG copy of CIFAR-10 (docs/results.md)",
        ),
    ),
    **CIFAR10,
)

FINE_TUNE = Recipe(
    name="fine_tune",
    source=(
        "This package's own, to go on from pretrained weights (`--weights`): a low "
        "rate that falls along a cosine, crops and flips."
    ),
    cost=cost("ResNet-50", 15, IMAGENETTE_IMAGES, 4.089e9),
    model="resnet50",
    dataset="imagenette",
    image_side=224,
    epochs=15,
    batch_size=32,
    learning_rate=0.005,
    learning_rate_batch_size=32,
    schedule=Cosine(),
    warmup_epochs=1,
    nesterov=True,
    weight_decay=1e-4,
    decay_normalization_and_bias=False,
    augmentation=CROPS_AND_FLIPS,
)

ROWS = (DIGITS, DIGITS_MOVED, CONSTANT, CIFAR10_SHORT, FINE_TUNE)
