"""What a training would take, measured by a few of its steps."""

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import keras

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.training import datasets
from keras_resnet.training.cluster.workers import has_several_workers
from keras_resnet.training.dataset_sizes import DatasetSize, dataset_size
from keras_resnet.training.datasets.broken_files import (
    IN_MEASURING,
    naming_unreadable,
)
from keras_resnet.training.distribution import (
    check_backend,
    check_batch_size,
    compute_the_same_each_time,
    make_strategy,
    quiet_logging,
)
from keras_resnet.training.input import share_out
from keras_resnet.training.mixing import Mixing
from keras_resnet.training.networks import DTYPE_POLICIES, network_of
from keras_resnet.training.phases import phases_of
from keras_resnet.training.pipeline import steps_per_epoch, training_batches
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import start
from keras_resnet.training.watching import memory, words
from keras_resnet.training.watching.step_window import StepWindow
from keras_resnet.training.watching.time_estimate import TimeEstimate
from keras_resnet.weights import Card
from keras_resnet.wording import counted

# The first steps compile, and fill caches.
WARMUP_CALLS = 2
STEPS = 20
# Measuring more than this tells little more.
SECONDS = 60.0
# Places of noise that are shuffled: it is noise in any order.
NOISE_BUFFER = 1024


@dataclasses.dataclass(frozen=True)
class MeasuredRun:
    """A few steps of a training, and what follows from them.

    Attributes:
        steps: Steps that were timed.
        side: Height and width of their images.
        images: What the images were.
        is_stand_in: Whether they are noise in place of images, which is neither
            read nor decoded.
        devices: The devices, in words.
        replicas: How many of them shared a batch.
        estimate: The time of the whole training.
        input_wait_share: Share of the time in which steps waited for their
            batches; None where it was not measured.
        peak_memory_bytes: The most main memory that the process has had, the
            frameworks in it; None where the system does not tell.
        peak_device_memory_bytes: The same of a GPU's memory; None without one.
    """

    steps: int
    side: int
    images: str
    is_stand_in: bool
    devices: str
    replicas: int
    estimate: TimeEstimate
    input_wait_share: float | None
    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None

    def facts(self) -> list[tuple[str, str]]:
        """Return it as pairs of a label and a text."""
        how = (
            f"{counted(self.steps, 'step')} of {self.images} at {self.side} pixels on "
            f"{self.devices}"
        )
        wait = "waiting for images: not measured"
        if self.is_stand_in:
            wait = "without the time to read and decode images"
        elif self.input_wait_share is not None:
            wait = f"waiting for images: {words.percentage(self.input_wait_share)}"
        facts = [("measured", how), ("", self.estimate.sentence()), ("", wait)]
        if self.peak_memory_bytes is not None:
            taken = words.memory(self.peak_memory_bytes)
            facts.append(("", f"{taken} of main memory, with all that is imported"))
        if self.peak_device_memory_bytes is not None:
            taken = words.memory(self.peak_device_memory_bytes)
            facts.append(("", f"{taken} of a GPU's memory"))
        return facts


class _Enough(Exception):
    """Ends the steps: Keras looks at `stop_training` after an epoch only."""


class _Timing(keras.callbacks.Callback):
    """Times the steps after the first calls, until there are enough."""

    def __init__(self, window: StepWindow, steps_per_call: int):
        super().__init__()
        self._window = window
        self._warmup = WARMUP_CALLS * steps_per_call
        self.done, self.seconds_a_step, self.speed = 0, None, {}

    def on_train_batch_end(self, batch, logs=None):
        done = batch + 1
        if done <= self._warmup:
            self._window.begin(done, logs)
            return
        # Reading the means waits for the step.
        self._window.means(done, logs)
        self.done = done - self._window.first
        self.seconds_a_step = self._window.seconds_a_step(done)
        self.speed = self._window.speed(done)
        if self.done * self.seconds_a_step >= SECONDS:
            raise _Enough


def measure_run(
    recipe: Recipe,
    *,
    dataset: str | os.PathLike | None = None,
    model: str | Callable[..., keras.Model] | None = None,
    weights: str | os.PathLike | Card | None = None,
    trainable: str = "all",
    strategy: str = "auto",
    virtual_devices: int | None = None,
    dtype_policy: str = "float32",
    steps_per_call: int = 1,
    jit_compile: bool = False,
    deterministic: bool = False,
    unreadable: str = "skip",
    class_map: str | os.PathLike | None = None,
    steps: int = STEPS,
) -> MeasuredRun:
    """Take some steps of a training on this machine, and keep nothing of them.

    The weights are random ones, a mean image is black. The images are those
    of the dataset where it lies here, a folder or the digits; in place of one
    that would have to be downloaded it is noise of the same number, which need
    not be decoded. Of images that grow it is the largest that are measured, so
    that the estimate is too long.

    Args:
        recipe: The recipe.
        dataset: Name of a dataset. Defaults to the recipe's.
        model: Name of a network, or a function that builds one. Defaults to
            the one that `weights` name, else to the recipe's.
        weights: Weights that the training begins with, as `train` takes them.
            They decide what network is measured, and are not read. Defaults to
            none.
        trainable: What to train. Defaults to `"all"`.
        strategy: As `train` takes it. Defaults to `"auto"`.
        virtual_devices: As `train` takes it. Defaults to none.
        dtype_policy: Name of the dtype policy. Defaults to `"float32"`.
        steps_per_call: As `train` takes it. Defaults to 1.
        jit_compile: As `train` takes it. Defaults to False.
        deterministic: As `train` takes it. Defaults to False.
        unreadable: As `train` takes it. Defaults to `"skip"`.
        class_map: As `train` takes it. Defaults to none.
        steps: How many steps to time at most, in whole calls. Defaults to 20.

    Raises:
        TypeError: If a number is not an integer.
        ValueError: If a name is unknown, the recipe does not fit the data
            or the devices, or there are several workers.
        RuntimeError: If the backend is PyTorch, or the CPU can no longer be
            split.
        OSError: If images cannot be read.
    """
    check_backend()
    check_choice("dtype_policy", dtype_policy, DTYPE_POLICIES)
    check_positive_integer("steps", steps)
    check_positive_integer("steps_per_call", steps_per_call)
    if strategy == "multi_worker" or (strategy == "auto" and has_several_workers()):
        raise ValueError(
            "A training of several workers is not measured; measure that of one, "
            f"with 'one_device' or 'mirrored'. Received: strategy={strategy!r}"
        )
    name = dataset or recipe.dataset
    # The CPU is split before anything else touches the devices.
    with quiet_logging():
        devices = make_strategy(strategy, virtual_devices)
    if deterministic:
        compute_the_same_each_time()
    check_batch_size(recipe.batch_size, devices.num_replicas_in_sync)
    size = dataset_size(name, class_map, unreadable)
    side = max(phase.side for phase in phases_of(recipe))
    loaded, images = _images(name, size, side, class_map, unreadable)
    measured = dataclasses.replace(recipe, image_side=side, progressive_sides=())
    network = network_of(measured, model, weights=weights, trainable=trainable)
    network = dataclasses.replace(network, weights=None)
    # Nothing is written there.
    folder = RunFolder(Path())
    setup = Setup(measured, network, loaded, folder, devices, 0, dtype_policy)
    # A step takes the same time whatever mean is subtracted.
    begun = start(setup, None, steps_per_call, jit_compile, look_at_images=False)
    # Whole calls: Keras counts a shorter one as a whole one.
    total = (WARMUP_CALLS + -(-steps // steps_per_call)) * steps_per_call
    epoch = steps_per_epoch(loaded.train.size, recipe.batch_size)
    batches = share_out(
        devices,
        lambda share: training_batches(
            loaded.train,
            (side, side, size.channels),
            recipe.batch_size,
            recipe.augmentation,
            0,
            -(-total // epoch),
            repeats=recipe.augmentation_repeats,
            mixing=Mixing(size.classes, recipe.mixup, recipe.cutmix),
            share=share,
        ),
    )
    window = StepWindow(recipe.batch_size, begun.model.input_wait)
    timing = _Timing(window, steps_per_call)
    with (
        naming_unreadable(loaded.train, IN_MEASURING),
        quiet_logging(),
        contextlib.suppress(_Enough),
    ):
        begun.model.fit(
            batches,
            steps_per_epoch=total,
            shuffle=False,
            callbacks=[timing],
            verbose=0,
        )
    estimate = TimeEstimate(
        steps=steps_per_epoch(size.train, recipe.batch_size) * recipe.epochs,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        test_images=size.test,
        seconds_a_step=timing.seconds_a_step,
    )
    return MeasuredRun(
        steps=timing.done,
        side=side,
        images=images,
        is_stand_in=not _is_here(name),
        devices=setup.devices,
        replicas=setup.replicas,
        estimate=estimate,
        input_wait_share=timing.speed.get("input_wait_share"),
        **memory.peaks(),
    )


def _is_noise(name) -> bool:
    return str(name).partition(":")[0] == "synthetic"


def _is_here(name) -> bool:
    is_folder = datasets.folder_of(name) is not None
    return is_folder or name == "digits" or _is_noise(name)


def _images(name, size: DatasetSize, side: int, class_map, unreadable: str):
    if _is_here(name):
        images = "noise" if _is_noise(name) else f"images of {name}"
        loaded = datasets.load(name, unreadable=unreadable, class_map=class_map)
        return loaded, images
    form = f"{size.train}x{side}x{side}x{size.channels}/{size.classes}"
    noise = datasets.load(f"synthetic:{form}")
    # Of a million places the first would come late.
    buffer = min(noise.train.shuffle_buffer, NOISE_BUFFER)
    train = dataclasses.replace(noise.train, shuffle_buffer=buffer)
    images = f"noise in place of {name}'s images"
    return dataclasses.replace(noise, train=train), images
