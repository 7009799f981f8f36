"""Inception-ResNet: the specification, and what draws a network of it."""

import dataclasses

import keras

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.layers import InceptionResidualBlock, linear_survival_probabilities
from keras_resnet.layers.chain import apply_layers
from keras_resnet.layers.data_format import channel_axis
from keras_resnet.layers.inception_convolution import inception_convolution
from keras_resnet.models.ends import draw_head, normalized, selected
from keras_resnet.models.family import Family
from keras_resnet.models.form import FIXED_STRIDE, Form
from keras_resnet.models.inception_specification import (
    FIRST_STAGE,
    STAGES,
    InceptionSpecification,
    stage_names,
)
from keras_resnet.models.inception_tables import (
    ROWS,
    Convolution,
    Pool,
    Sequence,
)
from keras_resnet.models.network import check_positive_integers


@dataclasses.dataclass(frozen=True, kw_only=True)
class InceptionResNetSpecification(InceptionSpecification):
    """A network of Inception-ResNet's kind, from which a model can be assembled.

    Its attributes beside those of `InceptionSpecification`:

    Attributes:
        depths: Residual blocks on the maps of 35, 17 and 8 pixels a side.
        scales: Scale of the residual branches of each.
        mixed: Branches between the stem and the first block; none for `()`.
        linear_end: Whether one more block follows the last, not scaled and
            without an activation.
        last_width: Channels of a 1x1 convolution after the last block; `None`
            for none.

    Raises:
        ValueError: If the network cannot be assembled.
        TypeError: If a number is not one.
    """

    depths: tuple[int, ...]
    mixed: tuple[Sequence, ...] = ()
    scales: tuple[float, ...] = (0.17, 0.10, 0.20)
    linear_end: bool = False
    last_width: int | None = None

    def __post_init__(self):
        """Refuse what cannot be assembled."""
        super().__post_init__()
        check_positive_integers("depths", self.depths)
        for field in ("depths", "widths", "scales"):
            if len(getattr(self, field)) != len(STAGES):
                raise ValueError(
                    f"`{field}` must have one entry for each of {len(STAGES)} stages. "
                    f"Received: {field}={getattr(self, field)!r}"
                )
        check_choice("linear_end", self.linear_end, (False, True))
        if self.last_width is not None:
            check_positive_integer("last_width", self.last_width)
        self.check_parts()


def block_count(specification: InceptionResNetSpecification) -> int:
    """Count the residual blocks."""
    return sum(specification.depths) + specification.linear_end


def make_blocks(
    specification: InceptionResNetSpecification, form: Form
) -> list[list[InceptionResidualBlock]]:
    """Make the residual blocks, a list for every stage."""
    survival = iter(
        linear_survival_probabilities(
            block_count(specification), form.survival_probability
        )
    )
    stages = []
    for (kind, name, _), depth, widths, scale in zip(
        STAGES,
        specification.depths,
        specification.widths,
        specification.scales,
        strict=True,
    ):
        scales = [scale] * depth
        if kind == STAGES[-1][0] and specification.linear_end:
            scales.append(1.0)
        stages.append(
            [
                InceptionResidualBlock(
                    kind,
                    tuple(tuple(map(specification.width, each)) for each in widths),
                    scale=each_scale,
                    activated=position <= depth,
                    survival_probability=next(survival),
                    stochastic_depth_mode=form.stochastic_depth_mode,
                    activation=specification.activation,
                    epsilon=specification.epsilon,
                    momentum=specification.momentum,
                    kernel_initializer=specification.kernel_initializer,
                    remat=form.remat,
                    name=f"{name}_{position}",
                )
                for position, each_scale in enumerate(scales, start=1)
            ]
        )
    return stages


class Drawing:
    """Draws the parts of a network that are no residual blocks.

    Args:
        specification: The network.
    """

    def __init__(self, specification: InceptionResNetSpecification):
        self.specification = specification

    def convolution(self, x, step: Convolution, name: str, **names):
        """Draw a convolution and what follows it."""
        specification = self.specification
        layers = inception_convolution(
            specification.width(step.filters),
            step.kernel_size,
            stride=step.stride,
            padding=step.padding,
            activation=specification.activation,
            epsilon=specification.epsilon,
            momentum=specification.momentum,
            kernel_initializer=specification.kernel_initializer,
            name=name,
            **names,
        )
        return apply_layers(layers, x)

    def stem(self, x):
        """Draw the stem.

        Returns:
            Its output, and the last map of each larger size, by name.
        """
        stages, convolutions, pools, halved = {}, 0, 0, 0
        for step in self.specification.stem:
            if step.stride > 1:
                if halved:
                    stages[f"C{halved}"] = x
                halved += 1
            if isinstance(step, Pool):
                pools += 1
                x = step.layer(f"stem_pool{pools}")(x)
            else:
                convolutions += 1
                x = self.convolution(x, step, f"stem_{convolutions}")
        return x, stages

    def branches(self, x, branches: tuple[Sequence, ...], name: str):
        """Draw branches side by side and concatenate what they return."""
        ends = []
        for number, steps in enumerate(branches):
            y, convolutions = x, 0
            for step in steps:
                if isinstance(step, Pool):
                    y = step.layer(f"{name}_branch{number}_pool")(y)
                    continue
                convolutions += 1
                y = self.convolution(y, step, f"{name}_branch{number}_{convolutions}")
            ends.append(y)
        return keras.layers.Concatenate(axis=channel_axis(), name=name)(ends)


def assemble(specification: InceptionResNetSpecification, images, form: Form):
    """Draw a network; see `Family.assemble`."""
    blocks_of_stages = make_blocks(specification, form)
    drawing = Drawing(specification)
    x = normalized(images, specification) if form.include_preprocessing else images
    x, stages = drawing.stem(x)
    if specification.mixed:
        x = drawing.branches(x, specification.mixed, "mixed_5b")
    reductions = iter(specification.reductions)
    for number, (blocks, (_, _, reduction)) in enumerate(
        zip(blocks_of_stages, STAGES, strict=True), FIRST_STAGE
    ):
        for block in blocks:
            x = block(x) if form.nested else block.call(x)
        stages[f"C{number}"] = x
        if reduction is not None:
            x = drawing.branches(x, next(reductions), reduction)
    if specification.last_width is not None:
        last = Convolution(specification.last_width, 1)
        x = drawing.convolution(x, last, "conv_7b", convolution_name="conv_7b")
    if form.features is not None:
        # The last stage is complete with what the network ends in.
        stages[f"C{number}"] = x
        return selected(stages, form.features), x
    x = draw_head(x, form, specification.dropout_rate)
    return x, x


SPECIFICATIONS = tuple(InceptionResNetSpecification(**row) for row in ROWS)

FAMILY = Family(
    specification=InceptionResNetSpecification,
    rows=SPECIFICATIONS,
    stage_names=stage_names,
    block_count=block_count,
    assemble=assemble,
    lacks={"output_stride": FIXED_STRIDE},
)
