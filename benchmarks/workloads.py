"""The work that the package's comparisons time."""

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from keras_resnet.benchmarks import litert_host
from keras_resnet.benchmarks.measure import MILLISECONDS, time_interleaved

SEED = 0
LEARNING_RATE = 1e-3
MOMENTUM = 0.9
DEEP_NETWORK = "resnet110"
EDGE_NETWORK = "resnet50"
IMAGENET_CLASSES = 1000
TRAINING_SHAPE = (128, 128, 3)
TRAINING_BATCH = 16
CIFAR_SHAPE = (32, 32, 3)
CIFAR_CLASSES = 10
# Huang et al. 2016, section 4.
CIFAR_BATCH = 128
LAST_SURVIVAL_PROBABILITY = 0.5
LATENCY_SHAPE = (224, 224, 3)
CALIBRATION_IMAGES = 8
# The first call traces the step and the second may still allocate.
WARMUP_STEPS = 2

Progress = Callable[[str], None]
Series = tuple[list[float], list[float]]


def training_steps(policy: str, rounds: int, progress: Progress) -> Series:
    """Time a ResNet-50 training step of `keras.applications` and of this package.

    Both see the same batch, optimizer, loss and dtype policy, and both take
    pixels that are normalised already.

    Args:
        policy: Keras dtype policy, such as `"mixed_bfloat16"`.
        rounds: Timed steps of each.
        progress: Receives a line of text before every step.

    Returns:
        Seconds of `keras.applications` and of this package, by round.
    """
    import keras

    import keras_resnet
    from keras_resnet.training.networks import dtype_policy_of

    options = {"input_shape": TRAINING_SHAPE, "classes": IMAGENET_CLASSES}
    with dtype_policy_of(policy):
        progress("building")
        peer = keras.applications.ResNet50(weights=None, **options)
        own = keras_resnet.create_model("resnet50", weights=None, **options)
        batch = _batch(TRAINING_BATCH, TRAINING_SHAPE, IMAGENET_CLASSES)
        return _time_pair(_step(peer, *batch), _step(own, *batch), rounds, progress)


def stochastic_depth_steps(rounds: int, progress: Progress) -> Series:
    """Time a ResNet-110 training step with stochastic depth and without.

    Which blocks a step drops is drawn anew, so its time varies and the mean
    over the rounds is what counts.

    Args:
        rounds: Timed steps of each.
        progress: Receives a line of text before every step.

    Returns:
        Seconds with stochastic depth and at constant depth, by round.
    """
    import keras

    import keras_resnet

    # The draws are seeded, so that a repetition drops the same blocks.
    keras.utils.set_random_seed(SEED)
    options = {
        "input_shape": CIFAR_SHAPE,
        "classes": CIFAR_CLASSES,
        "weights": None,
        "nested": True,
    }
    progress("building")
    dropping = keras_resnet.create_model(
        DEEP_NETWORK, survival_probability=LAST_SURVIVAL_PROBABILITY, **options
    )
    constant = keras_resnet.create_model(DEEP_NETWORK, **options)
    batch = _batch(CIFAR_BATCH, CIFAR_SHAPE, CIFAR_CLASSES)
    return _time_pair(
        _step(dropping, *batch), _step(constant, *batch), rounds, progress
    )


def float_and_int8_latency(rounds: int, progress: Progress) -> Series:
    """Time a float32 and an int8 ResNet-50 in LiteRT, on one thread.

    The weights are random: an inference's time depends on them no more than
    on the image.

    Args:
        rounds: Processes that time each file.
        progress: Receives a line of text before every step.

    Returns:
        Median seconds of the float32 and of the int8 file, by round.
    """
    import keras

    import keras_resnet
    from keras_resnet.export import to_tflite

    keras.utils.set_random_seed(SEED)
    progress("building")
    model = keras_resnet.create_model(
        EDGE_NETWORK,
        weights=None,
        input_shape=LATENCY_SHAPE,
        include_preprocessing=True,
    )
    generator = np.random.default_rng(SEED)
    shape = (CALIBRATION_IMAGES, *LATENCY_SHAPE)
    images = generator.integers(0, 256, shape).astype("float32")
    with tempfile.TemporaryDirectory(prefix="keras-resnet-") as folder:
        paths = []
        for quantization in ("float32", "int8"):
            progress(f"exporting {quantization}")
            paths.append(Path(folder, f"{quantization}.tflite"))
            to_tflite(model, paths[-1], quantization, images)
        settings = litert_host.Settings(rounds=1, runs=15, seconds=0)
        seconds: Series = ([], [])
        for current in range(rounds):
            # One round of `measure_files` at a time keeps the rounds apart.
            order = paths if current % 2 == 0 else paths[::-1]
            progress(f"round {current + 1} of {rounds}")
            for result in litert_host.measure_files(order, [1], settings):
                index = paths.index(Path(result.file))
                seconds[index].append(result.latency.p50_ms / MILLISECONDS)
        return seconds


def _step(model, images: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    import keras

    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(),
    )
    return lambda: model.train_on_batch(images, labels)


def _batch(size: int, shape: tuple, classes: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(SEED)
    images = generator.normal(size=(size, *shape)).astype("float32")
    return images, generator.integers(0, classes, size)


def _time_pair(
    upper: Callable, lower: Callable, rounds: int, progress: Progress
) -> Series:
    pair = {"first": upper, "second": lower}
    seconds = time_interleaved(pair, rounds, warmup=WARMUP_STEPS, progress=progress)
    # Graphs of an earlier comparison would weigh on the next one.
    gc.collect()
    return seconds["first"], seconds["second"]
