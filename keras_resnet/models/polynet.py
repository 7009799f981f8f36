"""PolyNet: the specification, what draws a network of it, and the family's rows."""

import dataclasses
import itertools

from keras_resnet.arguments import check_choice
from keras_resnet.layers import PolyInceptionBlock, linear_survival_probabilities
from keras_resnet.layers.poly_inception import POLYNOMIALS, SHARINGS
from keras_resnet.models.ends import draw_head, normalized, selected
from keras_resnet.models.family import Family
from keras_resnet.models.form import FIXED_STRIDE, Form
from keras_resnet.models.inception_resnet import Drawing
from keras_resnet.models.inception_specification import (
    FIRST_STAGE,
    STAGES,
    InceptionSpecification,
    first_branch,
    stage_names,
)
from keras_resnet.models.inception_tables import (
    HALVING_POOL,
    VERSION_2,
    Convolution,
    halved,
    one_by_one,
)
from keras_resnet.normalization import TORCH


@dataclasses.dataclass(frozen=True, kw_only=True)
class PolyNetSpecification(InceptionSpecification):
    """A network of PolyNet's kind, from which a model can be assembled.

    Its attributes beside those of `InceptionSpecification`:

    Attributes:
        units: Polynomial of every unit (see `PolyInceptionBlock`), a tuple
            for each of the three stages.
        sharing: What the orders of a unit share, `"convolutions"` or
            `"function"` (see `PolyInceptionBlock`).
        scales: Scale of the first and of the last unit; between them it
            changes linearly.

    Raises:
        ValueError: If the network cannot be assembled.
        TypeError: If a number is not one.
    """

    units: tuple[tuple[str, ...], ...]
    sharing: str = "convolutions"
    scales: tuple[float, float] = (1.0, 0.7)

    def __post_init__(self):
        """Refuse what cannot be assembled."""
        super().__post_init__()
        for field in ("units", "widths"):
            value = getattr(self, field)
            if len(value) != len(STAGES) or not all(value):
                raise ValueError(
                    f"`{field}` must have one entry or more for each of {len(STAGES)} "
                    f"stages. Received: {field}={value!r}"
                )
        for unit in itertools.chain.from_iterable(self.units):
            check_choice("units", unit, POLYNOMIALS, noun="unit")
        check_choice("sharing", self.sharing, SHARINGS)
        if len(self.scales) != 2:
            raise ValueError(
                "`scales` must be those of the first and of the last unit. "
                f"Received: scales={self.scales!r}"
            )
        self.check_parts()


def block_count(specification: PolyNetSpecification) -> int:
    """Count the residual functions that are computed."""
    return sum(
        POLYNOMIALS[unit].paths for units in specification.units for unit in units
    )


def unit_scales(specification: PolyNetSpecification) -> list[float]:
    """Say the scale of every unit, in order."""
    first, last = specification.scales
    count = sum(map(len, specification.units))
    step = (last - first) / max(1, count - 1)
    return [first + number * step for number in range(count)]


def make_blocks(
    specification: PolyNetSpecification, form: Form
) -> list[list[PolyInceptionBlock]]:
    """Make the units, a list for every stage."""
    scales = unit_scales(specification)
    survival = linear_survival_probabilities(len(scales), form.survival_probability)
    each = zip(scales, survival, strict=True)
    stages = []
    for (kind, name, _), units, widths in zip(
        STAGES, specification.units, specification.widths, strict=True
    ):
        stage = []
        for position, unit in enumerate(units, start=1):
            scale, probability = next(each)
            stage.append(
                PolyInceptionBlock(
                    unit,
                    kind,
                    tuple(tuple(map(specification.width, w)) for w in widths),
                    sharing=specification.sharing,
                    scale=scale,
                    survival_probability=probability,
                    stochastic_depth_mode=form.stochastic_depth_mode,
                    activation=specification.activation,
                    epsilon=specification.epsilon,
                    momentum=specification.momentum,
                    kernel_initializer=specification.kernel_initializer,
                    remat=form.remat,
                    name=f"{name}_{position}",
                )
            )
        stages.append(stage)
    return stages


class PolyDrawing(Drawing):
    """Draws the parts of a network that are no units.

    Args:
        specification: The network.
    """

    def convolution(self, x, step, name, **names):
        """Draw a convolution and what follows it."""
        return super().convolution(x, step, name, scaled=True, **names)

    def stem(self, x):
        """Draw the stem.

        Returns:
            Its output, and the last map of each larger size, by name.
        """
        stages, halvings = {}, 0
        for number, part in enumerate(self.specification.stem, start=1):
            if any(step.stride > 1 for step in first_branch(part)):
                if halvings:
                    stages[f"C{halvings}"] = x
                halvings += 1
            if isinstance(part, tuple):
                x = self.branches(x, part, f"stem_{number}")
            else:
                x = self.convolution(x, part, f"stem_{number}")
        return x, stages


def assemble(specification: PolyNetSpecification, images, form: Form):
    """Draw a network; see `Family.assemble`."""
    blocks_of_stages = make_blocks(specification, form)
    drawing = PolyDrawing(specification)
    x = normalized(images, specification) if form.include_preprocessing else images
    x, stages = drawing.stem(x)
    reductions = iter(specification.reductions)
    for number, (blocks, (_, _, reduction)) in enumerate(
        zip(blocks_of_stages, STAGES, strict=True), FIRST_STAGE
    ):
        for block in blocks:
            x = block(x) if form.nested else block.call(x)
        stages[f"C{number}"] = x
        if reduction is not None:
            x = drawing.branches(x, next(reductions), reduction)
    if form.features is not None:
        return selected(stages, form.features), x
    x = draw_head(x, form, specification.dropout_rate)
    return x, x


# The stem of Inception-v4 (Szegedy et al. 2016, figure 3), and its reductions.
STEM = (
    halved(32),
    Convolution(32, padding="valid"),
    Convolution(64),
    ((HALVING_POOL,), (halved(96),)),
    (
        (one_by_one(64), Convolution(96, padding="valid")),
        (
            one_by_one(64),
            Convolution(64, (7, 1)),
            Convolution(64, (1, 7)),
            Convolution(96, padding="valid"),
        ),
    ),
    ((HALVING_POOL,), (halved(192),)),
)
REDUCTIONS = (
    (
        (one_by_one(256), Convolution(256), halved(384)),
        (halved(384),),
        (HALVING_POOL,),
    ),
    (
        (one_by_one(256), Convolution(256), halved(256)),
        (one_by_one(256), halved(256)),
        (one_by_one(256), halved(384)),
        (HALVING_POOL,),
    ),
)

SPECIFICATIONS = (
    PolyNetSpecification(
        name="polynet",
        function="PolyNet",
        title="Very Deep PolyNet",
        source="Zhang et al. 2017 (PolyNet), section 4; as in the released network",
        units=(
            ("2-way",) * 10,
            ("poly-3", "2-way") * 10,
            ("poly-3", "2-way") * 5,
        ),
        widths=VERSION_2["widths"],
        stem=STEM,
        reductions=REDUCTIONS,
        dropout_rate=0.2,
        input_size=331,
        minimum_size=75,
        normalization=TORCH,
    ),
)

FAMILY = Family(
    specification=PolyNetSpecification,
    rows=SPECIFICATIONS,
    stage_names=stage_names,
    block_count=block_count,
    assemble=assemble,
    lacks={"output_stride": FIXED_STRIDE},
)
