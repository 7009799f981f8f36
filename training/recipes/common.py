"""What the rows of several papers have in common."""

from keras_resnet.training.augmentation import Augmentation

IMAGENET_IMAGES = 1_281_167
CIFAR_IMAGES = 50_000
# Forward, and twice as much backward.
PASSES = 3

# Mean colours of the training images, in 0..255, as the networks subtract them.
CIFAR10_MEAN = (125.307, 122.95, 113.865)
IMAGENET_MEAN = (123.675, 116.28, 103.53)

IMAGENET = {"dataset": "imagenet2012", "image_side": 224}
CIFAR10 = {"dataset": "cifar10", "image_side": 32}

# Four pixels of the mean colour on every side, a random crop, and flips.
CIFAR_AUGMENTATION = Augmentation(padding=4, padding_value=CIFAR10_MEAN, flip=True)
# The crops of Szegedy et al. (2015), and flips.
CROPS_AND_FLIPS = Augmentation(resized_crop=True, flip=True)
# Those and the changes of colour of fb.resnet.torch.
CROPS_FLIPS_AND_COLOR = Augmentation(
    resized_crop=True, flip=True, color_jitter=0.4, lighting=0.1
)
MEAN_AFTER_CROP = (
    "The mean image is subtracted after the crop, within the network, and pixels are "
    "divided by the standard deviation of their channel."
)
CROPS_OF_TENSORFLOW = (
    "The area of a crop is uniform; TensorFlow's operation, which that code crops "
    "with, draws the height uniformly instead, so that crops are smaller."
)
ALL_IMAGES = "All 50,000 training images are trained on."


def cost(network: str, epochs: int, images: int, macs: float) -> str:
    """Say what a run costs.

    Args:
        network: The network, as a reader knows it.
        epochs: Passes over the images.
        images: Images of a pass.
        macs: Multiplications with an addition each that one image takes
            forward.
    """
    total = PASSES * epochs * images * macs
    return (
        f"{network}: {epochs} epochs of {images:,} images, {macs / 1e6:,.4g} million "
        f"MACs each forward, {total:.1e} in all with the backward passes."
    )
