import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_resnet.training.distribution import make_strategy

SCRIPT = Path(__file__).with_name("two_workers.py")
SPEC = importlib.util.spec_from_file_location("two_workers", SCRIPT)
two_workers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(two_workers)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two_workers")


@pytest.fixture(scope="module")
def workers(folder):
    """What two processes on this machine found, and one device in this process."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    started = []
    for index in range(2):
        config = {
            "cluster": {"worker": addresses},
            "task": {"type": "worker", "index": index},
        }
        started.append(
            subprocess.Popen(
                [sys.executable, str(SCRIPT), str(folder)],
                env={**os.environ, "TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        one = {
            name: two_workers.train(make_strategy("one_device"), **case)[0]
            for name, case in two_workers.CASES.items()
        }
        answers = []
        for worker in started:
            output, errors = worker.communicate(timeout=240)
            assert worker.returncode == 0, errors[-3000:]
            answers.append(json.loads(output.splitlines()[-1]))
    finally:
        for worker in started:
            worker.kill()
            worker.wait()
    return *answers, one


def test_the_workers_know_what_they_are(workers):
    first, second, _ = workers
    assert [first["chief"], second["chief"]] == [True, False]
    assert first["devices"] == "2 replicas on 2 workers (CPU)"


@pytest.mark.parametrize("case", two_workers.CASES)
def test_the_workers_agree_to_the_last_bit(workers, case):
    first, second, _ = workers
    assert first[case] == second[case]


@pytest.mark.parametrize("case", ["plain", "synchronized"])
def test_two_workers_train_like_one_device(workers, case):
    found, _, expected = (answer[case] for answer in workers)
    for one, two in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-5)
    for name, values in expected["history"].items():
        assert found["history"][name] == pytest.approx(values, rel=1e-5), name
    assert found["score"] == pytest.approx(expected["score"], rel=1e-5)
    assert found["steps"] == expected["steps"] == 16
    assert found["score"][2] == 360


def test_an_overflow_skips_the_step_of_both_workers(workers):
    found = workers[0]["float16"]
    halvings = np.log2(two_workers.CASES["float16"]["initial_loss_scale"])
    halvings -= np.log2(found["scale"])
    assert 0 < halvings < 16
    assert found["steps"] == 16 - halvings
    assert all(np.isfinite(w).all() for w in found["weights"])


def test_the_chief_saved_what_both_have(workers, folder):
    saved = keras.models.load_model(folder / "model.keras", compile=False)
    for one, two in zip(
        saved.get_weights(), workers[1]["float16"]["weights"], strict=True
    ):
        np.testing.assert_allclose(one, two, rtol=1e-6)
    assert [path.name for path in folder.iterdir()] == ["model.keras"]
