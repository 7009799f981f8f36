import dataclasses
import json

import pytest

from keras_resnet.benchmarks import machine, results


@pytest.fixture
def result():
    return results.HostResult(
        file="model.tflite",
        size_bytes=1024,
        operators={"CONV_2D": 2},
        input_types=("UINT8",),
        threads=1,
        xnnpack=True,
        rounds=3,
        initialisation_ms=1.5,
        first_inference_ms=0.5,
        latency=results.Latency(0.25, 0.5, 0.3, 0.2, 0.9, 50),
        peak_memory_bytes=None,
        model_memory_bytes=None,
    )


def document(result):
    return results.to_document(
        "litert_host",
        [result],
        machine=machine.this_machine(),
        software={"keras_resnet": "1"},
        settings={"runs": 50},
    )


def test_what_was_not_measured_says_so(result, tmp_path):
    path = tmp_path / "folder" / "host.json"
    results.write_json(path, document(result))
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["schema"] == "keras_resnet.benchmarks"
    assert read["schema_version"] == results.SCHEMA_VERSION
    assert read["kind"] == "litert_host"
    (entry,) = read["results"]
    assert entry["peak_memory_bytes"] == "not measured"
    assert entry["model_memory_bytes"] == "not measured"
    assert entry["latency"] == dataclasses.asdict(result.latency)
    assert entry["operators"] == {"CONV_2D": 2}
    assert entry["input_types"] == ["UINT8"]


def test_an_older_file_survives_what_cannot_be_written(result, tmp_path):
    path = tmp_path / "host.json"
    path.write_text("older")
    unsound = dataclasses.replace(result, initialisation_ms=float("nan"))
    with pytest.raises(ValueError, match="Out of range"):
        results.write_json(path, document(unsound))
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
