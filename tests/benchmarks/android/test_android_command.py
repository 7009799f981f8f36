import pytest

from keras_resnet.benchmarks.commands import android
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.schema import hashed_serial
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file

pytest.importorskip("ai_edge_litert")


@pytest.fixture
def measure(phones, tmp_path, call_main):
    """Call the command on one small file."""
    model = tmp_path / "model.tflite"
    model.write_bytes(gemm_file(4, 8, 8, "int8"))

    def call(*arguments):
        return call_main(
            android,
            android.run,
            model,
            f"--tool={phones.tool}",
            f"--ledger={tmp_path / 'ledger.jsonl'}",
            "--rounds=1",
            *arguments,
        )

    call.ledger = tmp_path / "ledger.jsonl"
    return call


def test_what_was_measured_is_shown_and_kept(phones, measure, capsys):
    for serial in ("A1", "B2"):
        phones.add(serial)
    assert measure("--threads=1,4") == 0
    shown = capsys.readouterr().out
    assert "Google Pixel 8 (Tensor G3)" in shown
    assert "33.209" in shown
    assert "none, 66 C" in shown
    records = ledger.read(measure.ledger).records
    assert sorted(record.threads for record in records) == [1, 1, 4, 4]
    assert len({record.device.serial_hash for record in records}) == 2


def test_a_device_that_fails_sets_the_status_and_spares_the_others(
    phones, measure, capsys
):
    phones.add("A1", vanishes=True)
    phones.add("B2")
    phones.add("C3", state="unauthorized")
    assert measure() == 1
    said = capsys.readouterr()
    assert "Failed: Device A1 was lost" in said.err
    assert "Warning: Device C3 is unauthorized" in said.err
    assert len(ledger.read(measure.ledger).records) == 1


def test_no_device_that_can_be_used(phones, measure, capsys):
    phones.add("A1", state="offline")
    assert measure() == 1
    assert "Device A1 is offline: unplug it" in capsys.readouterr().err
    assert not measure.ledger.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tool="], "`--tool` must name"),
        (["--threads=0"], "`--threads` must be positive"),
        (["--runs=0"], "`--runs` must be a positive integer"),
        (["--cores=many"], "`--cores` must be one of big"),
        (["--delegate=tpu"], "Unknown delegate"),
        (["--format=pdf"], "--format"),
    ],
)
def test_bad_flags(phones, measure, arguments, message):
    phones.add("A1")
    with pytest.raises(ValueError, match=message):
        measure(*arguments)


def test_no_serial_number_gets_into_the_ledger(phones, measure, monkeypatch):
    # The one is the beginning of the other.
    serials = ["R58M123ABC", "R58M123ABCX", "emulator-5554"]
    for serial in serials:
        phones.add(serial)
    words = ["--devices", ",".join(serials), "--tool=/phones/R58M123ABC/tool"]
    monkeypatch.setattr("sys.argv", ["keras-resnet-benchmark", "android", *words])
    assert measure(f"--devices={','.join(serials)}") == 0
    content = measure.ledger.read_bytes().decode()
    assert not any(serial in content for serial in serials)
    records = ledger.read(measure.ledger).records
    hashes = ",".join(map(hashed_serial, serials))
    assert f"--devices {hashes} --tool=/phones/" in records[0].command
    assert {record.device.serial_hash for record in records} == set(hashes.split(","))


@pytest.mark.parametrize(
    ("kind", "message"),
    [("two inputs", "one input.* with 2 inputs"), ("open", "sizes are fixed")],
)
def test_files_without_one_image_are_told_before_any_device(
    phones, measure, odd_file, kind, message
):
    root = phones.add("A1")
    with pytest.raises(ValueError, match=message):
        measure(odd_file(kind))
    assert not (root / "calls").exists()


def test_bad_files(phones, measure, tmp_path, call_main):
    other = tmp_path / "other.tflite"
    other.write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match=r"Expected a \.tflite file"):
        measure(other)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        measure(tmp_path / "none.tflite")
    with pytest.raises(ValueError, match=r"Name at least one \.tflite file"):
        call_main(android, android.run)
    assert phones.devices == {}
