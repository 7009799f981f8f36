"""The README: its Python runs and its names exist."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import keras_resnet
from keras_resnet.models import catalogue
from keras_resnet.training import list_recipes

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_eleven_lines_of_python_run(tmp_path, monkeypatch):
    code, *_ = block("python")
    assert len([line for line in code.splitlines() if line.strip()]) == 11
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    last = printed.getvalue().splitlines()[-1]
    size, quantized, floating = map(float, re.findall(r"[\d.]+(?= KiB|%)", last))
    assert (tmp_path / "digits.tflite").stat().st_size == pytest.approx(
        size * 1024, abs=512
    )
    assert floating > 90
    assert abs(quantized - floating) < 2


def test_commands_and_files_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (demo|test|bench|lint)", TEXT):
        assert f"\n{target}:" in makefile
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / link).is_file(), link


def test_recipes_are_listed():
    assert "--list_recipes" in TEXT
    listed = re.search(r"Recipes: (.*?)\.", TEXT, re.DOTALL)[1]
    named = re.findall(r"`(\w+)`", listed)
    assert len(named) >= 5
    assert set(named) <= set(list_recipes())


def test_every_model_is_in_the_catalogue():
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(keras_resnet.list_models())
    assert f"{len(rows)} networks" in TEXT
    for row, name in zip(rows, keras_resnet.list_models(), strict=True):
        specification = keras_resnet.models.specification(name)
        assert row.startswith(f"| `{name}` | `{specification.function}` |")
        assert specification.source in row
        assert f"| {catalogue.checked_against(specification)} |" in row


def test_catalogue_is_what_its_command_writes(monkeypatch):
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for name in ("resnet8", "resnet18", "wrn_16_4"):
        specification = keras_resnet.models.specification(name)
        monkeypatch.setattr(catalogue, "SPECIFICATIONS", {name: specification})
        assert catalogue.catalogue().splitlines()[-1] in text.splitlines()
