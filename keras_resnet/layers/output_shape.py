"""The shape that a stride leaves."""


def strided_shape(input_shape, stride: int, channels: int, channel_axis: int) -> tuple:
    """Shape of a batch of images after a padded stride.

    Args:
        input_shape: (batch, height, width, channels), or channels first; an
            entry may be `None`.
        stride: Stride in height and width.
        channels: Channels afterwards.
        channel_axis: Axis of the channels.

    Returns:
        (batch, ceil(height / stride), ceil(width / stride), channels), or
        channels first.
    """
    shape = [
        size if size is None or axis == 0 else -(-size // stride)
        for axis, size in enumerate(input_shape)
    ]
    shape[channel_axis] = channels
    return tuple(shape)
