import datetime
import os
import platform
import sys

import pytest

from keras_resnet.benchmarks import machine


def test_this_machine_is_this_machine():
    found = machine.this_machine()
    assert found.processor.strip()
    assert found.architecture == platform.machine()
    assert 1 <= found.cores <= os.cpu_count()
    assert found.python == platform.python_version()
    assert found.processor in found.sentence()


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's account")
def test_memory_agrees_with_the_kernel():
    with open("/proc/meminfo", encoding="utf-8") as lines:
        kibibytes = int(next(lines).split()[1])
    assert machine.this_machine().memory_bytes == pytest.approx(
        kibibytes * 1024, rel=0.01
    )


def test_now_is_in_utc():
    moment = datetime.datetime.fromisoformat(machine.now())
    assert moment.utcoffset() == datetime.timedelta(0)
