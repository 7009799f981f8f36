import json
import sys

import pytest

from keras_resnet.benchmarks import memory

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc/self/status"
)


@on_linux
def test_measures_both(call_main, tmp_path, capsys):
    path = tmp_path / "memory.json"
    flags = ("--model=resnet8", "--batch_size=64", "--steps=2", f"--output={path}")
    assert call_main(memory, memory.benchmark, *flags) == 0
    printed = capsys.readouterr().out
    assert "remat=True" in printed
    assert "times the memory" in printed
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert [result["remat"] for result in results] == [False, True]
    for result in results:
        # A stage's map alone: 64 images of 32x32 with 16 channels of 4 bytes.
        assert result["rise_bytes"] > 64 * 32 * 32 * 16 * 4
        assert result["peak_bytes"] > result["rise_bytes"]


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--steps=1", "at least 2. Received: 1"),
        ("--batch_size=0", "Received: --batch_size=0"),
        ("extra", "Only flags are taken. Received: extra"),
    ],
)
def test_refuses(call_main, flag, message):
    with pytest.raises(ValueError, match=message):
        call_main(memory, memory.benchmark, flag)


@on_linux
def test_names_the_network_that_fails():
    with pytest.raises(RuntimeError, match="Could not train 'resnet9'.*resnet9"):
        memory.measure_memory("resnet9", 1, 2, remat=False)
