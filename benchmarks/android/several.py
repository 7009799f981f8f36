"""Measuring on several devices at once."""

import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from keras_resnet.benchmarks.android.runner import Settings, measure_on_device
from keras_resnet.benchmarks.records.schema import BenchmarkRecord


@dataclasses.dataclass(frozen=True)
class DeviceOutcome:
    """What came of a device.

    Attributes:
        serial: The device.
        records: What was measured on it.
        error: Why nothing was, None if all went well.
    """

    serial: str
    records: tuple[BenchmarkRecord, ...] = ()
    error: Exception | None = None


class Interrupted(Exception):
    """A device's turn was given up because the program is to end."""


def measure_on_devices(
    serials: Sequence[str],
    paths: Sequence[str | os.PathLike],
    tool: str | os.PathLike,
    settings: Settings,
    progress: Callable[[str], None] = lambda line: None,
    finished: Callable[[DeviceOutcome], None] = lambda outcome: None,
    command: str | None = None,
) -> list[DeviceOutcome]:
    """Measure the same files on several devices, each in a thread of its own.

    A device that fails does not disturb the others.

    Args:
        serials: The devices, as `adb devices` lists them.
        paths: The `.tflite` files.
        tool: `benchmark_model` for the devices' processors.
        settings: How to measure.
        progress: Receives a line of text before every step; of one thread at
            a time.
        finished: Receives what came of a device as soon as it is through, in the
            calling thread.
        command: Command line for the records. Defaults to none.

    Returns:
        What came of each, in the order given.
    """
    lock, ending = threading.Lock(), threading.Event()

    def say(line: str) -> None:
        if ending.is_set():
            raise Interrupted
        with lock:
            progress(line)

    def measure(serial: str) -> DeviceOutcome:
        try:
            records = measure_on_device(
                serial, paths, tool, settings, say, command, ending
            )
        except (RuntimeError, ValueError, OSError) as error:
            return DeviceOutcome(serial, error=error)
        return DeviceOutcome(serial, tuple(records))

    outcomes = {}
    with ThreadPoolExecutor(max(1, len(serials))) as threads:
        turns = [threads.submit(measure, serial) for serial in serials]
        try:
            for turn in as_completed(turns):
                outcome = turn.result()
                outcomes[outcome.serial] = outcome
                finished(outcome)
        except BaseException:
            # The threads end what they have begun, and begin nothing more.
            ending.set()
            raise
    return [outcomes[serial] for serial in serials]
