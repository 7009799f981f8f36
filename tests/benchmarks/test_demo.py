import dataclasses
import re
from pathlib import Path

import pytest

from keras_resnet.benchmarks import demo, demo_report, demo_stages
from keras_resnet.benchmarks.machine import available_cores, now, this_machine
from keras_resnet.tables import text_table
from keras_resnet.versions import software_versions

for needed in ("tensorflow", "ai_edge_litert", "sklearn", "matplotlib"):
    pytest.importorskip(needed)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The demo's stages after a training that is only begun."""
    from keras_resnet import training

    folder = tmp_path_factory.mktemp("demo")
    trained = training.train(
        "digits",
        output=folder / "training",
        strategy="mirrored",
        epochs=2,
        verbose=False,
    )
    said = []
    files, verifications, predictions = demo_stages.export(
        trained.model_path, folder, said.append
    )
    exports = demo_stages.time_files(files, verifications, said.append)
    return folder, trained, exports, predictions


def test_four_files_that_are_verified_and_timed(walked):
    folder, trained, exports, _ = walked
    names = [export.file.quantization for export in exports]
    assert names == ["float32", "float16", "dynamic_int8", "int8"]
    for export in exports:
        assert export.file.path.parent == folder / "tflite"
        assert export.file.path.stat().st_size == export.file.size_bytes
        assert export.verification.count == trained.test_count
        assert export.verification.keras_accuracy == pytest.approx(
            trained.test_accuracy
        )
        assert {timing.model.name for timing in export.timings} == {
            export.file.path.name
        }
        counts = [timing.threads for timing in export.timings]
        assert counts == sorted({1, available_cores()})


def test_predictions_are_the_int8_files(walked):
    _, trained, exports, predictions = walked
    right = predictions.probabilities.argmax(axis=1) == predictions.labels
    assert right.mean() == pytest.approx(exports[-1].verification.accuracy)
    assert len(predictions.images) == trained.test_count
    assert predictions.images.dtype == "uint8"


def test_table_and_report_show_every_file(walked):
    folder, trained, exports, predictions = walked
    table = text_table(demo_report.columns(exports), demo_report.rows(exports))
    document = demo_report.build(
        trained,
        exports,
        predictions,
        folder=folder,
        machine=this_machine(),
        software=software_versions("keras"),
        date=now(),
    )
    for export in exports:
        accuracy = f"{100 * export.verification.accuracy:.2f}"
        line = next(
            line
            for line in table.splitlines()
            if line.split()[0] == export.file.quantization
        )
        assert accuracy in line
        assert f"<td>{export.file.quantization}</td>" in document
        assert f'<td class="number">{accuracy}</td>' in document
    wrong = (predictions.probabilities.argmax(axis=1) != predictions.labels).sum()
    first = predictions.probabilities[: demo_report.SAMPLES].argmax(axis=1)
    wrong_first = (first != predictions.labels[: demo_report.SAMPLES]).sum()
    marked = document.count('class="wrong"')
    assert marked == wrong_first + min(wrong, demo_report.MOST_MISTAKES)
    assert f"{trained.test_accuracy:.2%}" in document


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("keras_resnet.training", demo_stages.training_command),
        ("keras_resnet.export", demo_stages.export_command),
    ],
)
def test_the_commands_are_those_of_the_programs(call_module, module, command):
    shown = call_module(module, "--helpfull", backend="jax").stdout
    for name in re.findall(r"--(\w+)=", command(Path("runs"))):
        assert f"--{name}" in shown


def test_shortfalls_name_what_is_worse(walked):
    *_, exports, _ = walked

    def judged(accuracy):
        found = dataclasses.replace(
            exports[-1].verification, accuracy=accuracy, keras_accuracy=0.98
        )
        return [dataclasses.replace(exports[-1], verification=found)]

    assert demo.shortfalls(0.97, judged(0.975)) == []
    (sentence,) = demo.shortfalls(0.969, judged(0.98))
    assert "96.90%" in sentence
    (sentence,) = demo.shortfalls(0.98, judged(0.96))
    assert "int8" in sentence


def test_bad_flags(call_main, tmp_path):
    with pytest.raises(ValueError, match="Received: surplus"):
        call_main(demo, demo.demonstrate, "surplus")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Cannot write"):
        call_main(demo, demo.demonstrate, f"--output={tmp_path / 'file'}")
