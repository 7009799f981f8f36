"""Changing the colours of an image.

All of it works on float32 `(height, width, channels)` in 0..255 and returns
the same. What Pillow and torchvision define on whole grey levels is done on
the levels below: a level of 17.6 counts as 17.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# Of the luma of ITU-R BT.601.
LUMA = (0.2989, 0.587, 0.114)
# Principal components of ImageNet's pixels in 0..1, as fb.resnet.torch has
# them: three variances, and a column for each in red, green and blue.
COMPONENT_SIZES = (0.2175, 0.0188, 0.0045)
COMPONENTS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)
# Shape in which `sharpness` smooths, before it is divided by its sum.
SMOOTHING = ((1.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 1.0))


def _clip(image):
    import tensorflow as tf

    return tf.clip_by_value(image, 0.0, 255.0)


def _grey(image):
    import tensorflow as tf

    if image.shape[-1] == 1:
        return image
    return tf.tensordot(image, tf.constant(LUMA), 1)[..., tf.newaxis]


def brightness(image: "tf.Tensor", factor) -> "tf.Tensor":
    """Multiply all pixels; 0 is black, 1 changes nothing."""
    return _clip(image * factor)


def saturation(image: "tf.Tensor", factor) -> "tf.Tensor":
    """Move pixels away from their grey; 0 is grey, 1 changes nothing."""
    grey = _grey(image)
    return _clip(grey + (image - grey) * factor)


def contrast(image: "tf.Tensor", factor) -> "tf.Tensor":
    """Move pixels away from the image's mean grey; 1 changes nothing."""
    import tensorflow as tf

    mean = tf.reduce_mean(_grey(image))
    return _clip(mean + (image - mean) * factor)


def sharpness(image: "tf.Tensor", factor) -> "tf.Tensor":
    """Move pixels away from a smoothed image; 1 changes nothing.

    The outermost pixels stay as they are.
    """
    import tensorflow as tf

    height, width, channels = image.shape
    if height < 3 or width < 3:
        return image
    kernel = tf.constant(SMOOTHING) / sum(map(sum, SMOOTHING))
    kernel = tf.tile(kernel[..., tf.newaxis, tf.newaxis], (1, 1, channels, 1))
    smooth = tf.nn.depthwise_conv2d(image[tf.newaxis], kernel, (1, 1, 1, 1), "VALID")[0]
    inner = image[1:-1, 1:-1]
    change = tf.pad((inner - smooth) * (factor - 1.0), ((1, 1), (1, 1), (0, 0)))
    return _clip(image + change)


def posterize(image: "tf.Tensor", bits) -> "tf.Tensor":
    """Keep only so many of a level's 8 bits, the highest ones."""
    import tensorflow as tf

    step = 2.0 ** (8.0 - tf.cast(bits, "float32"))
    return tf.floor(image / step) * step


def solarize(image: "tf.Tensor", threshold) -> "tf.Tensor":
    """Invert the pixels at or above a threshold."""
    import tensorflow as tf

    return tf.where(image >= threshold, 255.0 - image, image)


def solarize_add(image: "tf.Tensor", amount) -> "tf.Tensor":
    """Brighten the pixels below the middle by an amount."""
    import tensorflow as tf

    return tf.where(image < 128.0, _clip(image + amount), image)


def invert(image: "tf.Tensor") -> "tf.Tensor":
    """Turn black into white and white into black."""
    return 255.0 - image


def autocontrast(image: "tf.Tensor") -> "tf.Tensor":
    """Stretch each channel until it has black and white."""
    import tensorflow as tf

    low = tf.reduce_min(image, axis=(0, 1))
    high = tf.reduce_max(image, axis=(0, 1))
    flat = high <= low
    scale = 255.0 / tf.where(flat, 1.0, high - low)
    return tf.where(flat, image, _clip((image - low) * scale))


def equalize(image: "tf.Tensor") -> "tf.Tensor":
    """Give each channel as even a histogram as whole levels allow.

    The arithmetic is Pillow's.
    """
    import tensorflow as tf

    channels = image.shape[-1]
    levels = tf.cast(image, "int32")
    # One histogram for all channels, each with 256 bins of its own.
    bins = levels + 256 * tf.range(channels)
    counts = tf.math.bincount(
        tf.reshape(bins, (-1,)), minlength=256 * channels, maxlength=256 * channels
    )
    counts = tf.reshape(counts, (channels, 256))
    places = tf.where(counts > 0, tf.range(256), -1)
    last = tf.gather(counts, tf.reduce_max(places, axis=1), batch_dims=1)
    step = (tf.reduce_sum(counts, axis=1) - last) // 255
    below = tf.cumsum(counts, axis=1, exclusive=True)
    safe = tf.maximum(step, 1)[:, tf.newaxis]
    table = tf.minimum((below + safe // 2) // safe, 255)
    table = tf.where(step[:, tf.newaxis] > 0, table, tf.range(256))
    return tf.cast(tf.gather(tf.reshape(table, (-1,)), bins), "float32")


def color_jitter(image: "tf.Tensor", seed: "tf.Tensor", amount: float) -> "tf.Tensor":
    """Change brightness, contrast and saturation, in a random order.

    Each factor is uniform in `1 - amount` to `1 + amount`, as in
    fb.resnet.torch.

    Args:
        image: float32 `(height, width, channels)` in 0..255.
        seed: Two integers.
        amount: In 0..1.
    """
    import tensorflow as tf

    order_seed, factor_seed = tf.unstack(tf.random.split(seed, 2))
    order = tf.random.experimental.stateless_shuffle(tf.range(3), order_seed)
    factors = tf.random.stateless_uniform((3,), factor_seed, 1.0 - amount, 1.0 + amount)
    for place in range(3):
        image = tf.switch_case(
            order[place],
            [
                lambda image=image, change=change, which=which: change(
                    image, factors[which]
                )
                for which, change in enumerate((brightness, contrast, saturation))
            ],
        )
    return image


def lighting(image: "tf.Tensor", seed: "tf.Tensor", amount: float) -> "tf.Tensor":
    """Add one random colour along the principal components of ImageNet.

    Krizhevsky et al. (2012), section 4.1.

    Args:
        image: float32 `(height, width, 3)` in 0..255.
        seed: Two integers.
        amount: Standard deviation of each component's factor.

    Raises:
        ValueError: If the image has not three channels.
    """
    import tensorflow as tf

    if image.shape[-1] != 3:
        raise ValueError(
            "`lighting` is known for the three channels of colour images only. "
            f"Received: image.shape={tuple(image.shape)}"
        )
    factors = tf.random.stateless_normal((3,), seed, stddev=amount)
    sizes = tf.constant(COMPONENT_SIZES)
    color = tf.linalg.matvec(tf.constant(COMPONENTS), factors * sizes)
    return _clip(image + 255.0 * color)
