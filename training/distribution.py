"""Over which devices a training runs."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_resnet.arguments import check_choice, check_positive_integer

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

STRATEGIES = ("auto", "one_device", "mirrored")


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
    name: str = "auto", virtual_devices: int | None = None
) -> "tf.distribute.Strategy":
    """Return the strategy that spreads a training over devices.

    Args:
        name: `"one_device"`: the first GPU, or else the CPU. `"mirrored"`: a
            replica on each GPU, or on each virtual device of the CPU.
            `"auto"`: `"mirrored"` where there are several GPUs or virtual
            devices were asked for, else `"one_device"`. Defaults to `"auto"`.
        virtual_devices: Split the CPU into so many devices and mirror over
            those, for trying. Defaults to none.

    Raises:
        TypeError: If `virtual_devices` is not an integer.
        ValueError: If the strategy is unknown, or virtual devices were asked
            for with one device.
        RuntimeError: If the CPU can no longer be split.
    """
    check_choice("strategy", name, STRATEGIES)
    if virtual_devices is not None:
        check_positive_integer("virtual_devices", virtual_devices)
        if name == "one_device":
            raise ValueError(
                "`virtual_devices` needs the strategy 'mirrored' or 'auto'. "
                f"Received: strategy={name!r}, virtual_devices={virtual_devices}"
            )
    import tensorflow as tf

    if virtual_devices is not None:
        return _mirrored(tuple(split_cpu(virtual_devices)))
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(tuple(gpu.name for gpu in gpus) or ("CPU:0",))
    # The default strategy is TensorFlow's plain single device.
    return tf.distribute.get_strategy()


def describe_strategy(strategy: "tf.distribute.Strategy") -> str:
    """Return the devices of `strategy` in words, as `"2 replicas (CPU)"`."""
    import tensorflow as tf

    # TensorFlow's default strategy does not tell its device.
    if isinstance(strategy, tf.distribute.MirroredStrategy):
        devices = strategy.extended.worker_devices
        kinds = {tf.DeviceSpec.from_string(name).device_type for name in devices}
        count = strategy.num_replicas_in_sync
        return f"{count} replica{'s' if count > 1 else ''} ({', '.join(sorted(kinds))})"
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return f"one device ({kind})"


def check_batch_size(batch_size: int, replicas: int) -> int:
    """Accept a batch size that every replica gets an equal part of.

    Raises:
        TypeError: If `batch_size` is not an integer.
        ValueError: If it is not a multiple of `replicas`.
    """
    check_positive_integer("batch_size", batch_size)
    if batch_size % replicas:
        raise ValueError(
            f"`batch_size` must be a multiple of the {replicas} replicas. "
            f"Received: batch_size={batch_size}"
        )
    return batch_size


def merge_replicas(model: "keras.Model", strategy: "tf.distribute.Strategy") -> None:
    """Give every replica the mean of the replicas' moving statistics.

    Batch normalization updates its moving statistics on each replica from
    that replica's part of the batch, so that they drift apart, and reading or
    saving one of them shows only the first replica's. Call this before a
    model is evaluated or saved. The variables that are trained are equal on
    all replicas and stay as they are.

    Args:
        model: A model that was built under `strategy`.
        strategy: The strategy that it trains under.
    """
    import tensorflow as tf

    if strategy.num_replicas_in_sync == 1:
        return
    for variable in model.non_trainable_variables:
        replicas = strategy.experimental_local_results(variable.value)
        # Counters and seeds are no statistics: a mean of them means nothing.
        if not replicas[0].dtype.is_floating:
            continue
        mean = tf.reduce_mean([tf.convert_to_tensor(r) for r in replicas], axis=0)
        variable.assign(mean)


@contextlib.contextmanager
def quiet_logging() -> Iterator[None]:
    """Keep TensorFlow's notes on every reduction over replicas to itself.

    Warnings and errors still show.
    """
    import tensorflow as tf

    logger = tf.get_logger()
    before = logger.level
    logger.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(before)
