"""How far a layer may move in one step, by the norms of what it is made of."""

from keras import ops


def euclidean_norm(values):
    """Return the L2 norm over all elements, as a float32 scalar."""
    return ops.sqrt(ops.sum(ops.square(ops.cast(values, "float32"))))


def ratio_or_one(numerator, denominator, weight_norm, update_norm):
    """Return `numerator / denominator`, or 1 where a norm is zero.

    A variable that is all zeros would otherwise never move, and one without
    a gradient would divide by zero.

    Args:
        numerator: Scalar tensor.
        denominator: Scalar tensor, positive where both norms are.
        weight_norm: Norm of the variable.
        update_norm: Norm of its gradient or update.
    """
    both = ops.logical_and(weight_norm > 0.0, update_norm > 0.0)
    safe = ops.where(both, denominator, ops.ones_like(denominator))
    return ops.where(both, numerator / safe, ops.ones_like(safe))
