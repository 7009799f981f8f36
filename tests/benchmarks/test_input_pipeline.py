import numpy as np
import pytest

from keras_resnet.benchmarks import input_pipeline, input_workload
from keras_resnet.benchmarks.records import ledger

BATCH, FILES = 2, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write images of which an epoch has half a batch too much."""
    tf = pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    for number in range(FILES):
        image = generator.integers(0, 256, (40, 30, 3), "uint8")
        content = tf.io.encode_jpeg(image).numpy()
        (folder / f"{number}.jpg").write_bytes(content)
    return folder


@pytest.mark.parametrize("layers", input_pipeline.LAYERS.values())
def test_both_sides_make_the_same_number_of_images(folder, layers):
    files = input_workload.image_files(folder)
    sides = (
        input_workload._of_keras(str(folder), BATCH, layers),
        input_workload._of_this_package(files, BATCH),
    )
    # Beyond the end of two epochs.
    expected = [(BATCH, input_workload.SIDE, input_workload.SIDE, 3)] * FILES
    for batches in sides:
        made = [next(batches) for _ in expected]
        images = [batch[0] if isinstance(batch, tuple) else batch for batch in made]
        assert [tuple(batch.shape) for batch in images] == expected


def test_the_program(folder, call_main, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(input_workload, "BATCHES", 1)
    path = tmp_path / "benchmarks.jsonl"
    arguments = (folder, f"--batch_size={BATCH}", "--rounds=2", f"--ledger={path}")
    assert call_main(input_pipeline, input_pipeline.benchmark, *arguments) == 0
    assert "image_dataset_from_directory, RandomZoom" in capsys.readouterr().out
    records = ledger.read(path).records
    assert len(records) == 2 * len(input_pipeline.LAYERS)
    assert {record.settings["side"] for record in records[1::2]} == {
        "keras_resnet, resized crop and flip"
    }


def test_too_few_images(folder, call_main):
    with pytest.raises(ValueError, match=r"and has 5\. Received: --batch_size=6"):
        call_main(input_pipeline, input_pipeline.benchmark, folder, "--batch_size=6")
