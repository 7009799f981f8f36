import time

import numpy as np
import pytest

from keras_resnet.benchmarks.android.adb import Connection
from keras_resnet.benchmarks.android.errors import (
    AdbError,
    DeviceError,
    ToolOutputError,
)
from keras_resnet.benchmarks.android.results import ToolResult, latency_of_rounds
from keras_resnet.benchmarks.android.runner import Settings, measure_on_device
from keras_resnet.benchmarks.android.several import measure_on_devices
from keras_resnet.benchmarks.records.schema import Thermal
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file

pytest.importorskip("ai_edge_litert")

QUICK = Settings(rounds=1, runs=50)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "two words.tflite"
    path.write_bytes(gemm_file(4, 8, 8, "int8"))
    return path


def test_a_device_is_measured(phones, model):
    phones.add("A1")
    (record,) = measure_on_device("A1", [model], phones.tool, QUICK, command="typed")
    assert record.is_measured
    assert record.model.name == "two words.tflite"
    assert record.model.operators == {"CONV_2D": 1}
    assert record.device.name == "Google Pixel 8 (Tensor G3)"
    assert record.device.memory_bytes == 7811528 * 1024
    assert record.device.cores == 1
    assert record.operating_system == "Android 14"
    assert record.runtime == "TensorFlow Lite benchmark_model"
    assert (record.delegate_requested, record.delegate_used) == ("XNNPACK", "XNNPACK")
    assert record.delegate_share == 0.75
    assert record.latency.mean_ms == pytest.approx(33.2094)
    assert (record.runs, record.warmup_runs) == (50, 14)
    assert record.first_inference_ms == pytest.approx(49.06)
    assert record.initialisation_ms == pytest.approx(0.855)
    assert record.thermal_before == record.thermal_after == Thermal("none", 66.5)
    assert record.command == "typed"
    assert record.settings["cores"] == "100"
    assert record.energy_mj is None
    assert phones.masks("A1") == ["100"]
    assert phones.left("A1") == []


def test_flags_of_the_tool(phones, model):
    phones.add("A1")
    settings = Settings(
        threads=(1, 4),
        rounds=2,
        runs=7,
        warmup_runs=3,
        cores="all",
        delegate="none",
        peak_memory=True,
        extra=("--verbose=true",),
    )
    records = measure_on_device("A1", [model], phones.tool, settings)
    assert [record.threads for record in records] == [1, 4]
    assert [record.runs for record in records] == [100, 100]
    runs = phones.runs("A1")
    # Turns go back and forth.
    assert [line.split("--num_threads=")[1][0] for line in runs] == list("1441")
    for flag in (
        "--num_runs=7",
        "--warmup_runs=3",
        "--use_xnnpack=false",
        "--report_peak_memory_footprint=true",
        "--verbose=true",
    ):
        assert all(flag in line for line in runs)
    assert not any("result_file_path" in line for line in runs)
    assert phones.masks("A1") == []
    assert "medians of the percentiles of 2 rounds" in records[0].notes[0]


def test_the_litert_tool_and_its_binary_result(phones, model, recorded):
    # BenchmarkResult{latency_metrics{avg_ms: 2.5 median_ms: 2.25 p95_ms: 3.0}
    # misc_metrics{num_runs: 500}}
    binary = bytes.fromhex("120f0d000020402d000010403d00004040220310f403")
    phones.add(
        "A1", tool_help=recorded["litert_help"], text=recorded["litert"], binary=binary
    )
    settings = Settings(rounds=1, delegate="npu")
    (record,) = measure_on_device("A1", [model], phones.tool, settings)
    assert record.runtime == "LiteRT benchmark_model"
    latency = record.latency
    assert (latency.mean_ms, latency.p50_ms, latency.p95_ms) == (2.5, 2.25, 3.0)
    # What the binary result does not tell is taken from the text.
    assert latency.maximum_ms == 3.33
    assert record.runs == 500
    assert record.first_inference_ms == 5.6
    assert (record.delegate_requested, record.delegate_used) == ("NPU", "Dispatch")
    assert "--use_npu=true" in phones.runs("A1")[0]


def test_libraries_are_found(phones, model, recorded, tmp_path):
    root = phones.add("A1", tool_help=recorded["litert_help"], text=recorded["litert"])
    library = tmp_path / "libLiteRtDispatch.so"
    library.write_bytes(b"a library")
    settings = Settings(rounds=1, delegate="npu", libraries=(str(library),))
    measure_on_device("A1", [model], phones.tool, settings)
    (path,) = (root / "data/local/tmp/library_paths").read_text("utf-8").split()
    assert "/data/local/tmp/keras-resnet-" in path
    assert f"--dispatch_library_path={path}" in phones.runs("A1")[0]
    with pytest.raises(FileNotFoundError, match="There is no file"):
        Settings(libraries=(str(tmp_path / "none.so"),))


def test_without_a_binary_result_the_text_counts(phones, model, recorded):
    phones.add("A1", tool_help=recorded["litert_help"], text=recorded["litert"])
    (record,) = measure_on_device("A1", [model], phones.tool, QUICK)
    assert record.latency.mean_ms == 2.21


@pytest.mark.parametrize("kind", [{"carriage_returns": True}, {"old": True}])
def test_older_devices(phones, model, kind):
    phones.add("A1", **kind)
    (record,) = measure_on_device("A1", [model], phones.tool, QUICK)
    assert record.runs == 50


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ({"state": "offline"}, DeviceError, "device offline"),
        ({"state": "unauthorized"}, DeviceError, "device unauthorized"),
        ({"full": True}, DeviceError, "No space left on device"),
        ({"vanishes": True}, DeviceError, "Device A1 was lost while it worked"),
        ({"text": "\x00\x1b[31m", "status": 0}, ToolOutputError, "gave no result"),
        (
            {"text": "ERROR: Failed to mmap model x", "status": 1},
            ToolOutputError,
            r"could not run 'two words.tflite' .*status 1.*Failed to mmap model",
        ),
        ({"tool_help": "usage: ls"}, ToolOutputError, "neither TensorFlow Lite's nor"),
    ],
)
def test_faults(phones, model, kind, error, message):
    phones.add("A1", **kind)
    with pytest.raises(error, match=message) as caught:
        measure_on_device("A1", [model], phones.tool, QUICK)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).endswith(".")
    if "vanishes" not in kind:
        assert phones.left("A1") == []


def test_a_device_that_hangs(phones, model, monkeypatch):
    from keras_resnet.benchmarks.android import runner

    monkeypatch.setattr(runner, "STARTUP_SECONDS", 0.0)
    phones.add("A1", hangs=True)
    settings = Settings(rounds=1, timeout=1)
    with pytest.raises(DeviceError, match="A1 did not answer in 1 seconds"):
        measure_on_device("A1", [model], phones.tool, settings)


def test_a_delegate_that_the_tool_has_not(phones, model):
    phones.add("A1")
    with pytest.raises(ValueError, match="delegate of TensorFlow Lite benchmark_model"):
        measure_on_device("A1", [model], phones.tool, Settings(delegate="npu"))


def test_a_throttled_device_is_noted(phones, model):
    root = phones.add("A1")
    (root / "thermal").write_text("Thermal Status: 2\n", "utf-8")
    (record,) = measure_on_device("A1", [model], phones.tool, QUICK)
    assert record.thermal_after == Thermal("moderate", None)
    assert "throttled" in record.notes[-1]


def test_several_devices_at_once(phones, model):
    for serial, kind in (("A1", {}), ("B2", {"vanishes": True}), ("C3", {})):
        phones.add(serial, **kind)
    seen = []
    outcomes = measure_on_devices(
        ["A1", "B2", "C3"], [model], phones.tool, QUICK, finished=seen.append
    )
    assert [outcome.serial for outcome in outcomes] == ["A1", "B2", "C3"]
    assert [len(outcome.records) for outcome in outcomes] == [1, 0, 1]
    assert "lost while it worked" in str(outcomes[1].error)
    hashes = {outcome.records[0].device.serial_hash for outcome in outcomes[::2]}
    assert len(hashes) == 2
    assert len(seen) == 3


def test_a_hung_device_is_not_waited_for_after_an_interruption(phones, model):
    hung = phones.add("A1", hangs=True)
    phones.add("B2")

    def interrupt(outcome):
        end = time.monotonic() + 30
        while "--graph=" not in (hung / "calls").read_text("utf-8"):
            assert time.monotonic() < end
            time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_on_devices(
            ["A1", "B2"], [model], phones.tool, QUICK, finished=interrupt
        )
    # Its program would have come to its end a minute later.
    assert not (hung / "woke").exists()
    assert phones.left("A1") == []


def test_a_partial_gpu_run_is_recorded_as_the_gpus(phones, model, recorded):
    line = next(x for x in recorded["classic"].splitlines() if "Replacing" in x)
    gpu = "VERBOSE: Replacing 10 out of 40 node(s) with delegate (TfLiteGpuDelegateV2)"
    rest = line.replace("30 out of 40", "24 out of 31")
    text = recorded["classic"].replace(line, f"{gpu} node\n{rest}")
    phones.add("A1", text=text)
    settings = Settings(rounds=1, delegate="gpu")
    (record,) = measure_on_device("A1", [model], phones.tool, settings)
    assert (record.delegate_requested, record.delegate_used) == ("GPU", "GPU")
    assert record.delegate_share == 0.25


def test_an_open_batch_is_noted(phones, model, monkeypatch):
    from keras_resnet.benchmarks.android import runner

    note = "The file leaves the batch open; it was run on one image."
    monkeypatch.setattr(runner, "check_measurable", lambda description: (note,))
    phones.add("A1")
    (record,) = measure_on_device("A1", [model], phones.tool, QUICK)
    assert record.notes == (note,)


def test_adb_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AdbError, match="adb is not on the PATH"):
        Connection("A1").shell("true")


def test_status_and_errors_of_a_command(phones):
    phones.add("A1")
    device = Connection("A1")
    answer = device.shell("echo one; echo two >&2; (exit 7)")
    assert answer.status == 7
    assert answer.output == "one\ntwo"
    assert device.shell("true").output == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rounds": 0}, "`rounds` must be a positive integer"),
        ({"runs": 0}, "`runs`"),
        ({"threads": ()}, "at least one"),
        ({"threads": (0,)}, "`threads`"),
        ({"seconds": float("nan")}, "`seconds`"),
        ({"timeout": 0}, "`timeout`"),
        ({"delegate": "tpu"}, "Unknown delegate"),
    ],
)
def test_settings(values, message):
    with pytest.raises(ValueError, match=message):
        Settings(**values)


def test_rounds_are_put_together_exactly(rng):
    # What the tool prints of two rounds, against NumPy on all runs together.
    rounds = [rng.uniform(2, 3, 40), rng.uniform(3, 5, 10)]
    latency = latency_of_rounds(
        [
            ToolResult(
                mean_ms=float(times.mean()),
                runs=len(times),
                minimum_ms=float(times.min()),
                maximum_ms=float(times.max()),
                deviation_ms=float(times.std()),
            )
            for times in rounds
        ]
    )
    times = [time for values in rounds for time in values]
    assert latency.mean_ms == pytest.approx(np.mean(times))
    assert latency.standard_deviation_ms == pytest.approx(np.std(times, ddof=1))
    assert (latency.minimum_ms, latency.maximum_ms) == (min(times), max(times))
    assert latency.p50_ms is None
