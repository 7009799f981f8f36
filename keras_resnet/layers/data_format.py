"""Where the channels of a batch of images stand."""

import keras


def channel_axis(data_format: str | None = None) -> int:
    """Axis of the channels in a batch of images.

    Args:
        data_format: `"channels_last"` or `"channels_first"`. Defaults to
            `keras.config.image_data_format()`.
    """
    data_format = data_format or keras.config.image_data_format()
    return 3 if data_format == "channels_last" else 1
