import csv

from keras_resnet.training.history import Epoch, write_csv


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
