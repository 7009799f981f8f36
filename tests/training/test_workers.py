import json
import os
import shutil
import sys

import pytest
import tensorflow as tf

from keras_resnet.training.cluster import exchange
from keras_resnet.training.cluster.workers import (
    Cluster,
    has_several_workers,
    read_tf_config,
    slurm_cluster,
    slurm_resolver,
    tpu_strategy,
    with_own_gpus,
    worker_strategy,
)
from keras_resnet.training.distribution import describe_strategy, is_chief

WORKERS = ["a:1000", "b:1000", "[::1]:1000"]


def config(cluster, task):
    return json.dumps({"cluster": cluster, "task": task})


def test_reads_the_workers_and_which_one_this_is():
    text = config({"worker": WORKERS}, {"type": "worker", "index": 2})
    assert read_tf_config(text) == Cluster(tuple(WORKERS), 2)


def test_the_chief_comes_first():
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    addresses = ("a:1", "b:1", "c:1")
    for task, own in ((("chief", 0), 0), (("worker", 1), 2)):
        text = config(cluster, {"type": task[0], "index": task[1]})
        assert read_tf_config(text) == Cluster(addresses, own, has_chief=True)


TASK = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{worker", "not JSON"),
        ("[1]", "must be a JSON object"),
        ("{}", "`cluster` in"),
        (config({"worker": WORKERS, "ps": ["c:1"]}, TASK), "parameter servers"),
        (config({"wroker": WORKERS}, TASK), r"unknown jobs \['wroker'\]"),
        (config({"worker": []}, TASK), "job 'worker'"),
        (config({"worker": "a:1"}, TASK), "job 'worker'"),
        (config({"worker": ["a:1"], "chief": ["b:1", "c:1"]}, TASK), "one chief only"),
        (config({"worker": ["a"]}, TASK), "Received: address='a'"),
        (config({"worker": ["a:70000"]}, TASK), "Received: address='a:70000'"),
        (config({"worker": ["a:1", "a:1"]}, TASK), "address twice"),
        (config({"worker": WORKERS}, {"type": "chief", "index": 0}), "`type`"),
        (config({"worker": WORKERS}, {"type": "worker", "index": 3}), "0 to 2"),
        (config({"worker": WORKERS}, {"type": "worker", "index": "0"}), "`index`"),
        (config({"worker": WORKERS}, {"type": "worker", "index": True}), "`index`"),
        (config({"worker": WORKERS}, None), "`task`"),
    ],
)
def test_says_what_is_wrong_in_tf_config(monkeypatch, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read_tf_config(text)
    assert str(error.value).endswith(f"Received: TF_CONFIG={text!r}")
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        worker_strategy(1.0)


@pytest.mark.parametrize(
    ("workers", "several"), [(None, False), (["a:1"], False), (["a:1", "b:1"], True)]
)
def test_knows_whether_there_are_others(monkeypatch, workers, several):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if workers:
        monkeypatch.setenv("TF_CONFIG", config({"worker": workers}, TASK))
    assert has_several_workers() is several


def test_needs_workers_in_the_environment(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    with pytest.raises(ValueError, match="needs the environment variable `TF_CONFIG`"):
        worker_strategy(1.0)


@pytest.mark.parametrize("timeout", [0, -1.0])
def test_refuses_a_timeout_that_has_passed(timeout):
    with pytest.raises(ValueError, match="Received: timeout"):
        worker_strategy(timeout)


@pytest.mark.parametrize(
    ("tasks", "devices", "gpus"),
    [
        ("2,1", None, 0),
        ("2,1", "", 0),
        ("2,1", "-1", 0),
        # All GPUs of the node, which two workers share.
        ("2,1", "0,1", 1),
        # Those that Slurm has bound to this task.
        ("2,1", "0", 1),
        ("1(x3)", "0", 1),
        ("3", "3,5", 2),
    ],
)
def test_finds_the_workers_of_a_slurm_step(monkeypatch, tasks, devices, gpus):
    nodes = {"2,1": (7, 7, 8), "1(x3)": (7, 8, 9), "3": (7, 7, 7)}[tasks]
    for name, value in {
        "PROCID": "2",
        "STEP_NUM_TASKS": "3",
        "STEP_NODELIST": f"node[07-{nodes[-1]:02d}]",
        "STEP_TASKS_PER_NODE": tasks,
    }.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setattr(shutil, "which", lambda program: None)
    # Whatever the resolver makes of it is taken back after the test.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices or "")
    if devices is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    resolver = slurm_resolver()
    found = slurm_cluster(resolver)
    ports = [8888 + nodes[:place].count(node) for place, node in enumerate(nodes)]
    addresses = (
        f"node{node:02d}:{port}" for node, port in zip(nodes, ports, strict=True)
    )
    assert found == Cluster(tuple(addresses), 2)
    placing = with_own_gpus(resolver)
    assert placing.cluster_spec() == resolver.cluster_spec()
    assert (placing.task_type, placing.task_id) == ("worker", 2)
    assert placing.num_accelerators() == ({"GPU": gpus} if gpus else {})


def test_gpus_that_slurm_was_asked_for_by_task_are_all_of_the_task(monkeypatch):
    for name, value in {
        "SLURM_PROCID": "1",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "n1",
        "SLURM_STEP_TASKS_PER_NODE": "2",
        "SLURM_GPUS_PER_TASK": "a100:2",
        "CUDA_VISIBLE_DEVICES": "0,1",
    }.items():
        monkeypatch.setenv(name, value)
    resolver = slurm_resolver()
    assert slurm_cluster(resolver).addresses == ("n1:8888", "n1:8889")
    assert with_own_gpus(resolver).num_accelerators() == {"GPU": 2}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


@pytest.mark.skipif(sys.platform == "win32", reason="a script for the shell")
def test_a_driver_that_does_not_answer_has_no_gpus(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate'\n"
        "exit 9\n"
    )
    program.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    for name, value in {
        "PROCID": "0",
        "STEP_NUM_TASKS": "2",
        "STEP_NODELIST": "n1",
        "STEP_TASKS_PER_NODE": "2",
    }.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    resolver = slurm_resolver()
    assert slurm_cluster(resolver).addresses == ("n1:8888", "n1:8889")
    assert with_own_gpus(resolver).num_accelerators() == {}


@pytest.mark.parametrize(("node", "fits"), [("n9", False), ("n10", True)])
def test_notices_nodes_in_another_order_than_slurm_s(monkeypatch, node, fits):
    # TensorFlow sorts n10 before n9, and Slurm does not.
    for name, value in {
        "SLURM_PROCID": "0",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "n[9-10]",
        "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
        "SLURMD_NODENAME": node,
        "CUDA_VISIBLE_DEVICES": "",
    }.items():
        monkeypatch.setenv(name, value)
    if fits:
        assert slurm_cluster(slurm_resolver()).addresses == ("n10:8888", "n9:8888")
    else:
        with pytest.raises(ValueError, match=r"is on the node n9, .*it on n10\."):
            slurm_cluster(slurm_resolver())


def test_says_that_there_is_no_tpu():
    with pytest.raises(RuntimeError, match=r"no TPU.*Received: strategy='tpu'"):
        tpu_strategy()


def test_a_single_process_writes_its_files():
    assert is_chief(tf.distribute.get_strategy())
    assert "one device" in describe_strategy(tf.distribute.get_strategy())


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        (FileNotFoundError("no disk"), OSError, "no disk"),
        (KeyError("name"), RuntimeError, "KeyError: 'name'"),
        (tf.errors.NotFoundError(None, None, "x"), RuntimeError, "NotFoundError: x"),
    ],
)
def test_whatever_the_chief_raises_reaches_all(monkeypatch, raised, kind, message):
    # The other process is the absent one.
    sent = []

    def gather(strategy, payload):
        sent.append(payload)
        return sent[:1]

    def fail():
        raise raised

    monkeypatch.setattr(exchange, "workers_of", lambda strategy: 2)
    monkeypatch.setattr(exchange, "addresses_of", lambda strategy: WORKERS)
    monkeypatch.setattr(exchange, "gather", gather)
    monkeypatch.setattr(exchange, "is_chief", lambda strategy: True)
    with pytest.raises(type(raised)) as caught:
        exchange.from_chief(None, fail)
    assert caught.value is raised
    monkeypatch.setattr(exchange, "is_chief", lambda strategy: False)
    with pytest.raises(kind, match=rf"worker 0 \(a:1000\) says: {message}"):
        exchange.from_chief(None, fail)
