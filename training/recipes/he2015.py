"""He et al. (2015), Deep Residual Learning for Image Recognition."""

import dataclasses

from keras_resnet.training.recipes.common import (
    ALL_IMAGES,
    CIFAR10,
    CIFAR_AUGMENTATION,
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

PAPER = "He et al. (2015), Deep Residual Learning for Image Recognition"
TABLE_6 = "He et al. 2015, table 6"
FIGURE_6 = "He et al. 2015, figure 6, read off"
TABLE_2 = "He et al. 2015, table 2"
AUTHORS = "the authors' repository deep-residual-networks"

# 164 epochs of 390 steps are 63,960 of the paper's 64,000 steps.
CIFAR_DROPS = (82, 123)

CIFAR = Recipe(
    name="he2015_cifar10",
    source=(
        f"{PAPER}, section 4.2: 64k steps of 128 images, the rate divided by 10 at "
        "32k and 48k, here as 164 epochs of 390 steps."
    ),
    cost=cost("ResNet-20", 164, CIFAR_IMAGES, 41e6),
    model="resnet20",
    epochs=164,
    batch_size=128,
    learning_rate=0.1,
    schedule=PiecewiseConstant(boundaries=CIFAR_DROPS, factors=(1, 0.1, 0.01)),
    weight_decay=1e-4,
    augmentation=CIFAR_AUGMENTATION,
    input_mean="pixel",
    deviations=f"{ALL_IMAGES} {MEAN_AFTER_CROP}",
    published=tuple(
        Published("CIFAR-10 test error", error, TABLE_6, f"resnet{depth}")
        for depth, error in ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97))
    ),
    **CIFAR10,
)

CIFAR_WARMUP = dataclasses.replace(
    CIFAR,
    name="he2015_cifar10_warmup",
    source=(
        f"{PAPER}, section 4.2: for ResNet-110, as he2015_cifar10 after a beginning "
        "at a rate of 0.01."
    ),
    cost=cost("ResNet-110", 164, CIFAR_IMAGES, 253e6),
    model="resnet110",
    schedule=PiecewiseConstant(
        boundaries=(1, *CIFAR_DROPS), factors=(0.1, 1, 0.1, 0.01)
    ),
    deviations=(
        "The paper begins at 0.01 until the training error is below 80 %, about 400 "
        f"steps; here that is the first epoch of 390. {ALL_IMAGES} {MEAN_AFTER_CROP}"
    ),
    published=(
        Published(
            "CIFAR-10 test error (best of 5; mean 6.61 +- 0.16)",
            6.43,
            TABLE_6,
            "resnet110",
        ),
        Published("CIFAR-10 test error", 7.93, TABLE_6, "resnet1202"),
    ),
)

CIFAR_PLAIN = dataclasses.replace(
    CIFAR,
    name="he2015_cifar10_plain",
    source=(
        f"{PAPER}, section 4.2 and figure 6, left: the networks without shortcuts, "
        "trained as he2015_cifar10."
    ),
    cost=cost("plain-20", 164, CIFAR_IMAGES, 41e6),
    model="plain20",
    published=(
        Published("CIFAR-10 test error, about", 9.5, FIGURE_6, "plain20"),
        Published("CIFAR-10 test error, about", 13, FIGURE_6, "plain56"),
    ),
)

IMAGENET_DEVIATIONS = (
    "The paper divides the rate by 10 when the error stops falling, over 600k steps; "
    "here it falls at 30, 60 and 90 of 120 epochs, which are 600k steps. It scales "
    "the shorter side to 256 to 480 pixels and crops 224; here the crops are those "
    "of Szegedy et al. (2015). Its mean is subtracted pixel by pixel. Its best "
    "figures average 10 crops; here the test is on the central crop."
)
IMAGENET_SCHEDULE = PiecewiseConstant(
    boundaries=(30, 60, 90), factors=(1, 0.1, 0.01, 0.001)
)

ONE_CROP = {
    "resnet50": (24.7, 7.8),
    "resnet101": (23.6, 7.1),
    "resnet152": (23.0, 6.7),
}
TEN_CROPS = {
    "resnet50": (22.9, 6.7),
    "resnet101": (21.8, 6.1),
    "resnet152": (21.4, 5.7),
}
IMAGENET_ROW = Recipe(
    name="he2015_imagenet",
    source=f"{PAPER}, section 3.4: batches of 256 at a rate of 0.1.",
    cost=cost("ResNet-50", 120, IMAGENET_IMAGES, 3.858e9),
    model="resnet50",
    epochs=120,
    batch_size=256,
    learning_rate=0.1,
    schedule=IMAGENET_SCHEDULE,
    weight_decay=1e-4,
    augmentation=CROPS_FLIPS_AND_COLOR,
    # This network has keras.applications' defaults otherwise.
    model_options={"kernel_initializer": "he_normal", "momentum": 0.9},
    deviations=IMAGENET_DEVIATIONS,
    published=(
        *top_errors(ONE_CROP, AUTHORS, "1 crop"),
        *top_errors(TEN_CROPS, AUTHORS, "10 crops"),
    ),
    **IMAGENET,
)

IMAGENET_BASIC = dataclasses.replace(
    IMAGENET_ROW,
    name="he2015_imagenet_basic",
    source=f"{PAPER}, section 3.4 and table 2: the networks of basic blocks.",
    cost=cost("ResNet-18", 120, IMAGENET_IMAGES, 1.814e9),
    model="resnet18",
    model_options={"shortcut": "A"},
    published=(
        Published("top-1 error, 10 crops", 27.88, TABLE_2, "resnet18"),
        Published("top-1 error, 10 crops", 25.03, TABLE_2, "resnet34"),
    ),
)

IMAGENET_PLAIN = dataclasses.replace(
    IMAGENET_BASIC,
    name="he2015_imagenet_plain",
    source=f"{PAPER}, section 3.4 and table 2: the networks without shortcuts.",
    cost=cost("plain-18", 120, IMAGENET_IMAGES, 1.814e9),
    model="plain18",
    model_options={},
    published=(
        Published("top-1 error, 10 crops", 27.94, TABLE_2, "plain18"),
        Published("top-1 error, 10 crops", 28.54, TABLE_2, "plain34"),
    ),
)

ROWS = (
    CIFAR,
    CIFAR_WARMUP,
    CIFAR_PLAIN,
    IMAGENET_ROW,
    IMAGENET_BASIC,
    IMAGENET_PLAIN,
)
