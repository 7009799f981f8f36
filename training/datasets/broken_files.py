"""Naming the image file that made a training stop."""

import contextlib
from collections.abc import Iterator

from keras_resnet.training.datasets.dataset import Split
from keras_resnet.wording import counted

NAMED_AT_MOST = 10
# What to do about it.
IN_TRAINING = (
    "Started again, the training leaves them out; without them it is another one, "
    "which --allow_changes accepts."
)
IN_MEASURING = "Started again, the measurement leaves them out."
IN_EVALUATION = "Started again, the evaluation leaves them out."


@contextlib.contextmanager
def naming_unreadable(split: Split, advice: str = IN_TRAINING) -> Iterator[None]:
    """Name the files if reading the images of `split` fails within.

    Every file could be decoded when the dataset was loaded. One that was
    deleted or damaged since makes TensorFlow fail, without its name. The files
    that changed are then looked at again.

    Args:
        split: The images.
        advice: What to say besides. Defaults to what a training does.

    Raises:
        OSError: If files cannot be read any more.
    """
    import tensorflow as tf

    try:
        yield
    except (
        tf.errors.InvalidArgumentError,
        tf.errors.NotFoundError,
        tf.errors.PermissionDeniedError,
        # It is a folder now.
        tf.errors.FailedPreconditionError,
        tf.errors.DataLossError,
        tf.errors.UnknownError,
    ) as error:
        lines = split.unreadable() if split.unreadable else []
        if not lines:
            raise
        named = "\n".join(f"  {line}" for line in lines[:NAMED_AT_MOST])
        more = len(lines) - NAMED_AT_MOST
        rest = f"\n  and {more:,} more" if more > 0 else ""
        raise OSError(
            f"{counted(len(lines), 'image file')} can no longer be read:\n{named}{rest}"
            f"\n{advice}"
        ) from error
