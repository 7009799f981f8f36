"""Noticing a converted model that no longer tells classes apart."""

import numpy as np

# Fewer images than this say nothing about a collapse.
FEWEST_IMAGES = 10
# A file that answers one class for everything may be right about a dataset
# of hardly anything else.
HARMLESS_AGREEMENT = 0.95
# A lead of the best class, in units of the output, below which two networks
# that differ by rounding may well disagree.
CLEAR_LEAD = 0.1
# And this many steps of the file's output, to survive its rounding.
CLEAR_STEPS = 2


class VerificationError(RuntimeError):
    """A converted model does not do what its original does."""


class CollapsedModelError(VerificationError):
    """A converted model predicts one class where its original predicts many."""


def is_clear(reference: np.ndarray, step: float | None) -> np.ndarray:
    """Tell where the original's answer is so clear that the file must share it.

    An untrained network of 1,000 classes gives each about 0.001, less than
    one step of an 8-bit output: that the file then shows a tie is no collapse.

    Args:
        reference: Outputs of the Keras model, `(images, classes)`.
        step: What one step of the file's output is worth; None for a float.

    Returns:
        Boolean array `(images,)`.
    """
    if reference.shape[1] < 2:
        return np.ones(len(reference), bool)
    second, best = np.sort(reference, axis=1)[:, -2:].T
    return best - second > max(CLEAR_LEAD, CLEAR_STEPS * (step or 0.0))


def check_finite(outputs: np.ndarray, what: str) -> None:
    """Refuse outputs that are not finite numbers.

    Raises:
        VerificationError: If one is infinite or not a number.
    """
    if not np.isfinite(outputs).all():
        raise VerificationError(
            f"{what} returns numbers that are infinite or not a number."
        )


def check_collapse(
    reference_classes: np.ndarray,
    file_classes: np.ndarray,
    clear: np.ndarray,
    what: str,
) -> None:
    """Refuse a file that predicts one class where the original predicts many.

    Args:
        reference_classes: Classes that the Keras model predicts, `(images,)`.
        file_classes: Classes that the file predicts, `(images,)`.
        clear: Which images count (`is_clear`), `(images,)`.
        what: The file, as the error shall call it.

    Raises:
        CollapsedModelError: If it has collapsed.
    """
    reference_classes = reference_classes[clear]
    file_classes = file_classes[clear]
    if len(file_classes) < FEWEST_IMAGES:
        return
    expected = np.unique(reference_classes)
    predicted = np.unique(file_classes)
    agreement = np.mean(reference_classes == file_classes)
    if len(predicted) == 1 and len(expected) > 1 and agreement < HARMLESS_AGREEMENT:
        raise CollapsedModelError(
            f"{what} has collapsed: it predicts class {predicted[0]} for all "
            f"{len(file_classes)} images on which the Keras model is clear, where that "
            f"model predicts {len(expected)} classes (agreement {agreement:.1%})."
        )
