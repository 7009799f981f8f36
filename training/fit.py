"""`train`: a recipe, a dataset and a network in, a folder of results out."""

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence

import keras

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.training import console, datasets
from keras_resnet.training.checkpoint_folder import KEEP, CheckpointFolder
from keras_resnet.training.cluster.exchange import from_chief
from keras_resnet.training.cluster.lost_workers import lost_workers_told
from keras_resnet.training.cluster.shared_run import (
    check_same_call,
    load_in_turn,
    start_of_run,
)
from keras_resnet.training.cluster.workers import TIMEOUT
from keras_resnet.training.continuation import check_continuation
from keras_resnet.training.distribution import (
    check_backend,
    check_batch_size,
    compute_the_same_each_time,
    is_chief,
    make_strategy,
    quiet_logging,
)
from keras_resnet.training.fine_tuning import check_weights_stay
from keras_resnet.training.input.data_service import (
    DATA_TIMEOUT,
    DataService,
    check_data_timeout,
)
from keras_resnet.training.networks import DTYPE_POLICIES, network_of
from keras_resnet.training.pipeline import steps_per_epoch
from keras_resnet.training.quantization_aware import (
    check_quantization_aware,
    steps_until_frozen,
)
from keras_resnet.training.recipes import Recipe, get_recipe
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.run_folder import as_run_folder, default_folder
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import start
from keras_resnet.training.whole_run import Wishes, run_to_the_end
from keras_resnet.weights import Card


@lost_workers_told()
def train(
    recipe: str | Recipe = "digits",
    dataset: str | os.PathLike | datasets.ImageDataset | None = None,
    model: str | Callable[..., keras.Model] | None = None,
    output: str | os.PathLike | None = None,
    *,
    weights: str | os.PathLike | Card | None = None,
    trainable: str = "all",
    quantization_aware: bool = False,
    strategy: str = "auto",
    virtual_devices: int | None = None,
    worker_timeout: float = TIMEOUT,
    epochs: int | None = None,
    batch_size: int | None = None,
    image_side: int | None = None,
    seed: int = 0,
    dtype_policy: str = "float32",
    resume: bool = True,
    overwrite: bool = False,
    allow_changes: bool = False,
    checkpoint_every: int | None = None,
    keep: int = KEEP,
    log_every: int | None = None,
    steps_per_call: int = 1,
    jit_compile: bool = False,
    deterministic: bool = False,
    unreadable: str = "skip",
    class_map: str | os.PathLike | None = None,
    data_service: str | None = None,
    data_timeout: float = DATA_TIMEOUT,
    model_options: dict | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool = True,
) -> TrainingResult:
    """Train a network by a recipe and save what came of it.

    The folder holds in the end `model.keras`, `run.json`, `history.csv`,
    `metrics.jsonl`, `learning_curve.png`, `tensorboard/` and `checkpoints/`,
    with the weights of the best epoch in `checkpoints/best.npz`.

    A checkpoint is written after every epoch, every `checkpoint_every` steps,
    and when the process is told to stop by SIGINT or SIGTERM. The same call
    again continues from the newest one, in the middle of an epoch, too; a
    training that is complete is not repeated. However often it was stopped
    and continued, or killed, a training ends with the same weights and the
    same measurements as one that never was: to the last bit on the same
    devices and with `deterministic`, otherwise as far as the devices compute
    the same twice.

    The test loss and accuracy that are returned, and noted in `run.json`, are
    those of `model.keras`. Where a callback has changed the weights after the
    last epoch was measured, or stopped the training within one, the model is
    measured once more; `history` keeps what the epochs measured.

    A call with more `epochs` lengthens a training if the learning rate of
    every step so far stays what it was.

    Several workers make the same call. The first of them, the chief, reads
    and writes the folder, and prints; the others get from it what they need.

    Args:
        recipe: Name of a recipe, or one.
        dataset: Name of a dataset, as `datasets.load` takes it, or one.
            Defaults to the recipe's.
        model: Name of a network, as `keras_resnet.create_model` takes it, or
            a function that is called with `input_shape`, `classes` and
            `classifier_activation` and returns one that takes raw pixels.
            Defaults to the one that `weights` name, else to the recipe's.
        output: The run's folder. Defaults to `runs/<recipe>_<model>`.
        weights: Weights to begin with, as `keras_resnet.create_model` takes
            them, the name of a set or a file; or the folder of another
            training. They decide the version of the architecture and
            how pixels are normalized; for other classes the classifier starts
            anew. A training that continues does not load them again, but a
            file must still be there, unchanged: by its content the training
            is known again. Defaults to random ones.
        trainable: What to train, `"all"` or `"classifier"`, the last layer
            alone; batch normalization then uses the statistics that it has.
            Defaults to `"all"`.
        quantization_aware: Whether to train with the error that int8 will
            bring, from `weights` on. `model.keras` is then a quantize-aware
            model, which `keras_resnet.export.to_tflite` makes an int8 file of;
            batch normalization stands still in the second half. Defaults to
            False.
        strategy: `"auto"`, `"one_device"`, `"mirrored"`, `"multi_worker"` or
            `"tpu"`, as `make_strategy` takes it; on the JAX backend
            `"auto"`, `"one_device"` or `"data_parallel"`. Defaults to
            `"auto"`.
        virtual_devices: Train over so many virtual devices of the CPU.
            Defaults to none.
        worker_timeout: Seconds to wait for the other workers of
            `"multi_worker"`. Defaults to 600.
        epochs: Train so many epochs; what the recipe does at an epoch moves
            in proportion. Defaults to the recipe's.
        batch_size: Images a step over all replicas. Defaults to the recipe's.
        image_side: Height and width of the images that the network sees.
            Defaults to the recipe's.
        seed: Seed of the initial weights, the order and the augmentation.
            Defaults to 0.
        dtype_policy: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
            The saved model is float32 all the same. Defaults to `"float32"`.
        resume: Whether to continue a training that the folder holds.
            Defaults to True.
        overwrite: Whether to replace a training that the folder holds: its
            files are removed before the first step. Defaults to False.
        allow_changes: Whether to continue with another recipe, seed, dataset
            or model than before. Defaults to False.
        checkpoint_every: Write a checkpoint after each so many steps, too.
            Defaults to none within an epoch.
        keep: How many checkpoints stay. Defaults to 3.
        log_every: Write a line of `metrics.jsonl` after each so many steps.
            Defaults to one about every ten seconds.
        steps_per_call: Steps that TensorFlow does in one call. What is due
            between two calls, a checkpoint for instance, comes after the later
            one. Defaults to 1.
        jit_compile: Whether XLA compiles the forward and backward pass; on a
            CPU that is slower. Defaults to False.
        deterministic: Whether every operation is to compute the same each
            time, which makes some of them slower. It holds for the rest of
            the process. Defaults to False.
        unreadable: `"skip"` or `"error"`, for image files that cannot be
            decoded. Defaults to `"skip"`.
        class_map: File with the labels of an image folder's classes, as
            `datasets.class_map.read_class_map` takes it. Defaults to the
            order of the folders' names.
        data_service: Address of a tf.data service, `"grpc://host:port"`, whose
            workers prepare the training images: the same ones in the same
            order. Defaults to none.
        data_timeout: Seconds to wait for a batch of `data_service`, as long as
            all of it answers. Defaults to 600.
        model_options: More arguments for `keras_resnet.create_model`.
        callbacks: Keras callbacks to run besides. A checkpoint of an epoch is
            written before they see its end: what they do to the weights when
            the last one ends, or the training, is in `model.keras` alone.
        verbose: Whether to show what goes on. Defaults to True.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a name is unknown, arguments do not fit together, or
            the folder holds another training.
        RuntimeError: If the backend is PyTorch, the CPU can no longer
            be split, or the loss becomes infinite or no number.
        LostWorkerError: If another worker was lost; it is a `RuntimeError`.
        TimeoutError: If another worker never came.
        TrainingInterrupted: If the process was told to stop. It is a
            `KeyboardInterrupt`, and says what is kept. While the model is
            saved, it comes when all is written.
        OSError: If a file cannot be read or written.
        ImportError: If an optional package is missing.
    """
    check_backend()
    if checkpoint_every is not None:
        check_positive_integer("checkpoint_every", checkpoint_every)
    check_positive_integer("keep", keep)
    check_data_timeout(data_timeout)
    service = None
    if data_service is not None:
        service = DataService(data_service, data_timeout)
    if log_every is not None:
        check_positive_integer("log_every", log_every)
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    recipe = recipe.adapted(epochs, batch_size, image_side)
    network = network_of(recipe, model, model_options, weights, trainable)
    if quantization_aware:
        check_quantization_aware(network, trainable)
    folder = as_run_folder(output or default_folder(recipe.name, network.name))
    if overwrite:
        check_weights_stay(network.weights, folder)
    # The CPU is split before anything else touches the devices.
    with quiet_logging():
        devices = make_strategy(strategy, virtual_devices, timeout=worker_timeout)
    if deterministic:
        compute_the_same_each_time()
    check_batch_size(recipe.batch_size, devices.num_replicas_in_sync)
    check_choice("dtype_policy", dtype_policy, DTYPE_POLICIES)
    if not isinstance(dataset, datasets.ImageDataset):
        load = functools.partial(
            datasets.load, unreadable=unreadable, class_map=class_map
        )
        name = dataset or recipe.dataset
        dataset = load_in_turn(devices, functools.partial(load, name))
    if quantization_aware:
        steps = steps_per_epoch(dataset.train.size, recipe.batch_size)
        frozen = steps_until_frozen(recipe, steps)
        network = dataclasses.replace(network, freeze_after=frozen)
    setup = Setup(recipe, network, dataset, folder, devices, seed, dtype_policy)
    identity = setup.identity
    check_same_call(
        devices,
        {
            **identity,
            "resume": resume,
            "overwrite": overwrite,
            "allow_changes": allow_changes,
            "checkpoint_every": checkpoint_every,
            "steps_per_call": steps_per_call,
        },
    )
    checkpoints = CheckpointFolder(folder.checkpoints, keep)
    checkpoint = start_of_run(devices, checkpoints, overwrite)
    if checkpoint is not None:
        check_continuation(
            checkpoint.progress,
            identity,
            recipe,
            folder.path,
            resume,
            allow_changes,
            told=is_chief(devices),
        )
    begun = start(setup, checkpoint, steps_per_call, jit_compile)
    if verbose and is_chief(devices):
        console.announce(setup, begun)
    # Not before all that was asked for is known to fit.
    from_chief(devices, folder.clear if overwrite else folder.tidy)
    return run_to_the_end(
        setup,
        begun,
        checkpoints,
        setup.facts(strategy, deterministic),
        Wishes(checkpoint_every, log_every, service, callbacks, verbose),
    )
