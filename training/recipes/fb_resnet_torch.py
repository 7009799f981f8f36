"""fb.resnet.torch, the first open training of ResNets on ImageNet."""

from keras_resnet.training.recipes.common import (
    CROPS_FLIPS_AND_COLOR,
    IMAGENET,
    IMAGENET_IMAGES,
    cost,
)
from keras_resnet.training.recipes.figures import top_errors
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.schedules import PiecewiseConstant

SOURCE = "fb.resnet.torch (Gross and Wilber, 2016)"
# Top 1 and top 5.
ERRORS = {
    18: (30.43, 10.76),
    34: (26.73, 8.74),
    50: (24.01, 7.02),
    101: (22.44, 6.21),
    152: (22.16, 6.16),
    200: (21.66, 5.79),
}


def _model(depth: int) -> str:
    """Name the network: its strides are on the 3x3 convolutions, in 200 it is V2."""
    if depth == 200:
        return "resnetv2_200"
    return f"resnet{depth}" if depth < 50 else f"resnet{depth}v1_5"


ROWS = (
    Recipe(
        name="fb_resnet_torch",
        source=(
            f"{SOURCE}: 90 epochs, the rate divided by 10 every 30, Nesterov momentum, "
            "all variables decayed, crops, flips and changes of colour."
        ),
        cost=cost("ResNet-50", 90, IMAGENET_IMAGES, 4.089e9),
        model="resnet50v1_5",
        epochs=90,
        batch_size=256,
        learning_rate=0.1,
        schedule=PiecewiseConstant(boundaries=(30, 60), factors=(1, 0.1, 0.01)),
        nesterov=True,
        weight_decay=1e-4,
        augmentation=CROPS_FLIPS_AND_COLOR,
        deviations=(
            "Crops are resized bilinearly instead of bicubically, and pixels are kept "
            "within 0 to 255 after a change of colour. The logarithm of a crop's "
            "aspect ratio is uniform, not the ratio."
        ),
        published=top_errors(
            {_model(depth): errors for depth, errors in ERRORS.items()},
            f"{SOURCE}, README",
            "1 crop",
        ),
        **IMAGENET,
    ),
)
