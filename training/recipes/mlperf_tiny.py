"""MLPerf Tiny's reference for image classification."""

from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.recipes.common import CIFAR10, CIFAR_IMAGES, cost
from keras_resnet.training.recipes.figures import Published
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import ExponentialPerEpoch

ROWS = (
    Recipe(
        name="mlperf_tiny",
        source=(
            "MLPerf Tiny's reference for image classification (Banbury et al., 2021): "
            "Adam, 0.001 x 0.99^epoch, rotation by up to 15 degrees, shifts by up to "
            "a tenth, flips."
        ),
        cost=cost("ResNet-8", 500, CIFAR_IMAGES, 12.5e6),
        model="resnet8",
        epochs=500,
        batch_size=32,
        optimizer="adam",
        learning_rate=1e-3,
        schedule=ExponentialPerEpoch(factor=0.99),
        # Its l2(1e-4) penalty on a kernel is a decay of 2e-4 in the gradient.
        weight_decay=2e-4,
        decay_normalization_and_bias=False,
        augmentation=Augmentation(flip=True, shift=0.1, rotation=15.0),
        deviations="The last layer's kernel is decayed as well.",
        published=(
            Published(
                "CIFAR-10 test accuracy to reach", 85, "MLPerf Tiny's rules", "resnet8"
            ),
        ),
        **CIFAR10,
    ),
)
