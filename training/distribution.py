"""Over which devices a training runs."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.training.cluster.members import is_chief, workers_of
from keras_resnet.training.cluster.workers import (
    TIMEOUT,
    has_several_workers,
    tpu_strategy,
    worker_strategy,
)
from keras_resnet.training.jax_backend import devices as jax_devices
from keras_resnet.training.replica_merging import merge_replicas, merge_variables
from keras_resnet.wording import counted

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = [
    "BACKENDS",
    "STRATEGIES",
    "check_backend",
    "check_batch_size",
    "check_strategy",
    "compute_the_same_each_time",
    "describe_strategy",
    "is_chief",
    "make_strategy",
    "merge_replicas",
    "merge_variables",
    "quiet_logging",
    "share_by_batch",
    "split_cpu",
]

BACKENDS = ("tensorflow", "jax")
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
REFUSED = {
    "parameter_server": (
        "A parameter server trains asynchronously, and Keras 3 does not support it."
    ),
    "keras.distribution": (
        "On the TensorFlow backend `keras.distribution` trains on one device "
        "without saying so."
    ),
    "data_parallel": (
        "'data_parallel' is `keras.distribution`, which on the TensorFlow backend "
        "trains on one device without saying so. Use 'mirrored', or set "
        "KERAS_BACKEND=jax."
    ),
}


def check_backend() -> None:
    """Accept a backend of Keras that networks are trained on.

    Raises:
        RuntimeError: If Keras uses another one.
    """
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise RuntimeError(
            "Training runs on Keras's TensorFlow and JAX backends, and Keras uses "
            f"{backend!r}. Set KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax."
        )


def compute_the_same_each_time() -> None:
    """Let every operation compute the same each time.

    Raises:
        RuntimeError: If it is too late for that.
    """
    if keras.backend.backend() == "jax":
        jax_devices.compute_the_same_each_time()
        return
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def split_cpu(count: int) -> list[str]:
    """Split the first CPU into `count` virtual devices.

    They share its cores: this shows that a training over several devices is
    right, not how fast one is.

    Args:
        count: Virtual devices.

    Returns:
        Names of the devices.

    Raises:
        RuntimeError: If TensorFlow has its devices already and they are other
            ones: that is settled for the life of a process.
    """
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    wanted = [tf.config.LogicalDeviceConfiguration()] * count
    try:
        tf.config.set_logical_device_configuration(cpu, wanted)
    except RuntimeError as error:
        present = len(tf.config.list_logical_devices("CPU"))
        if present != count:
            raise RuntimeError(
                "The CPU must be split into virtual devices before TensorFlow "
                f"first uses it, and this process has used {present}. Call "
                "`make_strategy` first of all. "
                f"Received: virtual_devices={count}"
            ) from error
    return [f"CPU:{index}" for index in range(count)]


# A second strategy over the same devices would number its collective operations
# as the first one did, and TensorFlow then takes the one's for the other's.
@functools.cache
def _mirrored(devices: tuple[str, ...]) -> "tf.distribute.Strategy":
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(devices))


def make_strategy(
    name: str = "auto",
    virtual_devices: int | None = None,
    *,
    timeout: float = TIMEOUT,
) -> "tf.distribute.Strategy":
    """Return the strategy that spreads a training over devices.

    Args:
        name: `"one_device"`: the first GPU, or else the CPU. `"mirrored"`: a
            replica on each GPU, or on each virtual device of the CPU.
            `"multi_worker"`: a replica on each GPU, or else on the CPU, of
            each process that the environment variable `TF_CONFIG` or a step
            of Slurm names. `"tpu"`: a replica on each core of the TPU that
            TensorFlow finds; this package was never run on one. `"auto"`:
            `"multi_worker"` where `TF_CONFIG` names several workers,
            `"mirrored"` where there are several GPUs or virtual devices were
            asked for, else `"one_device"`. Defaults to `"auto"`.
        virtual_devices: Split the CPU into so many devices and mirror over
            those, for trying. Defaults to none.
        timeout: Seconds to wait for the other workers. Defaults to 600.

    On the JAX backend these are the devices of `jax_backend.make_devices`.

    Raises:
        TypeError: If `virtual_devices` is not an integer.
        ValueError: If the strategy is unknown or does not work with Keras 3,
            virtual devices were asked for with another strategy than
            mirrored, or `TF_CONFIG` is wrong.
        RuntimeError: If the CPU can no longer be split, or TensorFlow was
            used before the workers were connected.
        TimeoutError: If a worker never came; its address is named.
    """
    if keras.backend.backend() == "jax":
        return jax_devices.make_devices(name, virtual_devices)
    if name in REFUSED:
        raise ValueError(f"{REFUSED[name]} Received: strategy={name!r}")
    check_choice("strategy", name, STRATEGIES)
    if virtual_devices is not None:
        check_positive_integer("virtual_devices", virtual_devices)
        if name not in ("auto", "mirrored"):
            raise ValueError(
                "`virtual_devices` needs the strategy 'mirrored' or 'auto'. "
                f"Received: strategy={name!r}, virtual_devices={virtual_devices}"
            )
    import tensorflow as tf

    if virtual_devices is not None:
        return _mirrored(tuple(split_cpu(virtual_devices)))
    if name == "multi_worker" or (name == "auto" and has_several_workers()):
        return worker_strategy(timeout)
    if name == "tpu":
        return tpu_strategy()
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(tuple(gpu.name for gpu in gpus) or ("CPU:0",))
    # The default strategy is TensorFlow's plain single device.
    return tf.distribute.get_strategy()


def check_strategy(strategy: "tf.distribute.Strategy") -> None:
    """Accept a strategy that trains a Keras 3 model right.

    Raises:
        TypeError: If it is none of TensorFlow's.
        ValueError: If it is asynchronous, or `keras.distribution` is in use.
    """
    import tensorflow as tf

    if not isinstance(strategy, tf.distribute.Strategy):
        raise TypeError(
            "`strategy` must be a `tf.distribute.Strategy`. "
            f"Received: strategy={strategy!r}"
        )
    if isinstance(
        strategy,
        (
            tf.distribute.ParameterServerStrategy,
            tf.compat.v1.distribute.experimental.ParameterServerStrategy,
        ),
    ):
        raise ValueError(
            f"{REFUSED['parameter_server']} Received: strategy={strategy!r}"
        )
    if keras.distribution.distribution() is not None:
        raise ValueError(
            f"{REFUSED['keras.distribution']} Received: keras.distribution."
            f"distribution()={keras.distribution.distribution()!r}"
        )


def describe_strategy(strategy: "tf.distribute.Strategy") -> str:
    """Return the devices of `strategy` in words, as `"2 replicas (CPU)"`."""
    if isinstance(strategy, jax_devices.JaxDevices):
        return str(strategy)
    import tensorflow as tf

    replicas = counted(strategy.num_replicas_in_sync, "replica")
    # TensorFlow's default strategy does not tell its device.
    if isinstance(strategy, tf.distribute.TPUStrategy):
        return f"{replicas} (TPU)"
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        workers = counted(workers_of(strategy), "worker")
        return f"{replicas} on {workers} ({_kinds(strategy)})"
    if isinstance(strategy, tf.distribute.MirroredStrategy):
        return f"{replicas} ({_kinds(strategy)})"
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return f"one device ({kind})"


def _kinds(strategy) -> str:
    import tensorflow as tf

    devices = strategy.extended.worker_devices
    kinds = {tf.DeviceSpec.from_string(name).device_type for name in devices}
    return ", ".join(sorted(kinds))


def check_batch_size(batch_size: int, replicas: int) -> int:
    """Accept a batch size that every replica gets an equal part of.

    Raises:
        TypeError: If `batch_size` is not an integer.
        ValueError: If it is not a multiple of `replicas`.
    """
    check_positive_integer("batch_size", batch_size)
    if batch_size % replicas:
        raise ValueError(
            f"`batch_size` must be a multiple of the {replicas} replicas (devices) "
            "that share it. "
            f"Received: batch_size={batch_size}"
        )
    return batch_size


def share_by_batch(batches):
    """Let workers share each batch of a dataset, where they would share files.

    Left to itself TensorFlow shares the files that a dataset reads, and falls
    back on batches, with a warning, where it finds none. With batches, workers
    together see what one process would see, in the same order. A policy that
    was chosen stays, and so does what is not a `tf.data.Dataset`.
    """
    import tensorflow as tf

    if not isinstance(batches, tf.data.Dataset):
        return batches
    policies = tf.data.experimental.AutoShardPolicy
    if batches.options().experimental_distribute.auto_shard_policy != policies.AUTO:
        return batches
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = policies.DATA
    return batches.with_options(options)


@contextlib.contextmanager
def quiet_logging() -> Iterator[None]:
    """Keep TensorFlow's notes on every reduction over replicas to itself.

    Warnings and errors still show.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    logger = tf.get_logger()
    before = logger.level
    logger.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(before)
