"""Bello et al. (2021), Revisiting ResNets (ResNet-RS)."""

from keras_resnet.training.augmentation import Augmentation, RandAugment
from keras_resnet.training.recipes.common import (
    CROPS_OF_TENSORFLOW,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Cosine

PAPER = "Bello et al. (2021), Revisiting ResNets"
ACCURACIES = (
    ("resnetrs50", 160, 79.1),
    ("resnetrs101", 192, 81.3),
    ("resnetrs152", 256, 83.1),
    ("resnetrs200", 256, 83.5),
)

ROWS = (
    Recipe(
        name="bello2021_imagenet",
        source=(
            f"{PAPER}, section 4 and appendix: 350 epochs of batches of 4096 with a "
            "cosine after 5 epochs of warm-up, RandAugment, label smoothing and a "
            "moving average of all variables."
        ),
        cost=cost("ResNet-RS-50", 350, IMAGENET_IMAGES, 4.454e9 * (160 / 224) ** 2),
        model="resnetrs50",
        dataset="imagenet2012",
        image_side=160,
        epochs=350,
        batch_size=4096,
        learning_rate=1.6,
        learning_rate_batch_size=4096,
        schedule=Cosine(),
        warmup_epochs=5,
        weight_decay=4e-5,
        decay_normalization_and_bias=False,
        ema_decay=0.9999,
        label_smoothing=0.1,
        augmentation=Augmentation(
            resized_crop=True,
            flip=True,
            rand_augment=RandAugment(layers=2, magnitude=10, fill=128.0),
        ),
        model_options={"classifier_dropout_rate": 0.25, "zero_last_gamma": True},
        deviations=(
            "RandAugment's table is torchvision's; that of the authors' code has "
            f"inversion, covering and solarize-add besides. {CROPS_OF_TENSORFLOW} The "
            "larger networks take a magnitude of 15 and, from 200 layers on, "
            "stochastic depth: --set augmentation.rand_augment.magnitude=15, "
            "--set survival_probability=0.9."
        ),
        published=tuple(
            Published(
                f"top-1 accuracy, 1 crop, {side} pixels",
                accuracy,
                "Bello et al. 2021, table 7",
                model,
            )
            for model, side, accuracy in ACCURACIES
        ),
    ),
)
