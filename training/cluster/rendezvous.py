"""Waiting for the other processes of a training, and saying who is missing."""

import socket
import sys
import time
from collections.abc import Sequence

# Seconds between two rounds of knocking.
PAUSE = 0.1
# Seconds after which it is told whom a worker waits for.
PATIENCE = 5.0


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `"host:port"` or `"[host]:port"`.

    Raises:
        ValueError: If it is neither.
    """
    host, _, port = str(address).rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(
            f"An address must be 'host:port'. Received: address={address!r}"
        )
    return host.strip("[]"), int(port)


def wait_for_workers(addresses: Sequence[str], own: int, timeout: float) -> None:
    """Return when something listens at every address.

    TensorFlow waits without an end for a worker that never comes, and does
    not say for which. Here each worker listens at its own address while it
    knocks at those of the others, and leaves when all have answered. One that
    left begins to listen for TensorFlow soon, so that later ones find it.

    Args:
        addresses: `"host:port"` of all workers.
        own: Which of them is this one's.
        timeout: Seconds to wait at most.

    Raises:
        TimeoutError: If some did not answer in time; they are named.
        OSError: If this worker cannot listen at its own port.
    """
    missing = [a for place, a in enumerate(addresses) if place != own]
    if not missing:
        return
    begin = time.monotonic()
    end, is_told = begin + timeout, False
    with _listen(addresses[own], len(addresses)):
        while True:
            missing = [a for a in missing if not answers(a, end)]
            if not missing:
                return
            now = time.monotonic()
            if now >= end:
                break
            if now >= begin + PATIENCE and not is_told:
                is_told = True
                print(
                    f"Waiting for {', '.join(missing)}, {timeout:g} seconds at most.",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(PAUSE)
    raise TimeoutError(
        f"Nothing answered at {', '.join(missing)} within {timeout:g} seconds. Every "
        "worker must be started with the same addresses, and none may be blocked "
        f"by a firewall. Received: timeout={timeout:g}"
    )


def _listen(address: str, backlog: int) -> socket.socket:
    _, port = split_address(address)
    dual = socket.has_dualstack_ipv6()
    try:
        # Connections are never accepted: the backlog takes each knock.
        return socket.create_server(
            ("", port),
            family=socket.AF_INET6 if dual else socket.AF_INET,
            dualstack_ipv6=dual,
            backlog=max(backlog, 8),
        )
    except OSError as error:
        raise OSError(
            error.errno,
            f"This worker cannot listen at its own address {address}: {error.strerror}",
        ) from error


def answers(address: str, end: float) -> bool:
    """Say whether something listens at `address` now.

    Args:
        address: `"host:port"`.
        end: When to stop waiting for it, on the clock of `time.monotonic`; it
            is given a second at most, and a moment at least.
    """
    left = max(min(end - time.monotonic(), 1.0), PAUSE)
    try:
        socket.create_connection(split_address(address), timeout=left).close()
    except OSError:
        # Not there yet; the caller says so if it never comes.
        return False
    return True
