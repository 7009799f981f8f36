"""The CIFAR-10 networks of the first paper, as rows of a table."""

from keras_resnet.models.specification import Normalization, Specification

# Mean and standard deviation of CIFAR-10's training images, by channel.
CIFAR10 = Normalization(
    mean=(125.307, 122.950, 113.865), standard_deviation=(62.993, 62.089, 66.705)
)

# Depth 6n + 2: n blocks of two convolutions in each of three stages.
DEPTHS = (20, 56, 110)

SPECIFICATIONS = tuple(
    Specification(
        name=f"resnet{depth}",
        title=f"ResNet-{depth} for CIFAR-10",
        source="He et al. 2015, section 4.2",
        block="basic",
        depths=((depth - 2) // 6,) * 3,
        widths=(16, 32, 64),
        strides=(1, 2, 2),
        stem="cifar",
        stem_width=16,
        shortcut="A",
        input_size=32,
        minimum_size=8,
        classes=10,
        normalization=CIFAR10,
    )
    for depth in DEPTHS
)
