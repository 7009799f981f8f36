"""The recipe of torchvision's second set of weights (Vryniotis, 2021)."""

from keras_resnet.training.augmentation import (
    Augmentation,
    RandomErasing,
    TrivialAugment,
)
from keras_resnet.training.recipes.common import (
    IMAGENET_IMAGES,
    IMAGENET_MEAN,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Cosine

# Their average moves by 2e-5 x 8 x 128 x 32 / 600 every 32 steps.
EMA_DECAY = (1 - 2e-5 * 8 * 128 * 32 / 600) ** (1 / 32)

ROWS = (
    Recipe(
        name="torchvision_v2",
        source=(
            "Vryniotis (2021), How to Train State-Of-The-Art Models Using "
            "TorchVision's Latest Primitives: 600 epochs of batches of 1024 on 176 "
            "pixels, TrivialAugment, random erasing, mixup and cutmix, label "
            "smoothing, repeated augmentation and a moving average."
        ),
        cost=cost("ResNet-50", 600, IMAGENET_IMAGES, 4.089e9 * (176 / 224) ** 2),
        model="resnet50v1_5",
        dataset="imagenet2012",
        image_side=176,
        epochs=600,
        batch_size=1024,
        learning_rate=0.5,
        learning_rate_batch_size=1024,
        schedule=Cosine(),
        warmup_epochs=5,
        warmup_start=0.01,
        weight_decay=2e-5,
        decay_normalization_and_bias=False,
        ema_decay=EMA_DECAY,
        label_smoothing=0.1,
        mixup=0.2,
        cutmix=1.0,
        augmentation=Augmentation(
            resized_crop=True,
            flip=True,
            trivial_augment=TrivialAugment(),
            # It is erased to 0 after normalization there.
            erasing=RandomErasing(
                probability=0.1,
                area=(0.02, 0.33),
                aspect=(0.3, 3.3),
                fill=IMAGENET_MEAN,
            ),
        ),
        augmentation_repeats=4,
        evaluation_side=224,
        evaluation_crop=224 / 232,
        deviations=(
            "Biases are not decayed either. The moving average moves a little every "
            "step instead of more every 32. The rate changes every step instead of "
            "every epoch."
        ),
        published=(
            Published(
                "top-1 accuracy, 1 crop",
                80.858,
                "torchvision's table of weights, IMAGENET1K_V2",
                "resnet50v1_5",
            ),
        ),
    ),
)
