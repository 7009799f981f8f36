"""What programs that train say when they were told to stop."""

import sys

from keras_resnet.training.interruption import TrainingInterrupted


def tell_interrupted(
    interrupted: TrainingInterrupted, again: str | None = "again"
) -> int:
    """Say what is kept of a training that was told to stop.

    Args:
        interrupted: What it raised.
        again: How the same command continues; None if it has nothing left to
            do. Defaults to `"again"`.

    Returns:
        The exit status: 128 and the number of the signal.
    """
    next_step = f" Run the same command {again} to continue." if again else ""
    print(f"\nInterrupted. {interrupted}{next_step}", file=sys.stderr)
    return interrupted.exit_status
