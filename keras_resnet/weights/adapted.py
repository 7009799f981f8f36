"""Saying what was changed for a call."""

import sys
import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1])


class AdaptedWeightsWarning(UserWarning):
    """Says that weights, or the network for them, were changed to fit."""


def say(sentence: str) -> None:
    """Warn at the line of the user's call, each time anew.

    Args:
        sentence: What was changed.
    """
    # A warning that points into this package would be shown for the first
    # call of a process alone.
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, AdaptedWeightsWarning, stacklevel=level)
