"""The variants of the second paper's tables 1 and 2, and their errors."""

import dataclasses

CONSTANT_SCALING = 0.5


@dataclasses.dataclass(frozen=True)
class BlockVariant:
    """A way to build a residual block.

    Attributes:
        label: What tables call it.
        options: Fields of the specification that make it.
        published: Error of ResNet-110 on CIFAR-10 in per cent, as published;
            None where none is.
        note: What else the paper says of it.
        bound: What the published error is above, in per cent, where the paper
            says no more of it.
    """

    label: str
    options: dict
    published: float | None = None
    note: str = ""
    bound: float | None = None

    @property
    def published_text(self) -> str:
        """What was published, as tables and pictures write it."""
        if self.published is not None:
            return f"{self.published:.2f}"
        return "" if self.bound is None else f"above {self.bound:g}"


SHORTCUTS = (
    BlockVariant("original", {}, 6.61),
    BlockVariant("constant_scaling", {"shortcut_function": "constant_scaling"}, 12.35),
    BlockVariant(
        "exclusive_gating",
        {"shortcut_function": "exclusive_gating"},
        8.70,
        "at the best bias of the gate",
    ),
    BlockVariant(
        "shortcut_only_gating",
        {"shortcut_function": "shortcut_only_gating"},
        6.91,
        "at the best bias of the gate",
    ),
    BlockVariant("convolution", {"shortcut_function": "convolution"}, 12.22),
    BlockVariant(
        "dropout",
        {"shortcut_function": "dropout"},
        note="above 20: does not converge",
        bound=20,
    ),
)
ORDERINGS = (
    SHORTCUTS[0],
    BlockVariant(
        "batch_norm_after_addition", {"ordering": "batch_norm_after_addition"}, 8.17
    ),
    BlockVariant(
        "activation_before_addition", {"ordering": "activation_before_addition"}, 7.84
    ),
    BlockVariant(
        "activation_only_preactivation",
        {"ordering": "activation_only_preactivation"},
        6.71,
    ),
    BlockVariant("full_preactivation", {"ordering": "full_preactivation"}, 6.37),
)
TABLES = {"shortcuts": SHORTCUTS, "activations": ORDERINGS}
SOURCE = "He et al. 2016, tables 1 and 2, ResNet-110"
