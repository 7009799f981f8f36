"""Strategies over several processes, and how these find each other."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_interval
from keras_resnet.training.cluster.rendezvous import split_address, wait_for_workers

if TYPE_CHECKING:
    import tensorflow as tf

# Seconds to wait for the other workers.
TIMEOUT = 600.0
JOBS = ("chief", "worker")
SLURM = "slurm"
EXAMPLE = (
    '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


# A process can join a cluster only once.
_joined: list["Cluster"] = []
_strategies: dict[str, "tf.distribute.Strategy"] = {}


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Who trains together.

    Attributes:
        addresses: `"host:port"` of every worker, the chief's first.
        own: Which of them is this process.
        has_chief: Whether the first one has a job of its own, `"chief"`, and
            the numbers of the others begin behind it.
    """

    addresses: tuple[str, ...]
    own: int
    has_chief: bool = False


def read_tf_config(text: str) -> Cluster:
    """Read the value of `TF_CONFIG`.

    Args:
        text: A JSON object with `cluster` and `task`.

    Raises:
        ValueError: If it is wrong; what is wrong is said.
    """

    def check(right: bool, wrong: str) -> None:
        if not right:
            raise ValueError(
                f"{wrong} It should look like {EXAMPLE}. Received: TF_CONFIG={text!r}"
            )

    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"`TF_CONFIG` is not JSON: {error}. It should look like {EXAMPLE}. "
            f"Received: TF_CONFIG={text!r}"
        ) from error
    check(isinstance(config, dict), "`TF_CONFIG` must be a JSON object.")
    cluster, task = config.get("cluster"), config.get("task")
    check(
        isinstance(cluster, dict) and bool(cluster),
        "`cluster` in `TF_CONFIG` must name the jobs and their addresses.",
    )
    check(
        "ps" not in cluster,
        "`cluster` in `TF_CONFIG` has parameter servers ('ps'), which Keras 3 does "
        "not support.",
    )
    unknown = sorted(cluster.keys() - set(JOBS))
    check(not unknown, f"`cluster` in `TF_CONFIG` has the unknown jobs {unknown}.")
    for job, addresses in cluster.items():
        check(
            isinstance(addresses, list) and bool(addresses),
            f"The job {job!r} in `TF_CONFIG` must be a list of addresses.",
        )
    check(len(cluster.get("chief", [None])) == 1, "There can be one chief only.")
    every = tuple(a for job in JOBS for a in cluster.get(job, ()))
    for address in every:
        try:
            split_address(address)
        except ValueError as error:
            check(False, f"`TF_CONFIG` has a wrong address. {error}.")
    check(len(set(every)) == len(every), "`TF_CONFIG` has an address twice.")
    check(
        isinstance(task, dict) and task.get("type") in cluster,
        "`task` in `TF_CONFIG` must have a `type` that is one of the jobs of "
        f"`cluster`, {sorted(cluster)}.",
    )
    index, count = task.get("index"), len(cluster[task["type"]])
    check(
        type(index) is int and 0 <= index < count,
        "`task` in `TF_CONFIG` must have as `index` one of the "
        f"{count} places of its job, 0 to {count - 1}.",
    )
    before = 0 if task["type"] == JOBS[0] else len(cluster.get(JOBS[0], ()))
    return Cluster(every, before + index, JOBS[0] in cluster)


def has_several_workers() -> bool:
    """Whether `TF_CONFIG` names more than one worker.

    Raises:
        ValueError: If it is wrong.
    """
    text = os.environ.get("TF_CONFIG")
    return bool(text) and len(read_tf_config(text).addresses) > 1


def worker_strategy(timeout: float) -> "tf.distribute.Strategy":
    """Return the strategy over the workers that the environment names.

    A process that has joined these workers already gets the same one again.

    Args:
        timeout: Seconds to wait for the other workers.

    Raises:
        ValueError: If the environment names no workers, or wrongly.
        TimeoutError: If a worker never came; its address is named.
        RuntimeError: If TensorFlow was used before in this process.
        OSError: If this worker's port is taken.
    """
    check_interval("timeout", timeout, 0.0, float("inf"), include_low=False)
    text = os.environ.get("TF_CONFIG")
    if text:
        return _once(text, lambda: _from_tf_config(text, timeout))
    if "SLURM_PROCID" in os.environ and "SLURM_STEP_NUM_TASKS" in os.environ:
        return _once(SLURM, lambda: _from_slurm(timeout))
    raise ValueError(
        "The strategy 'multi_worker' needs the environment variable `TF_CONFIG`, "
        f"such as {EXAMPLE}, or a step of Slurm. "
        "Received: neither of them in the environment"
    )


def _once(
    workers: str, connect: "Callable[[], tf.distribute.Strategy]"
) -> "tf.distribute.Strategy":
    if workers not in _strategies:
        _strategies[workers] = connect()
    return _strategies[workers]


def _from_tf_config(text: str, timeout: float) -> "tf.distribute.Strategy":
    import tensorflow as tf

    cluster = read_tf_config(text)
    return _connect(
        cluster, tf.distribute.cluster_resolver.TFConfigClusterResolver(), timeout
    )


def _from_slurm(timeout: float) -> "tf.distribute.Strategy":
    resolver = slurm_resolver()
    cluster = slurm_cluster(resolver)
    return _connect(cluster, with_own_gpus(resolver), timeout)


def slurm_resolver() -> "tf.distribute.cluster_resolver.SlurmClusterResolver":
    """Return TensorFlow's resolver of the Slurm step that this process is in."""
    import tensorflow as tf

    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver
    gpus = _visible_gpus()
    if gpus and not _are_bound_to_task(gpus):
        return resolver(gpus_per_node=gpus)
    # It hands out workers along with GPUs: without any, or with those of one
    # task alone, it does not find all workers. So it is told of one for each,
    # and to leave the environment alone.
    return resolver(
        gpus_per_node=int(os.environ["SLURM_STEP_NUM_TASKS"]),
        gpus_per_task=1,
        auto_set_gpu=False,
    )


def slurm_cluster(resolver) -> Cluster:
    """Return the workers of a Slurm step.

    Args:
        resolver: A `SlurmClusterResolver`.

    Raises:
        ValueError: If TensorFlow takes this process for one of another node.
    """
    addresses = resolver.cluster_spec().as_dict()["worker"]
    _, own = resolver.get_task_info()
    node = os.environ.get("SLURMD_NODENAME")
    supposed, _ = split_address(addresses[own])
    if node and node != supposed:
        # It fills the nodes one after another, in the order of their names.
        raise ValueError(
            f"Slurm's task {own} is on the node {node}, and TensorFlow, which fills "
            f"nodes in alphabetical order, expects it on {supposed}. Use "
            "`srun --distribution=block`, or set `TF_CONFIG` where names such as n9 "
            "and n10 sort differently. Received: "
            f"SLURM_STEP_NODELIST={os.environ['SLURM_STEP_NODELIST']!r}"
        )
    return Cluster(tuple(addresses), own)


def with_own_gpus(resolver) -> "tf.distribute.cluster_resolver.ClusterResolver":
    """Return a resolver of the same workers that tells of the GPUs of this one.

    Args:
        resolver: As of `slurm_resolver`, after `slurm_cluster`.
    """
    import tensorflow as tf

    # The resolver may have chosen some of them by now.
    gpus = _visible_gpus()
    if gpus and resolver.num_accelerators()["GPU"] == gpus:
        return resolver
    # On the GPUs that the other one was told of replicas would be placed.
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        resolver.cluster_spec(),
        task_type=resolver.task_type,
        task_id=resolver.task_id,
        num_accelerators={"GPU": gpus} if gpus else {},
        rpc_layer=resolver.rpc_layer,
    )


def _are_bound_to_task(gpus: int) -> bool:
    """Whether a task of Slurm sees its own GPUs alone, not all of its node."""
    tasks = re.findall(r"(\d+)(?:\(x\d+\))?", os.environ["SLURM_STEP_TASKS_PER_NODE"])
    # With a type before the number, as in "a100:2".
    asked = os.environ.get("SLURM_GPUS_PER_TASK", "").rpartition(":")[2]
    return gpus < max(map(int, tasks)) or asked == str(gpus)


def _visible_gpus() -> int:
    # Not asked of TensorFlow, which would take hold of all of them before the
    # resolver has chosen those of this worker.
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([v for v in visible.split(",") if v.strip() not in ("", "-1")])
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    # Without a driver that answers it fails, and there is no GPU to train on.
    listed = subprocess.run(
        [program, "--list-gpus"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def _connect(cluster: Cluster, resolver, timeout: float) -> "tf.distribute.Strategy":
    import tensorflow as tf

    wait_for_workers(cluster.addresses, cluster.own, timeout)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except RuntimeError as error:
        raise RuntimeError(
            "Workers must be connected before TensorFlow first computes anything "
            "in a process. Call `make_strategy` first of all. "
            f"Received: strategy='multi_worker' ({error})"
        ) from error
    _joined.append(cluster)
    return strategy


def joined_cluster() -> Cluster | None:
    """Return the cluster that this process has joined, or None."""
    return _joined[0] if _joined else None


def tpu_strategy() -> "tf.distribute.Strategy":
    """Return the strategy over the cores of the TPU that TensorFlow finds.

    Raises:
        RuntimeError: If there is none.
    """
    import tensorflow as tf

    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        reason = str(error).rstrip(".")
        raise RuntimeError(
            f"TensorFlow finds no TPU: {reason}. Received: strategy='tpu'"
        ) from error
    return tf.distribute.TPUStrategy(resolver)
