import json
import socket
import threading

import pytest

from keras_resnet.training.cluster import rendezvous
from keras_resnet.training.cluster.rendezvous import split_address, wait_for_workers
from keras_resnet.training.distribution import make_strategy


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for listening in sockets:
        listening.close()
    return addresses


def test_all_workers_find_each_other():
    addresses = free_addresses(3)
    failures = []

    # In place of TensorFlow, which listens there from then on.
    servers = []

    def worker(own):
        try:
            wait_for_workers(addresses, own, timeout=20)
            servers.append(socket.create_server(split_address(addresses[own])))
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=worker, args=(own,)) for own in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for server in servers:
        server.close()
    assert not failures
    assert len(servers) == 3


def test_names_the_worker_that_never_came(monkeypatch, capsys):
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.0)
    addresses = free_addresses(3)
    with (
        socket.create_server(split_address(addresses[1]), backlog=8),
        pytest.raises(TimeoutError, match="within 0.3 seconds") as error,
    ):
        wait_for_workers(addresses, 0, timeout=0.3)
    assert addresses[2] in str(error.value)
    assert addresses[1] not in str(error.value)
    assert addresses[0] not in str(error.value)
    said = capsys.readouterr().err
    assert said == f"Waiting for {addresses[2]}, 0.3 seconds at most.\n"


def test_make_strategy_does_not_wait_for_ever(monkeypatch):
    addresses = free_addresses(2)
    config = {
        "cluster": {"worker": addresses},
        "task": {"type": "worker", "index": 0},
    }
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    for name in ("multi_worker", "auto"):
        with pytest.raises(TimeoutError, match=addresses[1]):
            make_strategy(name, timeout=0.2)


def test_says_that_its_own_port_is_taken():
    addresses = free_addresses(2)
    with (
        socket.create_server(split_address(addresses[0])),
        pytest.raises(OSError, match=f"its own address {addresses[0]}"),
    ):
        wait_for_workers(addresses, 0, timeout=0.3)


def test_one_worker_waits_for_nobody():
    wait_for_workers(["127.0.0.1:1"], 0, timeout=0.1)


@pytest.mark.parametrize(
    ("address", "expected"), [("host:12", ("host", 12)), ("[::1]:12", ("::1", 12))]
)
def test_splits_addresses(address, expected):
    assert split_address(address) == expected


@pytest.mark.parametrize("address", ["host", ":12", "host:", "host:x", "host:0", 7])
def test_refuses_what_is_no_address(address):
    with pytest.raises(ValueError, match="Received: address="):
        split_address(address)
