import dataclasses

import pytest

from keras_resnet.benchmarks.commands import roofline
from keras_resnet.benchmarks.coral.runner import EdgeTpu
from keras_resnet.benchmarks.devices import DEVICES
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.identity import model_of
from keras_resnet.benchmarks.records.schema import (
    PREDICTED,
    BenchmarkRecord,
    Device,
    Latency,
    Model,
)
from keras_resnet.benchmarks.roofline import host
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file
from keras_resnet.benchmarks.roofline.record import measured_beside

pytest.importorskip("ai_edge_litert")


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(gemm_file(8, 32, 64, "int8"))
    return path


@pytest.fixture
def call(call_main):
    return lambda *arguments: call_main(roofline, roofline.run, *arguments)


def test_all_devices_of_the_table(model, call, capsys):
    assert call(model) == 0
    shown = capsys.readouterr().out
    assert "Google Pixel 6" in shown
    assert "Arm Ethos-U85-2048" in shown
    assert "Left out: Raspberry Pi 4" in shown
    assert "not measurements" in shown


def test_predictions_are_records_and_stand_beside_measurements(
    model, call, capsys, tmp_path
):
    known, new = tmp_path / "known.jsonl", tmp_path / "new.jsonl"
    measured = BenchmarkRecord(
        model=model_of(model),
        device=Device("Google Pixel 6 (Tensor)", "phone"),
        runtime="x",
        threads=2,
        latency=Latency(p50_ms=2.0),
    )
    ledger.append(known, [measured])
    arguments = ("--devices=pixel-6,coral-usb", "--threads=2", "--layers=3")
    assert call(model, *arguments, f"--measured={known}", f"--ledger={new}") == 0
    shown = capsys.readouterr().out
    assert "2.000" in shown
    # The fastest run is not in the ledger, and nothing of the other device.
    assert shown.count("not measured") == 4
    phone, coral = ledger.read(new).records
    assert phone.basis == coral.basis == PREDICTED
    limit = 2 * 8 * 8 * 32 * 64 / (2 * 2.8e9 * 128) * 1e3
    assert phone.latency.mean_ms == pytest.approx(limit)
    assert phone.figures["measured_over_limit"] == pytest.approx(2.0 / limit)
    assert "measured_over_limit" not in coral.figures
    assert [layer.operator for layer in coral.layers] == ["input", "CONV_2D", "output"]
    assert coral.layers[0].bound == "link"


def test_another_files_measurement_is_not_shown(model, call, capsys, tmp_path):
    other, known = tmp_path / "other.tflite", tmp_path / "known.jsonl"
    other.write_bytes(gemm_file(8, 32, 32, "int8"))
    record = BenchmarkRecord(
        model=model_of(other),
        device=Device("Google Pixel 6 (Tensor)", "phone"),
        runtime="x",
        threads=4,
        latency=Latency(p50_ms=2.0),
    )
    ledger.append(known, [record])
    assert call(model, "--devices=pixel-6", f"--measured={known}") == 0
    assert "not measured" in capsys.readouterr().out


def record_on(device, used, p50, **changes):
    return BenchmarkRecord(
        model=Model("model.tflite", sha256="x"),
        device=Device(device, "phone"),
        runtime="x",
        delegate_used=used,
        latency=Latency(p50_ms=p50),
        **changes,
    )


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        # The last one, but for what ran on a GPU, and XNNPACK's before others.
        (["XNNPACK", "GPU"], 0),
        (["XNNPACK", "none"], 0),
        (["none", "GPU"], 0),
        (["XNNPACK", None], 0),
        (["XNNPACK", "XNNPACK", "NNAPI"], 1),
        (["GPU"], None),
    ],
)
def test_what_ran_on_cores_stands_beside_their_limit(used, expected):
    records = [
        record_on("Google Pixel 6", each, 1.0 + n) for n, each in enumerate(used)
    ]
    found = measured_beside(records, records[0].model, DEVICES["pixel-6"], 4)
    assert found is (None if expected is None else records[expected])


def test_an_accelerators_limit_stands_beside_no_core():
    device = dataclasses.replace(DEVICES["pixel-6"], of_cores=False)
    records = [record_on("Google Pixel 6", each, 1.0) for each in ("GPU", "XNNPACK")]
    assert measured_beside(records, records[0].model, device, 1) is records[0]


@pytest.mark.parametrize("typed", ["", "usb", "usb:1"])
def test_a_coral_device_is_found_however_it_was_named(typed):
    name = EdgeTpu(device=typed).name
    record = record_on(name, "Edge TPU", 1.0, threads=1)
    device = DEVICES["coral-usb"]
    assert measured_beside([record], record.model, device, 1) is record


def test_sources(call, capsys):
    assert call("--sources", "--devices=coral-usb") == 0
    assert "https://coral.ai/static/files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name at least one"),
        (["--devices=pixel-99"], "Unknown device"),
        (["--threads=0"], "`--threads` must be a positive integer"),
        (["--layers=-1"], "`--layers` must be at least 0"),
    ],
)
def test_bad_flags(model, call, arguments, message):
    paths = [model] if arguments else []
    with pytest.raises(ValueError, match=message):
        call(*paths, *arguments)


def test_one_device_that_cannot_is_an_error(model, call):
    with pytest.raises(ValueError, match="Raspberry Pi 4 .* has no figure for int8"):
        call(model, "--devices=raspberry-pi-4")


def test_a_file_that_is_none(tmp_path, call):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"none of the kind")
    with pytest.raises(ValueError, match=r"Expected a \.tflite file"):
        call(path)


def test_this_machine(model, call, capsys, monkeypatch, tmp_path):
    # Small products: what is tested is the way, not the speed.
    monkeypatch.setattr(host, "GEMMS", ((4, 16, 16),))
    monkeypatch.setattr(host, "COPY_BYTES", 2**20)
    path = tmp_path / "ledger.jsonl"
    arguments = ("--devices=host", "--rounds=1", "--seconds=0", f"--ledger={path}")
    assert call(model, *arguments) == 0
    assert "measured through LiteRT" in capsys.readouterr().out
    measured, predicted = ledger.read(path).records
    assert measured.is_measured
    assert predicted.basis == PREDICTED
    assert predicted.figures["peak_int8_operations_per_second"] > 0
    assert predicted.figures["memory_bytes_per_second"] > 0
    assert predicted.figures["measured_over_limit"] == pytest.approx(
        measured.latency.p50_ms / predicted.latency.mean_ms
    )


def test_caches(tmp_path):
    for number, text in enumerate(("32K\n", "1024K\n", "32M\n", "?")):
        folder = tmp_path / f"index{number}"
        folder.mkdir()
        (folder / "size").write_text(text, "utf-8")
    assert host.cache_bytes(tmp_path) == 32 * 2**20
    assert host.cache_bytes(tmp_path / "none") is None


def test_copying_in_threads():
    assert host.copy_bandwidth(2, 2**18) > 0
