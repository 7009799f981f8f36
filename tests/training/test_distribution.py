import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from keras_resnet.training.distribution import (
    check_batch_size,
    describe_strategy,
    make_strategy,
    share_by_batch,
)

SCRIPT = Path(__file__).with_name("two_replicas.py")


@pytest.fixture(scope="module")
def two_replicas(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("two_replicas"))],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_statistics_of_replicas_are_averaged(two_replicas):
    # Replica 0 held 0, replica 1 held 4.
    assert two_replicas["merged"] == [[2.0] * 3] * 2


def test_the_reloaded_model_is_as_good_as_reported(two_replicas):
    # Without drifting replicas this test would show nothing.
    assert two_replicas["apart_while_training"] > 1e-3
    assert two_replicas["reported"] == pytest.approx(two_replicas["reloaded"], rel=1e-5)


def test_two_replicas_train_like_one_device(two_replicas):
    assert two_replicas["mirrored_to_single"] < 1e-4
    mirrored, single = two_replicas["losses"]
    assert mirrored == pytest.approx(single, rel=1e-4)
    assert two_replicas["devices"]["replicas"] == 2


def test_one_device_is_the_default_here():
    assert make_strategy("one_device") is tf.distribute.get_strategy()
    if len(tf.config.list_logical_devices("GPU")) < 2:
        assert make_strategy("auto") is tf.distribute.get_strategy()
    assert "one device" in describe_strategy(make_strategy("one_device"))


def test_mirrored_runs_on_what_there_is():
    strategy = make_strategy("mirrored")
    gpus = len(tf.config.list_logical_devices("GPU"))
    assert strategy.num_replicas_in_sync == max(gpus, 1)
    assert "replica" in describe_strategy(strategy)


def test_refuses_to_split_the_cpu_too_late():
    tf.config.list_logical_devices()
    with pytest.raises(RuntimeError, match=r"before TensorFlow.*virtual_devices=7"):
        make_strategy("mirrored", virtual_devices=7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mirrord",), r"Did you mean 'mirrored'\?"),
        (("one_device", 2), "virtual_devices=2"),
        (("multi_worker", 2), "strategy='multi_worker', virtual_devices=2"),
        (("mirrored", 0), "Received: virtual_devices=0"),
        (("parameter_server",), "asynchronously.*strategy='parameter_server'"),
        (("keras.distribution",), "trains on one device.*'keras.distribution'"),
    ],
)
def test_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_strategy(*arguments)


def test_workers_share_batches_unless_told_otherwise():
    policies = tf.data.experimental.AutoShardPolicy

    def policy(data):
        return data.options().experimental_distribute.auto_shard_policy

    data = tf.data.Dataset.range(4)
    assert policy(share_by_batch(data)) == policies.DATA
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = policies.OFF
    assert policy(share_by_batch(data.with_options(options))) == policies.OFF
    assert share_by_batch([1, 2]) == [1, 2]


def test_every_replica_gets_an_equal_part():
    assert check_batch_size(64, 4) == 64
    with pytest.raises(ValueError, match=r"4 replicas.*Received: batch_size=66"):
        check_batch_size(66, 4)
