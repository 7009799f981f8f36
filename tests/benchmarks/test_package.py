import json

import pytest

from keras_resnet.benchmarks import comparisons, package
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


def test_table_and_json(call_main, monkeypatch, tmp_path, capsys):
    row = comparisons.Comparison(
        name="plain",
        title="Plain",
        upper="theirs",
        lower="ours",
        goal=2.0,
        at_least=True,
        measure=lambda sizes, rounds, say: ([0.06] * rounds, [0.02] * rounds),
        rounds=4,
    )
    monkeypatch.setattr(package, "COMPARISONS", (row,))
    output = tmp_path / "package.json"
    arguments = ["--only=plain", f"--output={output}"]
    assert call_main(package, package.benchmark, *arguments) == 0
    assert "reached" in capsys.readouterr().out
    (result,) = json.loads(output.read_text(encoding="utf-8"))["results"]
    assert result["name"] == "plain"
    assert result["ratio"]["value"] == pytest.approx(3)
    assert result["ratio"]["rounds"] == 4
    assert result["verdict"] == "reached"


def test_a_goal_that_is_missed_says_so():
    row = comparisons.Comparison(
        name="plain",
        title="Plain",
        upper="theirs",
        lower="ours",
        goal=2.0,
        at_least=True,
        measure=lambda sizes, rounds, say: ([0.02, 0.04], [0.02, 0.02]),
        rounds=2,
    )
    result = comparisons.compare(row, print)
    lines = text_table(package.COLUMNS, package.rows(result)).splitlines()
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
