import pytest

from keras_resnet.benchmarks.commands import (
    coral,
    ethosu,
    host,
    mlperf_tiny,
    profile,
    roofline,
    sweep,
)
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file

pytest.importorskip("ai_edge_litert")


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(gemm_file(4, 8, 8, "int8"))
    return path


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (coral, None),
        (ethosu, None),
        (host, None),
        (profile, None),
        (roofline, None),
        (mlperf_tiny, ["--weights=absent", "--dataset=absent"]),
        (sweep, ["--models=resnet8"]),
    ],
)
def test_a_ledger_that_cannot_be_written_is_told_before_any_work(
    command, arguments, model, call_main, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = [model] if arguments is None else arguments
    ledger = f"--ledger={tmp_path}"
    with pytest.raises(OSError, match=r"^Cannot write the ledger "):
        call_main(command, command.run, *arguments, ledger)
