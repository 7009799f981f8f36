"""The two residual blocks of the first paper, and their pre-activation form."""

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.layers.block import Block
from keras_resnet.layers.convolution import Convolution
from keras_resnet.layers.registration import serializable

STRIDE_PLACEMENTS = ("1x1", "3x3")
# Width of a group that keeps a bottleneck's inner width equal to `filters`.
FULL_WIDTH = 64


def check_inner_width(filters: int, width_per_group: int) -> None:
    """Refuse a bottleneck whose inner width is not an integer.

    Raises:
        ValueError: If it is not.
    """
    if filters * width_per_group % FULL_WIDTH:
        raise ValueError(
            f"`filters * width_per_group` must be a multiple of {FULL_WIDTH}, so "
            "that the inner width is an integer. "
            f"Received: filters={filters}, width_per_group={width_per_group}"
        )


@serializable
class BasicBlock(Block):
    """Two 3x3 convolutions beside a shortcut (He et al. 2015, figure 5, left).

    See `Block` for the arguments.
    """

    def convolutions(self):
        """Two 3x3 convolutions, the first with the stride."""
        return (
            Convolution(self.filters, 3, self.stride),
            Convolution(self.filters, 3),
        )


@serializable
class BottleneckBlock(Block):
    """1x1, 3x3 and 1x1 convolutions, four times as wide at its ends.

    He et al. 2015, figure 5, right; with groups the block of ResNeXt (Xie et
    al. 2017, figure 3 (c)), with a wider group that of the wide bottleneck
    (Zagoruyko & Komodakis 2016, table 8).

    Args:
        filters: A quarter of the output channels.
        stride: Stride in height and width. Defaults to `1`.
        stride_placement: `"1x1"`, the stride on the first convolution (version
            1), or `"3x3"`, on the second (version 1.5). Defaults to `"3x3"`.
        groups: Groups of the 3x3 convolution, the cardinality. Defaults to
            `1`.
        width_per_group: Width of a group where `filters` is 64; the inner
            width is `filters * width_per_group / 64 * groups`. Defaults to
            `64`.
        **kwargs: Arguments of `Block`.

    Raises:
        ValueError: If the inner width is not a positive integer.
    """

    expansion = 4
    ARGUMENTS = (*Block.ARGUMENTS, "stride_placement", "groups", "width_per_group")

    def __init__(
        self,
        filters,
        stride=1,
        *,
        stride_placement="3x3",
        groups=1,
        width_per_group=FULL_WIDTH,
        **kwargs,
    ):
        super().__init__(filters, stride, **kwargs)
        self.stride_placement = check_choice(
            "stride_placement", stride_placement, STRIDE_PLACEMENTS
        )
        self.groups = check_positive_integer("groups", groups)
        self.width_per_group = check_positive_integer(
            "width_per_group", width_per_group
        )
        check_inner_width(filters, width_per_group)

    @property
    def inner_width(self) -> int:
        """Channels of the 3x3 convolution."""
        return self.filters * self.width_per_group // FULL_WIDTH * self.groups

    def convolutions(self):
        """1x1, 3x3 and 1x1, one of the first two with the stride."""
        first = self.stride if self.stride_placement == "1x1" else 1
        return (
            Convolution(self.inner_width, 1, first),
            Convolution(self.inner_width, 3, self.stride // first, self.groups),
            Convolution(self.output_channels, 1),
        )


@serializable
class PreactivationBasicBlock(BasicBlock):
    """`BasicBlock` in the full pre-activation ordering (He et al. 2016).

    A projection takes the activated input, an identity the input itself, and
    nothing follows the addition; a network of such blocks ends in one more
    batch normalization and activation. See `Block` for the arguments.
    """

    default_ordering = "full_preactivation"


@serializable
class PreactivationBottleneckBlock(BottleneckBlock):
    """`BottleneckBlock` in the full pre-activation ordering (He et al. 2016).

    See `PreactivationBasicBlock`, and `BottleneckBlock` for the arguments.
    """

    default_ordering = "full_preactivation"
