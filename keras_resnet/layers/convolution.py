"""A convolution, as data."""

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


def has_bias(use_bias: bool | str, normalized: bool) -> bool:
    """Tell whether a convolution has a bias.

    Args:
        use_bias: `True`, `False`, or `"unnormalized"`.
        normalized: Whether batch normalization follows the convolution.
    """
    return use_bias is True or (use_bias == "unnormalized" and not normalized)
