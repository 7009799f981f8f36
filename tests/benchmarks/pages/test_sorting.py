import re
import shutil
import subprocess

import pytest

from keras_resnet.benchmarks.pages import sorting
from keras_resnet.tables import Column, html_table

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLUMNS = (
    Column("name", align="left"),
    Column("time", "ms", ",.1f"),
)
ROWS = [("beta", 1200.5), ("delta", 3.0), ("alpha", None), ("gamma", 20.0)]
# Headings that are clicked on, one after the other, and what stands then. What is
# no number stands last.
CLICKS = (
    ([0], ["alpha", "beta", "delta", "gamma"], "ascending"),
    ([1], ["delta", "gamma", "beta", "alpha"], "ascending"),
    ([1, 1], ["beta", "gamma", "delta", "alpha"], "descending"),
    ([1, 1, 0], ["alpha", "beta", "delta", "gamma"], "ascending"),
)


def test_a_click_on_a_heading_sorts_its_table(tmp_path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no browser is installed that runs without a screen")
    # A table for each, so that the browser is started once.
    clicks = "".join(
        f'document.querySelectorAll("table")[{table}]'
        f'.querySelectorAll("thead th")[{heading}].click();'
        for table, (headings, *_) in enumerate(CLICKS)
        for heading in headings
    )
    path = tmp_path / "page.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8><body>"
        f"{html_table(COLUMNS, ROWS) * len(CLICKS)}"
        f"{sorting.SCRIPT}<script>{clicks}</script>",
        "utf-8",
    )
    finished = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    tables = finished.stdout.split("<table>")[1:]
    found = [
        (
            re.findall(r"<tr><td>(\w+)</td>", table),
            re.findall(r'aria-sort="(\w+)"', table),
        )
        for table in tables
    ]
    assert found == [(names, [direction]) for _, names, direction in CLICKS]
