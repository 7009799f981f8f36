import dataclasses
from pathlib import Path

import numpy as np
import pytest

from keras_resnet.benchmarks.commands import sweep
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.records.schema import Accuracy, Device
from keras_resnet.benchmarks.sweeping import plan, working
from keras_resnet.benchmarks.sweeping.networks import Network, network_of

pytest.importorskip("ai_edge_litert")
QUICK = ["--rounds=1", "--runs=3", "--seconds=0", "--warmup_runs=1"]


@pytest.fixture
def units():
    networks = [Network("resnet8"), Network("mine", Path("mine.keras"))]
    return plan.plan(networks, ["float32", "int8"], [None, 24], [1, 2])


def record_of(unit, threads, make_record, **changes):
    return make_record(settings=unit.settings, threads=threads, **changes)


def test_every_combination_is_planned_once(units):
    assert len(units) == 2 * 2 * 2
    assert len({unit.file_name for unit in units}) == len(units)
    assert sum(len(unit.threads) for unit in units) == 16


def test_what_the_ledger_holds_is_not_done_again(units, make_record):
    first, second, *others = units
    done = [
        record_of(first, 1, make_record),
        record_of(first, 2, make_record),
        record_of(second, 2, make_record),
        record_of(others[0], 1, make_record, device=Device("another", "host")),
    ]
    left = plan.left_of(units, done, "processor", None)
    assert left == [dataclasses.replace(second, threads=(1,)), *others]
    # Other images make another accuracy.
    scored = [record_of(first, n, make_record, accuracy=Accuracy(5, 9)) for n in (1, 2)]
    assert plan.left_of(units, scored, "processor", 9) == units[1:]
    assert plan.left_of(units, scored, "processor", 10) == units
    assert plan.records_of(units, done, "processor") == done[:3]


def test_other_weights_images_and_datasets_are_done_again(make_record, tmp_path):
    path = tmp_path / "mine.keras"
    path.write_bytes(b"trained")
    (unit,) = plan.plan([network_of(str(path))], ["int8"], [None], [1])
    scored = [
        record_of(unit, 1, make_record, accuracy=Accuracy(right, count, "digits"))
        for right, count in ((8, 10), (5, 5))
    ]
    assert plan.left_of([unit], scored, "processor", 10, "digits") == []
    assert plan.left_of([unit], scored, "processor", 10, "cifar10") == [unit]
    # The last record is of fewer images.
    found = plan.records_of([unit], scored, "processor", 10, "digits")
    assert found == scored[:1]
    path.write_bytes(b"trained anew")
    (anew,) = plan.plan([network_of(str(path))], ["int8"], [None], [1])
    assert plan.left_of([anew], scored, "processor", 10, "digits") == [anew]


def test_a_sweep_goes_on_where_it_was_stopped(call_main, tmp_path, capsys, monkeypatch):
    arguments = [
        "--models=resnet8",
        "--quantizations=float32,int8",
        "--resolutions=16",
        "--threads=1",
        f"--output={tmp_path}",
        *QUICK,
    ]
    path = tmp_path / sweep.LEDGER_NAME
    # The machine was lost while the very first line was written.
    path.write_text('{"model": {"na', "utf-8")
    measure = working.litert_host.measure_files

    def stop_at_the_second(paths, *rest):
        if "int8" in paths[0].name:
            raise KeyboardInterrupt
        return measure(paths, *rest)

    monkeypatch.setattr(working.litert_host, "measure_files", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        call_main(sweep, sweep.run, *arguments)
    assert "Warning: Line 1 of" in capsys.readouterr().err
    (first,) = ledger.read(path).records
    assert first.settings["quantization"] == "float32"
    monkeypatch.setattr(working.litert_host, "measure_files", measure)
    assert call_main(sweep, sweep.run, *arguments) == 0
    printed = capsys.readouterr().out
    assert "1 of them in" in printed
    found = ledger.read(path).records
    assert found[0] == first
    assert [r.settings["quantization"] for r in found] == ["float32", "int8"]
    assert found[1].model.name == "resnet8_16_int8.tflite"
    assert (tmp_path / sweep.REPORT_NAME).is_file()
    assert (tmp_path / sweep.PICTURE_NAME).is_file()
    before, kept = path.read_bytes(), tmp_path / "results.jsonl"
    for _ in range(2):
        assert call_main(sweep, sweep.run, *arguments, f"--ledger={kept}") == 0
        assert ledger.read(kept).records == found
    assert path.read_bytes() == before


def test_a_trained_model_is_scored_at_another_side(call_main, tmp_path, capsys):
    import keras

    # It tells apart by the mean alone, at any side.
    image = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(
        keras.layers.Conv2D(4, 1, name="mix")(image)
    )
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(pooled))
    model.save(tmp_path / "mine.keras")
    arguments = [
        f"--models={tmp_path / 'mine.keras'}",
        "--quantizations=float32",
        "--resolutions=8,12",
        "--threads=1",
        "--dataset=synthetic:60x8x8x3/2",
        "--evaluation_limit=10",
        f"--output={tmp_path / 'out'}",
        *QUICK,
    ]
    assert call_main(sweep, sweep.run, *arguments) == 0
    found = ledger.read(tmp_path / "out" / sweep.LEDGER_NAME).records
    assert [record.settings["resolution"] for record in found] == [8, 12]
    assert all(record.accuracy.count <= 10 for record in found)
    moved = network_of(str(tmp_path / "mine.keras")).build(12)
    assert moved.input_shape == (None, 12, 12, 3)
    images = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3))
    # Each pixel of the small image is 2 x 2, or 3 x 3, of the larger ones.
    np.testing.assert_allclose(
        moved.predict(images.repeat(3, 1).repeat(3, 2), verbose=0),
        model.predict(images.repeat(2, 1).repeat(2, 2), verbose=0),
        atol=1e-5,
    )
    assert "best for its time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "error", "sentence"),
    [
        ([], ValueError, "`--models` must name at least one"),
        (["--models=resnet9"], ValueError, "Unknown model: .*Did you mean"),
        (["--models=a.keras"], FileNotFoundError, "There is no file 'a.keras'"),
        (["--models=resnet8", "--quantizations="], ValueError, "--quantizations="),
        (["--models=resnet8", "--quantizations=int4"], ValueError, "Unknown format"),
        (["--models=resnet8", "--resolutions=0"], ValueError, "--resolutions=0"),
        (["--models=resnet8", "--resolutions=a"], ValueError, "--resolutions=a"),
        (["--models=resnet8", "--threads=0"], ValueError, "--threads=0"),
        (["--models=resnet8", "--runs=0"], ValueError, "--runs=0"),
        (["--models=resnet8", "--evaluation_limit=0"], ValueError, "limit=0"),
        (["surplus"], ValueError, "Received: surplus"),
    ],
)
def test_bad_input(call_main, tmp_path, flags, error, sentence):
    with pytest.raises(error, match=sentence):
        call_main(sweep, sweep.run, *flags, f"--output={tmp_path}")


def test_models_of_one_name_are_refused(tmp_path):
    from keras_resnet.benchmarks.sweeping.networks import networks_of

    paths = [tmp_path / name / "r8.keras" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"")
    with pytest.raises(ValueError, match="Two models are called 'r8'"):
        networks_of(list(map(str, paths)))
