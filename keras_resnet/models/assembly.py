"""The functions that assemble a residual network from its specification."""

from keras_resnet.arguments import check_choice
from keras_resnet.layers import (
    ORDERINGS,
    Block,
    BottleneckBlock,
    WideBlock,
    linear_survival_probabilities,
)
from keras_resnet.models.ends import draw_head, normalized, selected
from keras_resnet.models.form import NO_SHORTCUTS, Form
from keras_resnet.models.levels import make_levels
from keras_resnet.models.specification import BLOCKS, Specification
from keras_resnet.models.stems import draw_stem, draw_steps, stem_stride

# Fields of a specification that are arguments of every block.
BLOCK_FIELDS = (
    "ordering",
    "shortcut",
    "shortcut_function",
    "projection_batch_norm",
    "squeeze_excite_ratio",
    "residual_functions",
    "activation",
    "use_bias",
    "epsilon",
    "momentum",
    "zero_last_gamma",
    "padding",
    "kernel_initializer",
)
BOTTLENECK_FIELDS = ("stride_placement", "groups", "width_per_group")
WIDE_FIELDS = ("dropout_rate",)
OUTPUT_STRIDES = (8, 16, 32)
# Stages count from 2, the stem being stage 1 (He et al. 2015, table 1).
FIRST_STAGE = 2


def stage_names(specification: Specification) -> list[str]:
    """Name the stages, `"C1"` for the stem, as `features` takes them."""
    return [f"C{stage}" for stage in range(1, len(specification.depths) + FIRST_STAGE)]


def check_strides(specification: Specification, form: Form) -> None:
    """Refuse a form that needs shortcuts or strides that a network has not.

    Raises:
        ValueError: If the `output_stride` is not among the network's, or
            stochastic depth is wanted of a plain one.
    """
    if specification.shortcut == "none" and form.survival_probability < 1.0:
        raise ValueError(
            f"{specification.title} {NO_SHORTCUTS}. "
            f"Received: survival_probability={form.survival_probability}"
        )
    if form.output_stride is None:
        return
    full = stem_stride(specification)
    possible = [full]
    for stride in specification.strides:
        full *= stride
        possible.append(full)
    possible = sorted({*possible} & {*OUTPUT_STRIDES})
    if not possible:
        raise ValueError(
            f"The stride of {specification.title} cannot be changed: its last map is "
            f"{full} times smaller than the image. "
            f"Received: output_stride={form.output_stride}"
        )
    check_choice("output_stride", form.output_stride, possible)


def block_strides(specification: Specification, output_stride: int | None):
    """Say the stride and the dilation of every block, stage by stage.

    A stride that would make the map smaller than wanted is left out, and the
    blocks that follow are dilated by it instead (Chen et al. 2017, DeepLab).

    Returns:
        A list of (stride, dilation) for every stage.
    """
    current, dilation, stages = stem_stride(specification), 1, []
    for depth, stage_stride in zip(
        specification.depths, specification.strides, strict=True
    ):
        strided = 0 if specification.strided_block == "first" else depth - 1
        stage = []
        for position in range(depth):
            stride = stage_stride if position == strided else 1
            if output_stride is not None and current * stride > output_stride:
                stage.append((1, dilation))
                dilation *= stride
            else:
                stage.append((stride, dilation))
                current *= stride
        stages.append(stage)
    return stages


def make_stages(specification: Specification, form: Form) -> list[list[Block]]:
    """Make the blocks, a list for every stage."""
    block_class = BLOCKS[specification.block]
    fields = BLOCK_FIELDS
    if issubclass(block_class, BottleneckBlock):
        fields += BOTTLENECK_FIELDS
    if issubclass(block_class, WideBlock):
        fields += WIDE_FIELDS
    shared = {field: getattr(specification, field) for field in fields}
    count, last = sum(specification.depths), form.survival_probability
    survival = iter(
        linear_survival_probabilities(count, last)
        if specification.survival_rule == "linear"
        else (last,) * count
    )
    strides = block_strides(specification, form.output_stride)
    return [
        [
            block_class(
                width,
                stride,
                dilation=dilation,
                survival_probability=next(survival),
                stochastic_depth_mode=form.stochastic_depth_mode,
                remat=form.remat,
                name=f"conv{stage}_block{position}",
                **shared,
            )
            for position, (stride, dilation) in enumerate(stage_strides, start=1)
        ]
        for stage, (width, stage_strides) in enumerate(
            zip(specification.widths, strides, strict=True), start=FIRST_STAGE
        )
    ]


def draw_stages(x, blocks_of_stages, levels, *, nested: bool) -> list:
    """Draw all blocks, and the shortcuts over several of them.

    Args:
        x: What the first block takes.
        blocks_of_stages: The blocks, a list for every stage.
        levels: As `make_levels` returns them, or `None`.
        nested: Whether every block is one layer.

    Returns:
        The last map of every stage.
    """

    def drawn(block, x):
        return block(x) if nested else block.call(x)

    ends, root = [], []
    if levels is not None:
        root = [drawn(levels.root, x)]
    for number, blocks in enumerate(blocks_of_stages):
        over = []
        if levels is not None:
            over = [drawn(levels.stages[number], x)]
        if number == len(blocks_of_stages) - 1:
            over += root
        for block in blocks[:-1]:
            x = drawn(block, x)
        x = drawn(blocks[-1], [x, *over] if over else x)
        ends.append(x)
    return ends


def assemble(specification: Specification, images, form: Form):
    """Draw a network on symbolic images.

    Args:
        specification: The network.
        images: (batch, height, width, channels), or channels first.
        form: How to draw it.

    Returns:
        The output, or a dictionary of the stages that `form.features` names;
        and what the whole network ends in, which a selection of stages may
        leave out.
    """
    # Blocks check their arguments: all of them before the first layer is drawn.
    blocks_of_stages = make_stages(specification, form)
    levels = None
    if specification.level_shortcut is not None:
        levels = make_levels(specification, blocks_of_stages)
    x = normalized(images, specification) if form.include_preprocessing else images
    stages = {}
    stages["C1"], x = draw_stem(x, specification)
    ends = draw_stages(x, blocks_of_stages, levels, nested=form.nested)
    for number, x in enumerate(ends, FIRST_STAGE):
        stages[f"C{number}"] = x
    x = draw_steps(x, specification, ORDERINGS[specification.ordering].end, "post")
    if form.features is None:
        x = draw_head(x, form, specification.classifier_dropout_rate)
        return x, x
    # The last stage is complete with what a pre-activation network ends in.
    stages[f"C{number}"] = x
    return selected(stages, form.features), x
