"""A convolution of a block, as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution of a block's residual branch.

    Attributes:
        filters: Output channels.
        kernel_size: Height and width of the kernel.
        stride: Stride in height and width.
        groups: Groups that the channels are split into.
    """

    filters: int
    kernel_size: int
    stride: int = 1
    groups: int = 1
