"""How raw pixels become what a network was trained on, as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Normalization:
    """How raw RGB pixels, 0 to 255, become a network's input.

    Attributes:
        mean: One number, or one an output channel, in the units of a pixel.
        standard_deviation: Likewise.
        reverse_channels: Whether RGB becomes BGR first.
    """

    mean: float | tuple[float, ...] = 0.0
    standard_deviation: float | tuple[float, ...] = 1.0
    reverse_channels: bool = False

    def for_channels(self, count: int) -> "Normalization":
        """Return what this is for images of so many channels.

        Where they are not those that it was made for, all that there is to
        say of them is the average of its numbers.

        Args:
            count: Channels of the images.
        """
        values = (self.mean, self.standard_deviation)
        made_for = {len(value) for value in values if isinstance(value, tuple)}
        if not made_for:
            # Without numbers of its own, a channel is known by its place alone.
            reverse = self.reverse_channels and count == 3
            return dataclasses.replace(self, reverse_channels=reverse)
        if made_for == {count}:
            return self
        return Normalization(*map(_average, values))


def _average(value: float | tuple[float, ...]) -> float:
    return sum(value) / len(value) if isinstance(value, tuple) else value


# Pixels as they are.
RAW = Normalization()
# Pixels as keras.applications' first ResNets take them: blue, green, red,
# each less its mean over ImageNet, not scaled.
CAFFE = Normalization(mean=(103.939, 116.779, 123.68), reverse_channels=True)
# Pixels between -1 and 1, as keras.applications' second ResNets take them.
UNIT = Normalization(mean=127.5, standard_deviation=127.5)
# Pixels as PyTorch's networks take them.
TORCH = Normalization(
    mean=(123.675, 116.28, 103.53), standard_deviation=(58.395, 57.12, 57.375)
)
