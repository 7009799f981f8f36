"""Talking to one device through the program `adb`."""

import dataclasses
import os
import re
import shlex
import shutil
import tempfile
import threading

from keras_resnet.benchmarks.android.errors import AdbError, DeviceError
from keras_resnet.export.external_program import FinishedProgram, run_program
from keras_resnet.export.printable import printable

PROGRAM = "adb"
NOT_INSTALLED = (
    "adb is not on the PATH: it is part of the Android SDK's platform tools, in no "
    "package registry."
)
# Seconds for what takes a moment on a device that answers at all.
SHORT_TIMEOUT = 30.0
PUSH_TIMEOUT = 300.0
# Printed after a command has ended on the device, so that an answer that was
# cut short is told from a whole one. Devices before Android 7 hand back no
# exit status in any other way.
END = "keras-resnet-end-of-command"
ENDED = re.compile(rf"^{END} (\d{{1,3}})\s*\Z", re.MULTILINE)
# What adb itself says when a device is not there, or does not let it in.
REFUSALS = re.compile(
    r"(?:error|adb)(?:: error)?: "
    r"(device .*|no devices.*|closed|protocol fault.*|failed to .*|more than one.*)"
)
LONGEST = 200


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command on a device came to.

    Attributes:
        status: Its exit status.
        output: What it printed, errors among the rest.
    """

    status: int
    output: str


def find_adb() -> str:
    """Return the path of `adb`.

    Raises:
        AdbError: If it is not on the PATH.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise AdbError(NOT_INSTALLED)
    return program


def call(
    arguments: list[str], timeout: float, stop: threading.Event | None = None
) -> FinishedProgram:
    """Run `adb` with arguments.

    Args:
        arguments: What it is given.
        timeout: Seconds that it may take.
        stop: Ends it, too, when another thread sets it. Defaults to none.

    Raises:
        AdbError: If it is not installed or cannot be started.
        ProgramStoppedError: If `stop` was set.
        TimeoutError: If it took longer than `timeout` seconds.
    """
    program = find_adb()
    try:
        return run_program(
            [program, *arguments], tempfile.gettempdir(), timeout, stop=stop
        )
    except TimeoutError:
        raise
    except OSError as error:
        raise AdbError(f"adb could not be run: {error}.") from error


class Connection:
    """One device, by its serial number.

    Args:
        serial: As `adb devices` lists it.
        stop: When another thread sets it, `adb` is ended and every method
            raises `ProgramStoppedError`. Defaults to none.
    """

    def __init__(self, serial: str, stop: threading.Event | None = None):
        self.serial = serial
        self._stop = stop

    def shell(self, command: str, timeout: float = SHORT_TIMEOUT) -> Answer:
        """Run a command line on the device.

        Args:
            command: For the device's shell; its words are quoted by the caller.
            timeout: Seconds that it may take.

        Raises:
            DeviceError: If the device does not answer to the end, or not in time.
        """
        line = f"{{ {command}; }} 2>&1; status=$?; echo; echo {END} $status"
        finished = self._call(["shell", line], timeout)
        # adb ends lines as the device's terminal does.
        text = finished.output.replace("\r\n", "\n")
        end = ENDED.search(text)
        if end is None:
            raise DeviceError(
                f"Device {self.name} was lost while it worked: {_reason(text)}."
            )
        return Answer(int(end[1]), text[: end.start()].rstrip("\n"))

    def push(
        self, source: str | os.PathLike, target: str, timeout: float = PUSH_TIMEOUT
    ) -> None:
        """Copy a file to the device.

        Raises:
            DeviceError: If it could not be copied.
        """
        finished = self._call(["push", os.fspath(source), target], timeout)
        if finished.status:
            raise DeviceError(
                f"'{source}' could not be copied to device {self.name}: "
                f"{_reason(finished.output)}."
            )

    def pull(
        self, source: str, target: str | os.PathLike, timeout: float = SHORT_TIMEOUT
    ) -> bool:
        """Copy a file from the device; False if there is no such file.

        Raises:
            DeviceError: If the device is not there.
        """
        if self.shell(f"test -f {shlex.quote(source)}").status:
            return False
        finished = self._call(["pull", source, os.fspath(target)], timeout)
        if finished.status:
            raise DeviceError(
                f"'{source}' could not be copied from device {self.name}: "
                f"{_reason(finished.output)}."
            )
        return True

    @property
    def name(self) -> str:
        """The serial number as it can be shown."""
        return printable(self.serial)

    def _call(self, arguments: list[str], timeout: float) -> FinishedProgram:
        try:
            return call(["-s", self.serial, *arguments], timeout, self._stop)
        except TimeoutError as error:
            raise DeviceError(
                f"Device {self.name} did not answer in {timeout:g} seconds."
            ) from error


def _reason(text: str) -> str:
    refusal = REFUSALS.search(text)
    if refusal:
        return printable(refusal[1])[:LONGEST].strip().rstrip(".")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = printable(lines[-1])[:LONGEST].rstrip(".") if lines else ""
    return said or "it said nothing more"
