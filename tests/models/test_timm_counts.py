"""Parameter counts of the catalogue against timm's networks."""

from pathlib import Path

import pytest

from keras_resnet.models.published_counts import IN_TIMM

CATALOGUE = Path(__file__).parents[2] / "docs" / "models.md"
TRAINABLE_COLUMN = 4


@pytest.mark.parametrize("name", IN_TIMM)
def test_trainable_parameters_are_timms(timm, name):
    import torch

    with torch.device("meta"):  # Shapes alone, no weights.
        theirs = timm.create_model(name.removesuffix("v1_5"))
    count = sum(parameter.numel() for parameter in theirs.parameters())
    rows = CATALOGUE.read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
    assert row.split("|")[TRAINABLE_COLUMN].strip() == f"{count:,}"
