import csv

import pytest

from keras_resnet.training.history import Epoch, best_epoch, write_csv

SCORES = ((1, 0.5), (2, 0.75), (3, 0.75), (4, 0.6))


def test_csv_reads_back(tmp_path):
    history = [
        Epoch(epoch, 0.1 / epoch, 2.0, 0.5, 1.5, 0.25 * epoch, 3.25)
        for epoch in (1, 2, 3)
    ]
    write_csv(tmp_path / "history.csv", history)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [
        Epoch(int(row["epoch"]), *(float(v) for v in list(row.values())[1:]))
        for row in rows
    ] == history


def test_the_best_epoch_is_the_first_of_the_best():
    history = [Epoch(n, 0.1, 1.0, 0.5, 1.0, accuracy, 1.0) for n, accuracy in SCORES]
    assert best_epoch(history).epoch == 2
    with pytest.raises(ValueError, match="must not be empty"):
        best_epoch([])
