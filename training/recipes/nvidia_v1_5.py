"""NVIDIA's ResNet-50 v1.5 (DeepLearningExamples)."""

import dataclasses

from keras_resnet.training.recipes.common import (
    CROPS_AND_FLIPS,
    IMAGENET,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Cosine

SOURCE = "NVIDIA DeepLearningExamples, ResNet-50 v1.5"


def _published(accuracy: float) -> tuple[Published, ...]:
    return (Published("top-1 accuracy, 1 crop", accuracy, SOURCE, "resnet50v1_5"),)


EPOCHS_90 = Recipe(
    name="nvidia_v1_5_90",
    source=(
        f"{SOURCE}: 90 epochs with a cosine after 8 of warm-up, momentum 0.875, decay "
        "2^-15 but not on batch normalization, label smoothing, the last scale of "
        "every block initialized with 0."
    ),
    cost=cost("ResNet-50", 90, IMAGENET_IMAGES, 4.089e9),
    model="resnet50v1_5",
    epochs=90,
    batch_size=256,
    learning_rate=0.256,
    learning_rate_batch_size=256,
    schedule=Cosine(),
    warmup_epochs=8,
    momentum=0.875,
    weight_decay=2.0**-15,
    decay_normalization_and_bias=False,
    label_smoothing=0.1,
    augmentation=CROPS_AND_FLIPS,
    model_options={"zero_last_gamma": True},
    deviations="Biases are not decayed either.",
    published=_published(77.12),
    **IMAGENET,
)

EPOCHS_250 = dataclasses.replace(
    EPOCHS_90,
    name="nvidia_v1_5_250",
    source=f"{SOURCE}: as nvidia_v1_5_90 in 250 epochs with mixup.",
    cost=cost("ResNet-50", 250, IMAGENET_IMAGES, 4.089e9),
    epochs=250,
    mixup=0.2,
    published=_published(78.43),
)

ROWS = (EPOCHS_90, EPOCHS_250)
