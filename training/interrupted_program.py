"""What programs that train say when they were told to stop."""

import sys

from keras_resnet.training.interruption import TrainingInterrupted


def tell_interrupted(interrupted: TrainingInterrupted, again: str = "again") -> int:
    """Say what is kept of a training that was told to stop.

    Args:
        interrupted: What it raised.
        again: How the same command continues it. Defaults to `"again"`.

    Returns:
        The exit status: 128 and the number of the signal.
    """
    print(
        f"\nInterrupted. {interrupted} Run the same command {again} to continue.",
        file=sys.stderr,
    )
    return interrupted.exit_status
