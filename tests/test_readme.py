"""The README: its Python runs and its names exist."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import keras_resnet
from keras_resnet.training import list_recipes

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_ten_lines_of_python_run(tmp_path, monkeypatch):
    (code,) = block("python")
    assert len([line for line in code.splitlines() if line.strip()]) == 10
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


def test_models_and_recipes_are_listed():
    for name in keras_resnet.__all__:
        if name.startswith("ResNet"):
            assert f"`{name}`" in TEXT, name
    for name in list_recipes():
        assert f"`{name}`" in TEXT, name
