"""How many devices a training would share its batches among."""

import os

import keras

from keras_resnet.training.cluster.workers import has_several_workers, read_tf_config


def device_count(
    strategy: str = "auto", virtual_devices: int | None = None
) -> int | None:
    """Count the devices that `make_strategy` would take, and take none of them.

    Every worker is supposed to have as many GPUs as this machine.

    Args:
        strategy: As `make_strategy` takes it. Defaults to `"auto"`.
        virtual_devices: As `make_strategy` takes it. Defaults to none.

    Returns:
        How many; None where only a connection would tell: of a TPU, and of
        workers that `TF_CONFIG` does not name.

    Raises:
        ValueError: If `TF_CONFIG` is wrong.
    """
    if virtual_devices is not None:
        return virtual_devices
    if strategy == "one_device":
        return 1
    if keras.backend.backend() == "jax":
        import jax

        return len(jax.devices())
    if strategy == "tpu":
        return None
    import tensorflow as tf

    here = max(len(tf.config.list_physical_devices("GPU")), 1)
    if strategy == "multi_worker" or (strategy == "auto" and has_several_workers()):
        text = os.environ.get("TF_CONFIG")
        return len(read_tf_config(text).addresses) * here if text else None
    return here
