"""What happens to gradients between the replicas and the optimizer."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# What Keras's optimizers call to sum gradients over replicas.
REDUCTION = "_all_reduce_sum_gradients"


def sum_over_replicas(tensors: "list[tf.Tensor]") -> "list[tf.Tensor]":
    """Return the sums over all replicas, the same on each; in a replica context."""
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return tensors
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, tensors)


def all_finite(tensors: "list[tf.Tensor]") -> "tf.Tensor":
    """Return whether no element of any tensor is infinite or not a number.

    Of sums over replicas this is the same on all, and false if an element was
    not finite on any: no sum with such an element is finite.
    """
    import tensorflow as tf

    return tf.reduce_all([tf.reduce_all(tf.math.is_finite(t)) for t in tensors])


def clip_global_norm(
    tensors: "list[tf.Tensor]", limit: float, norm: "tf.Tensor | None" = None
) -> "list[tf.Tensor]":
    """Scale all tensors so that their common norm is at most `limit`.

    Pascanu et al. (2013), algorithm 1. Gradients are clipped after they were
    summed over replicas, so that the result does not depend on how many
    there are.

    Args:
        tensors: The tensors.
        limit: Largest norm.
        norm: Their norm, if it is known. Defaults to computing it.
    """
    import tensorflow as tf

    return tf.clip_by_global_norm(tensors, limit, use_norm=norm)[0]


@contextlib.contextmanager
def summed_already(optimizer: "keras.optimizers.Optimizer") -> Iterator[None]:
    """Let `optimizer` take its gradients as they are, without summing them.

    Keras's optimizers sum over replicas last, after clipping and behind what
    looks for an overflow, where each replica sees only its own gradients, and
    nothing public says that they are summed already.

    Raises:
        RuntimeError: If this version of Keras sums in another place.
    """
    if not callable(getattr(type(optimizer), REDUCTION, None)):
        raise RuntimeError(
            "This version of Keras sums gradients over replicas in a way that is "
            f"unknown here: {type(optimizer).__name__} has no {REDUCTION!r}. Use "
            "Keras 3.15."
        )
    setattr(optimizer, REDUCTION, list)
    try:
        yield
    finally:
        delattr(optimizer, REDUCTION)
