import json

import pytest

from keras_resnet.benchmarks import comparison_program, comparisons, package
from keras_resnet.benchmarks.records import ledger
from keras_resnet.tables import text_table


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--only=training"], "Received: --only='training'"),
        (["--only="], "Received: --only="),
        (["--rounds=0"], "Received: --rounds=0"),
        (["surplus"], "Received: surplus"),
    ],
)
def test_bad_flags(call_main, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        call_main(package, package.benchmark, *arguments)


def test_bad_input_gives_one_sentence(call_module):
    finished = call_module(
        "keras_resnet.benchmarks.package", "--only=training", backend="jax"
    )
    assert finished.returncode == 2
    assert len(finished.stderr.strip().splitlines()) == 1


def row(name="plain", **changes):
    values = {
        "title": name.capitalize(),
        "upper": "theirs",
        "lower": "ours",
        "goal": 2.0,
        "measure": lambda sizes, rounds, say: ([0.06] * rounds, [0.02] * rounds),
        "rounds": 4,
    }
    return comparisons.Comparison(name=name, **(values | changes))


def raising(error):
    def measure(sizes, rounds, say):
        raise error

    return measure


def results(path):
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def test_table_and_json(call_main, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(package, "COMPARISONS", (row(),))
    output = tmp_path / "package.json"
    arguments = ["--only=plain", f"--output={output}"]
    assert call_main(package, package.benchmark, *arguments) == 0
    assert "reached" in capsys.readouterr().out
    (result,) = results(output)
    assert result["name"] == "plain"
    assert result["ratio"]["value"] == pytest.approx(3)
    assert result["ratio"]["rounds"] == 4
    assert result["upper_seconds"] == [0.06] * 4
    assert result["verdict"] == "reached"


def test_both_sides_go_into_the_ledger(call_main, monkeypatch, tmp_path):
    monkeypatch.setattr(package, "COMPARISONS", (row(),))
    path = tmp_path / "benchmarks.jsonl"
    assert call_main(package, package.benchmark, f"--ledger={path}") == 0
    theirs, ours = ledger.read(path).records
    assert theirs.settings == {"comparison": "plain", "side": "theirs"}
    assert ours.settings == {"comparison": "plain", "side": "ours"}
    assert theirs.model.name == "Plain"
    assert theirs.latency.p50_ms == pytest.approx(60)
    assert ours.latency.samples_ms == pytest.approx([20] * 4)
    assert ours.latency.samples_per_round == (1,) * 4


def test_what_is_not_installed_is_a_row_and_no_failure(
    call_main, monkeypatch, tmp_path, capsys
):
    absent = row("absent", needs=("no_such_module", "no_other"), measure=None)
    monkeypatch.setattr(package, "COMPARISONS", (absent, row()))
    output = tmp_path / "package.json"
    assert call_main(package, package.benchmark, f"--output={output}") == 0
    said = capsys.readouterr().out
    assert "not measured: no_such_module and no_other are not installed" in said
    first, second = results(output)
    assert first["ratio"] == "not measured"
    assert first["reason"] == "no_such_module and no_other are not installed"
    assert second["verdict"] == "reached"


@pytest.mark.parametrize(
    "error", [ImportError("torch is broken."), RuntimeError("torch is broken.")]
)
def test_what_fails_does_not_cost_the_others(
    call_main, monkeypatch, tmp_path, capsys, error
):
    rows = (row("first"), row("second", measure=raising(error)), row("third"))
    monkeypatch.setattr(package, "COMPARISONS", rows)
    output = tmp_path / "package.json"
    ledger_path = tmp_path / "benchmarks.jsonl"
    arguments = [f"--output={output}", f"--ledger={ledger_path}"]
    assert call_main(package, package.benchmark, *arguments) == 1
    captured = capsys.readouterr()
    assert "not measured: torch is broken\n" in captured.out
    assert captured.err == "Failed: second: torch is broken.\n"
    assert [result["verdict"] for result in results(output)] == [
        "reached",
        "",
        "reached",
    ]
    assert len(ledger.read(ledger_path).records) == 4


def test_what_was_measured_survives_an_interruption(
    call_main, monkeypatch, tmp_path, capsys
):
    rows = (row("first"), row("second", measure=raising(KeyboardInterrupt())))
    monkeypatch.setattr(package, "COMPARISONS", rows)
    output = tmp_path / "package.json"
    with pytest.raises(KeyboardInterrupt):
        call_main(package, package.benchmark, f"--output={output}")
    assert "reached" in capsys.readouterr().out
    (result,) = results(output)
    assert result["name"] == "first"


def test_a_ledger_that_cannot_be_written_is_told_first(
    call_main, monkeypatch, tmp_path
):
    never = row(measure=raising(AssertionError("measured")))
    monkeypatch.setattr(package, "COMPARISONS", (never,))
    with pytest.raises(OSError, match="Cannot write the ledger"):
        call_main(package, package.benchmark, f"--ledger={tmp_path}")


def test_a_goal_that_is_missed_says_so():
    times = [0.02, 0.04], [0.02, 0.02]
    slow = row(measure=lambda sizes, rounds, say: times, rounds=2)
    result = comparisons.compare(slow, print)
    lines = text_table(
        comparison_program.COLUMNS, comparison_program.rows(result)
    ).splitlines()
    assert lines[-3].split() == [
        "Plain",
        "1.50",
        "1.25..1.75",
        "at",
        "least",
        "2",
        "missed",
    ]
    assert lines[-2].split() == ["theirs", "30.0"]
    assert lines[-1].split() == ["ours", "20.0"]
