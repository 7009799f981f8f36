"""He et al. (2018), Bag of Tricks for Image Classification: step by step."""

import dataclasses

from keras_resnet.training.recipes.common import (
    CROPS_FLIPS_AND_COLOR,
    IMAGENET,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Cosine, PiecewiseConstant

PAPER = "He et al. (2018), Bag of Tricks for Image Classification"
TABLE = "He et al. 2018, table 6"
MACS = 4.329e9


def _published(accuracy: float) -> tuple[Published, ...]:
    return (Published("top-1 accuracy, 1 crop", accuracy, TABLE, "resnet50d"),)


EFFICIENT = Recipe(
    name="he2018_imagenet_step",
    source=(
        f"{PAPER}, sections 3 and 4: ResNet-50-D with batches of 1024, 5 epochs of "
        "warm-up, the rate divided by 10 every 30 of 120 epochs, no decay but on "
        "kernels, the last scale of every block initialized with 0."
    ),
    cost=cost("ResNet-50-D", 120, IMAGENET_IMAGES, MACS),
    model="resnet50d",
    epochs=120,
    batch_size=1024,
    learning_rate=0.4,
    learning_rate_batch_size=1024,
    schedule=PiecewiseConstant(boundaries=(30, 60, 90), factors=(1, 0.1, 0.01, 0.001)),
    warmup_epochs=5,
    nesterov=True,
    weight_decay=1e-4,
    decay_normalization_and_bias=False,
    augmentation=CROPS_FLIPS_AND_COLOR,
    model_options={"zero_last_gamma": True, "kernel_initializer": "glorot_uniform"},
    deviations=(
        "The contrast changes where the paper changes the hue, besides brightness and "
        "saturation."
    ),
    published=_published(77.16),
    **IMAGENET,
)

COSINE = dataclasses.replace(
    EFFICIENT,
    name="he2018_imagenet_cosine",
    source=f"{PAPER}, section 5.1: he2018_imagenet_step with a cosine.",
    schedule=Cosine(),
    published=_published(77.91),
)

SMOOTHING = dataclasses.replace(
    COSINE,
    name="he2018_imagenet_smoothing",
    source=f"{PAPER}, section 5.2: he2018_imagenet_cosine with label smoothing.",
    label_smoothing=0.1,
    published=_published(78.31),
)

MIXUP = dataclasses.replace(
    SMOOTHING,
    name="he2018_imagenet_mixup",
    source=(
        f"{PAPER}, section 5.4: he2018_imagenet_smoothing with mixup, 200 epochs; "
        "without the distillation of section 5.3."
    ),
    cost=cost("ResNet-50-D", 200, IMAGENET_IMAGES, MACS),
    epochs=200,
    mixup=0.2,
    deviations=(
        f"{EFFICIENT.deviations} The paper's figure for mixup is measured on top of "
        "distillation from ResNet-152-D, which is not done here."
    ),
    published=_published(79.15),
)

ROWS = (EFFICIENT, COSINE, SMOOTHING, MIXUP)
