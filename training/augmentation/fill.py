"""What stands where an image has nothing: a grey level or a colour."""

from typing import TYPE_CHECKING

from keras_resnet.arguments import check_interval

if TYPE_CHECKING:
    import tensorflow as tf

Fill = float | tuple[float, ...]


def check_fill(argument: str, value) -> Fill:
    """Accept a grey level, or one level a channel, in 0..255.

    Raises:
        TypeError: If it is not made of numbers.
        ValueError: If a number is out of range or there are none.
    """
    if isinstance(value, tuple):
        if not value:
            raise ValueError(
                f"`{argument}` must have a level for each channel. "
                f"Received: {argument}={value!r}"
            )
        for level in value:
            check_interval(argument, level, 0, 255)
    else:
        check_interval(argument, value, 0, 255)
    return value


def as_color(fill: Fill, channels: int) -> "tf.Tensor":
    """Return a level for each channel, float32 `(channels,)`.

    A colour of another number of channels becomes its average: on grey images
    that is what remains of it.
    """
    import tensorflow as tf

    if isinstance(fill, tuple) and len(fill) == channels:
        return tf.constant(fill, "float32")
    level = sum(fill) / len(fill) if isinstance(fill, tuple) else fill
    return tf.fill((channels,), float(level))
