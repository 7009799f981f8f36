"""He et al. (2016), Identity Mappings in Deep Residual Networks."""

import dataclasses

from keras_resnet.training.recipes import he2015
from keras_resnet.training.recipes.common import (
    ALL_IMAGES,
    CIFAR_IMAGES,
    CROPS_FLIPS_AND_COLOR,
    IMAGENET,
    IMAGENET_IMAGES,
    MEAN_AFTER_CROP,
    cost,
)
from keras_resnet.training.recipes.figures import Published, top_errors
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import PiecewiseConstant

PAPER = "He et al. (2016), Identity Mappings in Deep Residual Networks"

CIFAR = dataclasses.replace(
    he2015.CIFAR_WARMUP,
    name="he2016_cifar10",
    source=(
        f"{PAPER}, section 4 and appendix: as He et al. (2015), with the first 400 "
        "steps at a rate of 0.01 for every network."
    ),
    cost=cost("pre-activation ResNet-164", 164, CIFAR_IMAGES, 248e6),
    model="preactivation_resnet164",
    deviations=(
        "The beginning at 0.01 is one epoch of 390 steps instead of 400 steps. The "
        f"paper reports the median of five runs. {ALL_IMAGES} {MEAN_AFTER_CROP}"
    ),
    published=tuple(
        Published(
            "CIFAR-10 test error, median of 5",
            error,
            "He et al. 2016, tables 2 and 3",
            f"preactivation_resnet{depth}",
        )
        for depth, error in ((110, 6.37), (164, 5.46), (1001, 4.92))
    ),
)

CIFAR_1001 = dataclasses.replace(
    CIFAR,
    name="he2016_cifar10_batch64",
    source=(
        f"{PAPER}, table 4: pre-activation ResNet-1001 with batches of 64; all else "
        "as he2016_cifar10."
    ),
    cost=cost("pre-activation ResNet-1001", 164, CIFAR_IMAGES, 1.491e9),
    model="preactivation_resnet1001",
    batch_size=64,
    deviations=(
        "The rate falls at the same epochs as with batches of 128, and begins at 0.01 "
        f"for one epoch. {ALL_IMAGES} {MEAN_AFTER_CROP}"
    ),
    published=(
        Published(
            "CIFAR-10 test error, median of 5",
            4.62,
            "He et al. 2016, table 4",
            "preactivation_resnet1001",
        ),
    ),
)

IMAGENET_200 = Recipe(
    name="he2016_imagenet",
    source=(
        f"{PAPER}, section 5: pre-activation ResNet-200, the rate divided by 10 at 30 "
        "and 60 of 90 epochs; tested on 320 pixels."
    ),
    cost=cost("pre-activation ResNet-200", 90, IMAGENET_IMAGES, 15.007e9),
    model="resnetv2_200",
    epochs=90,
    batch_size=256,
    learning_rate=0.1,
    schedule=PiecewiseConstant(boundaries=(30, 60), factors=(1, 0.1, 0.01)),
    weight_decay=1e-4,
    augmentation=CROPS_FLIPS_AND_COLOR,
    evaluation_side=320,
    evaluation_crop=1.0,
    deviations=(
        "The crops are those of Szegedy et al. (2015), with which the paper reports "
        "20.1 %; its figure of 20.7 % is with crops of images scaled to 256 to 480."
    ),
    published=top_errors(
        {"resnetv2_200": (20.7, 5.3)},
        "He et al. 2016, table 5",
        "1 crop of 320 pixels",
    ),
    **IMAGENET,
)

ROWS = (CIFAR, CIFAR_1001, IMAGENET_200)
