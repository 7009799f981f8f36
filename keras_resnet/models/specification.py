"""What a residual network is, as data."""

import dataclasses

from keras_resnet.arguments import check_choice, check_interval, check_positive_integer
from keras_resnet.layers import (
    ORDERINGS,
    SHORTCUT_FUNCTIONS,
    SHORTCUTS,
    BasicBlock,
    Block,
    BottleneckBlock,
    WideBlock,
)
from keras_resnet.layers.convolutional_block import BIASES, PADDINGS
from keras_resnet.layers.dropout_rate import check_dropout_rate
from keras_resnet.layers.level_shortcut import LEVEL_SHORTCUTS
from keras_resnet.layers.orderings import NORMALIZE
from keras_resnet.layers.residual import (
    FULL_WIDTH,
    STRIDE_PLACEMENTS,
    check_inner_width,
)
from keras_resnet.models.network import NetworkSpecification

BLOCKS: dict[str, type[Block]] = {
    "basic": BasicBlock,
    "bottleneck": BottleneckBlock,
    "wide": WideBlock,
}
STEMS = ("imagenet", "deep", "cifar")
STEM_POOLS = ("max", "convolution", None)
POOL_PADDINGS = ("zero", "edge")
STRIDED_BLOCKS = ("first", "last")
SURVIVAL_RULES = ("linear", "constant")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Specification(NetworkSpecification):
    """A residual network from which a model can be assembled.

    Its attributes beside those of `NetworkSpecification`:

    Attributes:
        block: Key of `BLOCKS`.
        depths: Blocks in each stage.
        widths: `filters` of each stage's blocks.
        strides: Stride of each stage.
        stem: `"imagenet"` (7x7 convolution with stride 2), `"deep"` (three 3x3
            convolutions, the first with stride 2) or `"cifar"` (3x3).
        stem_width: Channels of the stem's convolution, or of the first two of
            three; the third has the width of the first stage.
        stem_pool: After the stem, `"max"` (3x3, stride 2), `"convolution"`
            (3x3, stride 2) or `None`.
        pool_padding: What the max-pool pads with: `"zero"`, or `"edge"`, which
            is what padding with minus infinity amounts to.
        ordering: Key of `ORDERINGS`.
        stride_placement: Where a bottleneck has its stride, `"1x1"` or
            `"3x3"`.
        strided_block: Which block of a stage has its stride, the `"first"` or
            the `"last"`.
        groups: Groups of a bottleneck's 3x3 convolution.
        width_per_group: See `BottleneckBlock`.
        shortcut: Key of `SHORTCUTS`.
        shortcut_function: Key of `SHORTCUT_FUNCTIONS`.
        projection_batch_norm: Whether a projection ends in batch
            normalization; `None` for the ordering's rule.
        squeeze_excite_ratio: See `Block`.
        residual_functions: k, the residual functions of a block (see `Block`).
        level_shortcut: Key of `SHORTCUTS` for further shortcuts, over every
            stage and over all of them (see `LevelShortcut`); `None` for none.
        use_bias: Whether the convolutions have a bias (see `Block`).
        zero_last_gamma: Whether residual branches start at zero.
        padding: `"symmetric"`, `"explicit"` or `"same"` (see `Block`).
        dropout_rate: Inside wide blocks.
        classifier_dropout_rate: Before the classifier.
        survival_rule: How the survival probabilities go with depth, `"linear"`
            or `"constant"`.

    Raises:
        ValueError: If the network cannot be assembled.
        TypeError: If a number is not one.
    """

    block: str
    depths: tuple[int, ...]
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    stem: str
    stem_width: int
    stem_pool: str | None = None
    pool_padding: str = "zero"
    ordering: str = "original"
    stride_placement: str = "3x3"
    strided_block: str = "first"
    groups: int = 1
    width_per_group: int = FULL_WIDTH
    shortcut: str = "B"
    shortcut_function: str = "identity"
    projection_batch_norm: bool | None = None
    squeeze_excite_ratio: float | None = None
    residual_functions: int = 1
    level_shortcut: str | None = None
    use_bias: bool | str = False
    zero_last_gamma: bool = False
    padding: str = "symmetric"
    dropout_rate: float = 0.0
    classifier_dropout_rate: float = 0.0
    survival_rule: str = "linear"

    def __post_init__(self):
        """Refuse what cannot be assembled."""
        super().__post_init__()
        for field, allowed in (
            ("block", BLOCKS),
            ("stem", STEMS),
            ("stem_pool", STEM_POOLS),
            ("pool_padding", POOL_PADDINGS),
            ("ordering", ORDERINGS),
            ("stride_placement", STRIDE_PLACEMENTS),
            ("strided_block", STRIDED_BLOCKS),
            ("shortcut", SHORTCUTS),
            ("shortcut_function", SHORTCUT_FUNCTIONS),
            ("level_shortcut", (None, *LEVEL_SHORTCUTS)),
            ("use_bias", BIASES),
            ("padding", PADDINGS),
            ("survival_rule", SURVIVAL_RULES),
        ):
            check_choice(field, getattr(self, field), allowed)
        self.check_stages("depths", "widths", "strides")
        for field in ("stem_width", "groups", "width_per_group", "residual_functions"):
            check_positive_integer(field, getattr(self, field))
        check_interval("dropout_rate", self.dropout_rate, 0.0, 1.0)
        check_dropout_rate(self.classifier_dropout_rate, "classifier_dropout_rate")
        if self.squeeze_excite_ratio is not None:
            check_interval(
                "squeeze_excite_ratio",
                self.squeeze_excite_ratio,
                0.0,
                1.0,
                include_low=False,
            )
        self._check_that_parts_fit()

    def _check_that_parts_fit(self):
        for field, block, default in (
            ("groups", "bottleneck", 1),
            ("width_per_group", "bottleneck", FULL_WIDTH),
            ("stride_placement", "bottleneck", "3x3"),
            ("dropout_rate", "wide", 0.0),
        ):
            value = getattr(self, field)
            if self.block != block and value != default:
                raise ValueError(
                    f"Only the block {block!r} has `{field}`. "
                    f"Received: block={self.block!r}, {field}={value!r}"
                )
        if self.block == "bottleneck":
            for width in self.widths:
                check_inner_width(width, self.width_per_group)
        last = ORDERINGS[self.ordering].last[:1]
        if self.zero_last_gamma and last != (NORMALIZE,):
            raise ValueError(
                "`zero_last_gamma` needs an ordering whose residual branch ends in "
                f"batch normalization. Received: ordering={self.ordering!r}, "
                f"zero_last_gamma={self.zero_last_gamma!r}"
            )
        if self.shortcut == "none" and self.level_shortcut is not None:
            raise ValueError(
                "A plain network has no additions for `level_shortcut` to end in. "
                f"Received: shortcut='none', level_shortcut={self.level_shortcut!r}"
            )
        if self.shortcut == "none" and self.shortcut_function != "identity":
            raise ValueError(
                "A plain network has no shortcut to put a function on. Received: "
                f"shortcut='none', shortcut_function={self.shortcut_function!r}"
            )
