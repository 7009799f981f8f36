"""Resizing and cropping in TensorFlow, to the same bits as Pillow.

`tf.image.resize` filters both sides at once and in floats; Pillow, with which
the published accuracies were measured, filters row by row, rounds to whole
grey levels, and then filters column by column, with weights in fixed point.
On photographs the first differs from Pillow in one pixel of six, and by up to
22 grey levels where a bicubic filter overshoots.
"""

from keras_resnet.preprocessing.sampling import FILTERS, sample_axis
from keras_resnet.weights.card import Evaluation

# Bits after the point of Pillow's weights.
PRECISION = 22


def resize_and_crop(image, evaluation: Evaluation):
    """Bring an image to the size at which it is evaluated.

    Args:
        image: uint8 `tf.Tensor` (height, width, channels).
        evaluation: How it is brought to size.

    Returns:
        uint8 `tf.Tensor` (size, size, channels).
    """
    import tensorflow as tf

    height, width = tf.unstack(tf.shape(image)[:2], 2)
    shorter = tf.minimum(height, width)
    rows, row_weights = _taps(height, shorter, evaluation)
    columns, column_weights = _taps(width, shorter, evaluation)
    # Only the rows that the second pass reads go through the first.
    top = tf.reduce_min(rows)
    x = image[top : tf.reduce_max(rows) + 1]
    # The side that is filtered stands first: long stretches of memory to copy.
    x = _filter(tf.transpose(x, (1, 0, 2)), columns, column_weights)
    x = _filter(tf.transpose(x, (1, 0, 2)), rows - top, row_weights)
    return tf.ensure_shape(x, (evaluation.size, evaluation.size, image.shape[-1]))


def _taps(length, shorter, evaluation: Evaluation):
    """Say which pixels of a side make each of the new ones, and how much.

    Returns:
        Two int32 tensors (taps, size): indices into the side, and weights in
        fixed point.
    """
    import tensorflow as tf

    kernel, reach = FILTERS[evaluation.interpolation]
    resized, offset = sample_axis(length, shorter, evaluation)

    def real(values):
        return tf.cast(values, "float64")

    scale = real(length) / real(resized)
    stretch = tf.maximum(scale, 1.0)
    support = reach * stretch
    center = (real(offset + tf.range(evaluation.size)) + 0.5) * scale
    first = tf.maximum(tf.cast(tf.floor(center - support + 0.5), "int32"), 0)
    end = tf.minimum(tf.cast(tf.floor(center + support + 0.5), "int32"), length)
    indices = first + tf.range(tf.reduce_max(end - first))[:, None]
    weights = kernel((real(indices) + 0.5 - center) / stretch)
    weights = tf.where(indices < end, weights, tf.zeros_like(weights))
    weights = weights / tf.reduce_sum(weights, axis=0) * 2.0**PRECISION
    # The cast goes towards 0, so this rounds halves away from it.
    weights = tf.cast(weights + tf.sign(weights) / 2, "int32")
    return tf.minimum(indices, length - 1), weights


def _filter(x, indices, weights):
    import tensorflow as tf

    shape = tf.concat([tf.shape(indices)[1:], tf.shape(x)[1:]], axis=0)
    half = tf.fill(shape, 1 << (PRECISION - 1))

    # One tap at a time: all of them at once would hold a large image many
    # times over.
    def add_tap(tap, total):
        pixels = tf.cast(tf.gather(x, indices[tap]), "int32")
        return tap + 1, total + pixels * weights[tap][:, None, None]

    _, total = tf.while_loop(
        lambda tap, _: tap < tf.shape(indices)[0], add_tap, (0, half)
    )
    levels = tf.bitwise.right_shift(total, PRECISION)
    return tf.cast(tf.clip_by_value(levels, 0, 255), "uint8")
