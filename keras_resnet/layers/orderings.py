"""Where normalization and activation stand in a block (He et al. 2016, figure 4)."""

import dataclasses

NORMALIZE, ACTIVATE = "normalize", "activate"


@dataclasses.dataclass(frozen=True)
class Ordering:
    """Where a block normalizes and activates, around its convolutions.

    Attributes:
        before: Steps before the first convolution.
        between: Steps between two convolutions.
        last: Steps after the last convolution.
        joined: Steps after the addition.
    """

    before: tuple[str, ...] = ()
    between: tuple[str, ...] = (NORMALIZE, ACTIVATE)
    last: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()

    @property
    def stem(self) -> tuple[str, ...]:
        """Steps after the convolution of the stem: those no block starts with."""
        return self.between[: len(self.between) - len(self.before)]

    @property
    def end(self) -> tuple[str, ...]:
        """Steps after the last block: those that a next block would start with."""
        return self.before


ORDERINGS: dict[str, Ordering] = {
    # (a)
    "original": Ordering(last=(NORMALIZE,), joined=(ACTIVATE,)),
    # (b)
    "batch_norm_after_addition": Ordering(joined=(NORMALIZE, ACTIVATE)),
    # (c)
    "activation_before_addition": Ordering(last=(NORMALIZE, ACTIVATE)),
    # (d)
    "activation_only_preactivation": Ordering(before=(ACTIVATE,), last=(NORMALIZE,)),
    # (e)
    "full_preactivation": Ordering(before=(NORMALIZE, ACTIVATE)),
}
