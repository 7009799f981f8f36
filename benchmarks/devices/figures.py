"""What is known of a device, as objects."""

import dataclasses
from collections.abc import Mapping

from keras_resnet.arguments import check_positive_integer

PRECISIONS = ("int8", "float16", "float32")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A number with the source that it is from.

    Attributes:
        value: In operations or bytes a second, or in bytes.
        source: Address of the source, or the document's name and number.
        how: How the number follows from the source, where it does not stand
            there itself.
    """

    value: float
    source: str
    how: str = ""


@dataclasses.dataclass(frozen=True)
class Peak:
    """The most operations a second that some cores do together.

    A multiplication with addition is two operations.

    Attributes:
        cores: How many cores, the fastest first; 1 for an accelerator.
        operations: One of `PRECISIONS` to operations a second.
    """

    cores: int
    operations: Mapping[str, Figure]


@dataclasses.dataclass(frozen=True)
class Device:
    """A device on paper.

    Attributes:
        name: What a user types.
        title: What it is called.
        kind: What it is: `"host"`, `"phone"`, `"board"`, `"edge tpu"`, ...
        peaks: For rising numbers of cores.
        memory_bandwidth: Bytes a second from main memory or flash; None for
            a device that has none of its own.
        on_chip_bytes: Caches or SRAM that a model's data can lie in; None where
            no source tells, and then everything is taken to fit, so that a
            limit stays one.
        keeps_weights: Whether weights may stay on the chip from one inference
            to the next.
        link: Bytes a second between the device and its host; None where the
            device is its own host.
        aliases: Words that name it in the records of measurements, in lower
            case.
        of_cores: Whether its figures are of a processor's cores, not of an
            accelerator's.
    """

    name: str
    title: str
    kind: str
    peaks: tuple[Peak, ...]
    on_chip_bytes: Figure | None = None
    memory_bandwidth: Figure | None = None
    keeps_weights: bool = True
    link: Figure | None = None
    aliases: tuple[str, ...] = ()
    of_cores: bool = True

    @property
    def cores(self) -> int:
        """The most cores that there is a peak for."""
        return self.peaks[-1].cores

    def peak(self, precision: str, threads: int = 1) -> float | None:
        """Return the most operations a second in so many threads.

        Between two numbers of cores that figures are known for, it grows with
        the threads up to the second.

        Args:
            precision: One of `PRECISIONS`.
            threads: Threads, on a core each. More than there are cores bring
                nothing.

        Returns:
            Operations a second; None if the device does not compute in this
            precision, or no source tells.
        """
        threads = min(check_positive_integer("threads", threads), self.cores)
        known = {
            peak.cores: peak.operations[precision].value
            for peak in self.peaks
            if precision in peak.operations
        }
        if not known:
            return None
        base = max((count for count in known if count <= threads), default=min(known))
        limit = min(
            (known[count] for count in known if count >= threads), default=known[base]
        )
        return min(known[base] * threads / base, limit)

    def figures(self) -> list[Figure]:
        """List all its figures."""
        listed = [figure for peak in self.peaks for figure in peak.operations.values()]
        others = (self.on_chip_bytes, self.memory_bandwidth, self.link)
        return listed + [figure for figure in others if figure is not None]
