"""The documents say what the records of the benchmarks say."""

from pathlib import Path

import pytest

from keras_resnet.benchmarks.commands import fill

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tables_of_the_results_are_those_of_their_ledger(call_main):
    document, ledger = DOCS / "results.md", DOCS / "results.jsonl"
    if not ledger.is_file():
        pytest.skip("the documents are not here")
    arguments = (document, f"--ledger={ledger}", "--check")
    assert call_main(fill, fill.run, *arguments) == 0, (
        f"keras-resnet-benchmark fill {document.name} --ledger={ledger.name}"
    )
