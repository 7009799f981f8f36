"""Wightman et al. (2021), ResNet strikes back: procedures A1, A2 and A3."""

import dataclasses

from keras_resnet.training.augmentation import Augmentation, RandAugment
from keras_resnet.training.recipes.common import (
    IMAGENET,
    IMAGENET_IMAGES,
    IMAGENET_MEAN,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Cosine

PAPER = "Wightman et al. (2021), ResNet strikes back"
DEVIATIONS = (
    "Images are resized bilinearly instead of bicubically. The rate changes at every "
    "step instead of every epoch."
)


def _published(resnet50: float, resnet18: float) -> tuple[Published, ...]:
    return tuple(
        Published(
            "top-1 accuracy, 1 crop",
            accuracy,
            "Wightman et al. 2021, tables 1 and 3, and timm's results",
            model,
        )
        for model, accuracy in (("resnet50v1_5", resnet50), ("resnet18", resnet18))
    )


def _augmentation(magnitude: float) -> Augmentation:
    return Augmentation(
        resized_crop=True,
        flip=True,
        rand_augment=RandAugment(
            layers=2,
            magnitude=magnitude,
            magnitude_deviation=0.5,
            probability=0.5,
            operations="increasing",
            fill=IMAGENET_MEAN,
        ),
    )


A1 = Recipe(
    name="wightman2021_a1",
    source=(
        f"{PAPER}, table 2, procedure A1: LAMB, 600 epochs of batches of 2048, binary "
        "cross entropy, mixup and cutmix, RandAugment, repeated augmentation, "
        "stochastic depth, label smoothing."
    ),
    cost=cost("ResNet-50", 600, IMAGENET_IMAGES, 4.089e9),
    model="resnet50v1_5",
    epochs=600,
    batch_size=2048,
    optimizer="lamb",
    learning_rate=5e-3,
    schedule=Cosine(final=2e-4, through_warmup=True),
    warmup_epochs=5,
    warmup_start=2e-4,
    weight_decay=0.01,
    decay_normalization_and_bias=False,
    loss="sigmoid",
    binary_threshold=0.0,
    label_smoothing=0.1,
    mixup=0.2,
    cutmix=1.0,
    augmentation=_augmentation(7),
    augmentation_repeats=3,
    survival_probability=0.95,
    stochastic_depth_mode="sample",
    model_options={"zero_last_gamma": True},
    evaluation_side=224,
    evaluation_crop=0.95,
    deviations=DEVIATIONS,
    published=_published(80.4, 71.5),
    **IMAGENET,
)

A2 = dataclasses.replace(
    A1,
    name="wightman2021_a2",
    source=(
        f"{PAPER}, table 2, procedure A2: as A1 in 300 epochs with more decay, less "
        "mixup and without label smoothing."
    ),
    cost=cost("ResNet-50", 300, IMAGENET_IMAGES, 4.089e9),
    epochs=300,
    weight_decay=0.02,
    label_smoothing=0.0,
    mixup=0.1,
    published=_published(79.8, 70.6),
)

A3 = dataclasses.replace(
    A2,
    name="wightman2021_a3",
    source=(
        f"{PAPER}, table 2, procedure A3: 100 epochs on 160 pixels, tested on 224, "
        "without repeated augmentation and stochastic depth."
    ),
    # A convolution's cost goes with the area.
    cost=cost("ResNet-50", 100, IMAGENET_IMAGES, 4.089e9 * (160 / 224) ** 2),
    image_side=160,
    epochs=100,
    learning_rate=8e-3,
    augmentation=_augmentation(6),
    augmentation_repeats=1,
    survival_probability=1.0,
    schedule=Cosine(final=1.25e-4, through_warmup=True),
    warmup_start=1.25e-4,
    published=_published(78.1, 68.25),
)

ROWS = (A1, A2, A3)
