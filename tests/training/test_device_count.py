import json

import pytest
import tensorflow as tf

from keras_resnet.training import make_strategy
from keras_resnet.training.device_count import device_count


def workers(count):
    addresses = [f"localhost:{port}" for port in range(1, count + 1)]
    task = {"type": "worker", "index": 0}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def test_counts_what_a_strategy_has_here():
    for name in ("auto", "one_device", "mirrored"):
        assert device_count(name) == make_strategy(name).num_replicas_in_sync
    assert device_count("mirrored", 3) == device_count("auto", 3) == 3


@pytest.mark.parametrize(
    ("strategy", "count", "expected"),
    [
        ("auto", 1, 4),
        ("mirrored", 3, 4),
        ("one_device", 3, 1),
        ("auto", 3, 12),
        ("multi_worker", 3, 12),
        ("multi_worker", 0, None),
        ("tpu", 1, None),
    ],
)
def test_counts_gpus_and_workers_that_are_not_here(
    strategy, count, expected, monkeypatch
):
    gpus = [f"GPU:{number}" for number in range(4)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if count:
        monkeypatch.setenv("TF_CONFIG", workers(count))
    assert device_count(strategy) == expected
