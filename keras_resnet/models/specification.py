"""What a residual network is, as data."""

import dataclasses

from keras_resnet.arguments import check_choice
from keras_resnet.layers import (
    BasicBlock,
    Block,
    BottleneckBlock,
    PreactivationBasicBlock,
    PreactivationBottleneckBlock,
    WideBlock,
)

BLOCKS: dict[str, type[Block]] = {
    "basic": BasicBlock,
    "bottleneck": BottleneckBlock,
    "preactivation_basic": PreactivationBasicBlock,
    "preactivation_bottleneck": PreactivationBottleneckBlock,
    "wide": WideBlock,
}
STEMS = ("imagenet", "cifar")


@dataclasses.dataclass(frozen=True)
class Normalization:
    """How raw RGB pixels, 0 to 255, become a network's input.

    Attributes:
        mean: One number, or one an output channel, in the units of a pixel.
        standard_deviation: Likewise.
        reverse_channels: Whether RGB becomes BGR first.
    """

    mean: float | tuple[float, ...] = 0.0
    standard_deviation: float | tuple[float, ...] = 1.0
    reverse_channels: bool = False


@dataclasses.dataclass(frozen=True)
class Specification:
    """A residual network from which a model can be assembled.

    Attributes:
        name: What `create_model` calls it.
        title: What people call it, one line.
        source: Paper or definition, with section or table.
        block: Key of `BLOCKS`.
        depths: Blocks in each stage.
        widths: Channels of the 3x3 convolutions of each stage.
        strides: Stride of the first block of each stage.
        stem: `"imagenet"` (7x7 convolution and max-pool, both with stride 2)
            or `"cifar"` (3x3 convolution).
        stem_width: Channels of the stem.
        stride_placement: Where a bottleneck has its stride, `"1x1"` or
            `"3x3"`.
        shortcut: `"A"`, `"B"` or `"C"`.
        projection_batch_norm: Whether a projection ends in batch
            normalization; `None` for the block's own rule.
        activation: Name of the activation.
        use_bias: Whether the convolutions have a bias.
        epsilon: Of batch normalization.
        momentum: Of its moving averages, in Keras's sense.
        zero_last_gamma: Whether residual branches start at zero.
        strided_padding: `"symmetric"` or `"same"` (see `Block`).
        kernel_initializer: Of the convolutions.
        dropout_rate: Inside the blocks, where the block has dropout.
        input_size: Height and width that the network was made for.
        minimum_size: Smallest height and width accepted.
        classes: Classes that the network was made for.
        normalization: Of raw pixels, for `include_preprocessing`.
    """

    name: str
    title: str
    source: str
    block: str
    depths: tuple[int, ...]
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    stem: str
    stem_width: int
    stride_placement: str = "3x3"
    shortcut: str = "B"
    projection_batch_norm: bool | None = None
    activation: str = "relu"
    use_bias: bool = False
    epsilon: float = 1e-5
    momentum: float = 0.9
    zero_last_gamma: bool = False
    strided_padding: str = "symmetric"
    kernel_initializer: str = "he_normal"
    dropout_rate: float = 0.0
    input_size: int = 224
    minimum_size: int = 32
    classes: int = 1000
    normalization: Normalization = Normalization()

    def __post_init__(self):
        """Refuse what cannot be assembled."""
        check_choice("block", self.block, BLOCKS)
        check_choice("stem", self.stem, STEMS)
        if not len(self.depths) == len(self.widths) == len(self.strides) > 0:
            raise ValueError(
                "`depths`, `widths` and `strides` must have one entry a stage. "
                f"Received: depths={self.depths}, widths={self.widths}, "
                f"strides={self.strides}"
            )
