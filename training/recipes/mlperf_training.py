"""MLPerf Training's ResNet-50 with LARS, at its reference points."""

from keras_resnet.training.recipes.common import (
    CROPS_AND_FLIPS,
    CROPS_OF_TENSORFLOW,
    IMAGENET,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import Polynomial

SOURCE = "MLPerf Training, ResNet-50 v1.5, reference convergence points for LARS"
# Batch, rate, warm-up, decay, momentum, and the epochs to the target: from, to.
POINTS = (
    (1632, 7.4, 2, 5e-5, 0.9, 33, 37),
    (4096, 10.0, 5, 2e-4, 0.9, 39, 42),
    (8192, 17.0, 5, 2e-4, 0.9, 41, 44),
    (32768, 21.2, 16, 2.5e-5, 0.94, 55, 57),
)

ROWS = tuple(
    Recipe(
        name=f"mlperf_lars_{batch_size}",
        source=(
            f"{SOURCE} at batch {batch_size}: a rate of {rate:g} after {warmup} epochs "
            f"of warm-up, a quadratic fall, label smoothing; the target is reached "
            f"after {least} to {most} epochs."
        ),
        cost=cost("ResNet-50", most, IMAGENET_IMAGES, 4.089e9),
        model="resnet50v1_5",
        epochs=most,
        batch_size=batch_size,
        optimizer="lars",
        learning_rate=rate,
        schedule=Polynomial(power=2.0, final=1e-4 / rate),
        warmup_epochs=warmup,
        momentum=momentum,
        weight_decay=decay,
        decay_normalization_and_bias=False,
        label_smoothing=0.1,
        augmentation=CROPS_AND_FLIPS,
        deviations=(
            f"The fall ends after the {most} epochs that the slowest reference run "
            "took; a submission may end it elsewhere. The reference is code for "
            f"TensorFlow. {CROPS_OF_TENSORFLOW}"
        ),
        published=(
            Published("top-1 accuracy to reach, 1 crop", 75.9, SOURCE, "resnet50v1_5"),
        ),
        **IMAGENET,
    )
    for batch_size, rate, warmup, decay, momentum, least, most in POINTS
)
