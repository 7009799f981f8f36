"""The CIFAR networks, as rows of tables."""

from keras_resnet.models.specification import Specification
from keras_resnet.normalization import Normalization

# Mean and standard deviation of CIFAR-10's training images, by channel.
CIFAR10 = Normalization(
    mean=(125.307, 122.950, 113.865), standard_deviation=(62.993, 62.089, 66.705)
)
CIFAR = {
    "strides": (1, 2, 2),
    "stem": "cifar",
    "stem_width": 16,
    "input_size": 32,
    "minimum_size": 8,
    "classes": 10,
    "normalization": CIFAR10,
}
NARROW = {"widths": (16, 32, 64), **CIFAR}
STAGES = 3


def blocks_per_stage(depth: int, block: str, outside: int) -> tuple[int, ...]:
    """Divide a depth over three stages of blocks.

    Args:
        depth: Weighted layers of the network.
        block: `"basic"` or `"wide"` (two convolutions) or `"bottleneck"`
            (three).
        outside: Weighted layers outside of the blocks.

    Raises:
        ValueError: If the depth does not divide.
    """
    convolutions = 3 if block == "bottleneck" else 2
    each, rest = divmod(depth - outside, STAGES * convolutions)
    if rest or each < 1:
        form = f"{STAGES * convolutions}n + {outside}"
        raise ValueError(
            f"The depth of a network of {block} blocks in three stages must be {form} "
            f"with n of at least 1. Received: depth={depth!r}"
        )
    return (each,) * STAGES


RESNET = tuple(
    Specification(
        name=f"resnet{depth}",
        function=f"ResNet{depth}",
        title=f"ResNet-{depth} for CIFAR-10",
        source="He et al. 2015, section 4.2",
        block="basic",
        depths=blocks_per_stage(depth, "basic", 2),
        shortcut="A",
        **NARROW,
    )
    for depth in (20, 32, 44, 56, 110, 1202)
)

PLAIN = tuple(
    Specification(
        name=f"plain{depth}",
        function=f"Plain{depth}",
        title=f"plain-{depth} for CIFAR-10",
        source="He et al. 2015, section 4.2",
        block="basic",
        depths=blocks_per_stage(depth, "basic", 2),
        shortcut="none",
        **NARROW,
    )
    for depth in (20, 32, 44, 56)
)

PREACTIVATION = tuple(
    Specification(
        name=f"preactivation_resnet{depth}",
        function=f"PreactivationResNet{depth}",
        title=f"pre-activation ResNet-{depth} for CIFAR-10",
        source="He et al. 2016, section 4 and tables 2 and 3",
        block=block,
        depths=blocks_per_stage(depth, block, 2),
        ordering="full_preactivation",
        **NARROW,
    )
    for depth, block in ((110, "basic"), (164, "bottleneck"), (1001, "bottleneck"))
)

RESNEXT = tuple(
    Specification(
        name=f"resnext29_{groups}x64d",
        function=f"ResNeXt29_{groups}x64d",
        title=f"ResNeXt-29 {groups}x64d for CIFAR-10",
        source="Xie et al. 2017, section 5.3 and table 7",
        block="bottleneck",
        depths=blocks_per_stage(29, "bottleneck", 2),
        widths=(64, 128, 256),
        groups=groups,
        width_per_group=64,
        **{**CIFAR, "stem_width": 64},
    )
    for groups in (8, 16)
)


def wide(depth: int, widening_factor: int) -> Specification:
    """Specify the wide network of a depth and a widening factor, WRN-depth-k.

    Args:
        depth: 6n + 4 weighted layers.
        widening_factor: k, at least 1.

    Raises:
        ValueError: If the depth is not of that form or k below 1.
    """
    return Specification(
        name=f"wrn_{depth}_{widening_factor}",
        function=f"WRN_{depth}_{widening_factor}",
        title=f"WRN-{depth}-{widening_factor} for CIFAR-10",
        source="Zagoruyko & Komodakis 2016, table 1",
        block="wide",
        depths=blocks_per_stage(depth, "wide", 4),
        widths=tuple(16 * widening_factor * 2**stage for stage in range(STAGES)),
        ordering="full_preactivation",
        **CIFAR,
    )


WIDE = tuple(wide(*size) for size in ((16, 4), (16, 8), (28, 10), (40, 2), (40, 4)))

SPECIFICATIONS = (*RESNET, *PLAIN, *PREACTIVATION, *WIDE, *RESNEXT)
