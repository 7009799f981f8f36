import json
import subprocess
import sys

import pytest

from keras_resnet.benchmarks import program

pytest.importorskip("ai_edge_litert")

QUICK = ["--rounds=1", "--runs=3", "--seconds=0"]


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "keras_resnet.benchmarks", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_table_and_json(tflite_files, tmp_path):
    output = tmp_path / "new" / "host.json"
    finished = call(*tflite_files, "--threads=1,2", f"--output={output}", *QUICK)
    assert finished.returncode == 0, finished.stderr
    document = json.loads(output.read_text(encoding="utf-8"))
    assert [(r["file"], r["threads"]) for r in document["results"]] == [
        (str(path), count) for path in tflite_files for count in (1, 2)
    ]
    assert document["machine"]["processor"] in finished.stdout
    assert document["software"]["ai-edge-litert"] in finished.stdout
    for result in document["results"]:
        assert f"{result['latency']['p50_ms']:.3f}" in finished.stdout
    assert "CONV_2D 3, " in finished.stdout


def test_more_threads_than_cores_is_a_warning(tflite_files):
    finished = call(tflite_files[0], "--threads=999", *QUICK)
    assert finished.returncode == 0
    assert "Warning: 999 threads are more than" in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ([], 2, "at least one .tflite file"),
        (["absent.tflite"], 1, "There is no file 'absent.tflite'"),
        ([__file__], 2, "Expected a TFLite file"),
        (["FILE", "--threads=0"], 2, "Received: --threads=0"),
        (["FILE", "--threads=1,two"], 2, "Received: --threads=1,two"),
        (["FILE", "--rounds=0"], 2, "Received: --rounds=0"),
        (["FILE", "--format=xml"], 2, "Received: --format='xml'"),
        (["FILE", "--output=FILE/below.json"], 1, "Cannot write"),
    ],
)
def test_bad_input_gives_one_sentence(tflite_files, arguments, status, sentence):
    path = str(tflite_files[0])
    finished = call(*(text.replace("FILE", path) for text in arguments))
    assert finished.returncode == status
    assert sentence in finished.stderr
    assert len(finished.stderr.strip().splitlines()) == 1
    assert finished.stdout == ""


def test_threads_default_to_one_and_all():
    assert program.parse_threads(None, 4) == [1, 4]
    assert program.parse_threads(None, 1) == [1]
    assert program.parse_threads(["2", "1"], 8) == [2, 1]


def test_a_probe_of_the_output_leaves_nothing(tmp_path):
    path = tmp_path / "host.json"
    program.check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("older")
    program.check_writable(path)
    assert path.read_text() == "older"
