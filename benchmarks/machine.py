"""What the machine is that the figures were measured on."""

import dataclasses
import datetime
import os
import platform
import subprocess
from pathlib import Path

from keras_resnet.wording import counted


@dataclasses.dataclass(frozen=True)
class Machine:
    """The machine that measures.

    Attributes:
        processor: The processor's name as the system gives it.
        architecture: Instruction set, such as `"x86_64"` or `"aarch64"`.
        cores: Logical cores that this process may run on.
        memory_bytes: Main memory, or None where the system does not tell.
        system: Operating system and its release.
        python: Version of the interpreter.
    """

    processor: str
    architecture: str
    cores: int
    memory_bytes: int | None
    system: str
    python: str

    def sentence(self) -> str:
        """Say it in one line."""
        memory = ""
        if self.memory_bytes is not None:
            memory = f", {self.memory_bytes / 2**30:.0f} GiB memory"
        return (
            f"{self.processor} ({self.architecture}), "
            f"{counted(self.cores, 'core')}{memory}, "
            f"{self.system}, Python {self.python}"
        )


def this_machine() -> Machine:
    """Describe the machine that this process runs on."""
    return Machine(
        processor=_processor_name(),
        architecture=platform.machine(),
        cores=available_cores(),
        memory_bytes=_memory_bytes(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def available_cores() -> int:
    """Count the logical cores that this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def now() -> str:
    """Tell the date and time in UTC, in ISO 8601, to the second."""
    moment = datetime.datetime.now(datetime.UTC)
    return moment.isoformat(timespec="seconds")


def _processor_name() -> str:
    name = ""
    if platform.system() == "Linux":
        name = _linux_processor_name()
    elif platform.system() == "Darwin":
        name = _mac_processor_name()
    return name or platform.processor() or "unknown processor"


def _linux_processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    pairs = [line.partition(":") for line in lines]
    fields = {key.strip().lower(): value.strip() for key, _, value in pairs}
    if "model name" in fields:
        return fields["model name"]
    # Arm kernels name the board or the part number instead of a model.
    if "hardware" in fields:
        return fields["hardware"]
    if "cpu part" in fields:
        return f"Arm CPU part {fields['cpu part']}"
    return ""


def _mac_processor_name() -> str:
    try:
        answer = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _memory_bytes() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" not in names or "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
