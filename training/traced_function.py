"""Functions of a training that TensorFlow traces."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def traced(function: Callable) -> "tf.types.experimental.PolymorphicFunction":
    """Have TensorFlow trace a function that one training or evaluation calls.

    Python control flow is followed while tracing, and shapes that differ are
    traced for any.

    Args:
        function: Takes and returns tensors, or structures of them.
    """
    import tensorflow as tf

    compiled = tf.function(function, autograph=False, reduce_retracing=True)
    # TensorFlow warns of a function that is traced again and again, and knows it
    # by an identity that the function of an earlier training may have had.
    compiled._omit_frequent_tracing_warning = True
    return compiled
