"""Goyal et al. (2017), Accurate, Large Minibatch SGD."""

from keras_resnet.training.recipes.common import (
    CROPS_AND_FLIPS,
    IMAGENET,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import PiecewiseConstant

ROWS = (
    Recipe(
        name="goyal2017_imagenet",
        source=(
            "Goyal et al. (2017), Accurate, Large Minibatch SGD, section 5.1: a rate "
            "of 0.1 for each 256 images, reached over 5 epochs, divided by 10 at 30, "
            "60 and 80 of 90 epochs, Nesterov momentum, no decay on batch "
            "normalization, the last scale of every block initialized with 0."
        ),
        cost=cost("ResNet-50", 90, IMAGENET_IMAGES, 4.089e9),
        model="resnet50v1_5",
        epochs=90,
        batch_size=256,
        learning_rate=0.1,
        learning_rate_batch_size=256,
        schedule=PiecewiseConstant(
            boundaries=(30, 60, 80), factors=(1, 0.1, 0.01, 0.001)
        ),
        warmup_epochs=5,
        nesterov=True,
        weight_decay=1e-4,
        decay_normalization_and_bias=False,
        augmentation=CROPS_AND_FLIPS,
        model_options={"zero_last_gamma": True},
        deviations=(
            "The rise begins at 0 instead of 0.1. Crops and flips come without the "
            "changes of colour. Biases are not decayed either."
        ),
        published=(
            Published(
                "top-1 error, 1 crop, batch 8192 (mean of 5, +- 0.09)",
                23.74,
                "Goyal et al. 2017, table 1",
                "resnet50v1_5",
            ),
        ),
        **IMAGENET,
    ),
)
