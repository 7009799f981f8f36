"""`train`: a recipe, a dataset and a network in, a folder of results out."""

import dataclasses
import functools
import os
import time
from collections.abc import Callable, Sequence

import keras

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.files import write_aside
from keras_resnet.training import console, datasets, description
from keras_resnet.training.checkpoint_folder import KEEP, CheckpointFolder
from keras_resnet.training.cluster.exchange import from_chief
from keras_resnet.training.cluster.lost_workers import lost_workers_told
from keras_resnet.training.cluster.shared_run import (
    check_same_call,
    load_in_turn,
    standing,
    start_of_run,
)
from keras_resnet.training.cluster.stop_agreement import stop_agreement
from keras_resnet.training.cluster.workers import TIMEOUT
from keras_resnet.training.continuation import check_continuation
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.distribution import (
    check_backend,
    check_batch_size,
    compute_the_same_each_time,
    is_chief,
    make_strategy,
    quiet_logging,
)
from keras_resnet.training.divergence import LossWatch
from keras_resnet.training.epoch_end import EpochEnd
from keras_resnet.training.epochs import fit_epochs
from keras_resnet.training.evaluation import Evaluator
from keras_resnet.training.fine_tuning import check_weights_stay
from keras_resnet.training.input.data_service import (
    DATA_TIMEOUT,
    DataService,
    check_data_timeout,
)
from keras_resnet.training.interruption import Interruption, TrainingInterrupted
from keras_resnet.training.learning_curve import draw_learning_curve
from keras_resnet.training.networks import DTYPE_POLICIES, network_of
from keras_resnet.training.pipeline import steps_per_epoch
from keras_resnet.training.quantization_aware import (
    check_quantization_aware,
    steps_until_frozen,
)
from keras_resnet.training.recipes import Recipe, get_recipe
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.run_folder import as_run_folder, default_folder
from keras_resnet.training.run_record import RunRecord, reported
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import Start, restore_metrics, start
from keras_resnet.training.step_end import StepEnd
from keras_resnet.training.watching.summary import summary
from keras_resnet.training.watching.watcher import Watcher
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
        overwrite: Whether to replace a training that the folder holds.
            Defaults to False.
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
        callbacks: Keras callbacks to run besides.
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
            `KeyboardInterrupt`, and says what is kept.
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
    writes = is_chief(devices)
    verbose = verbose and writes
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
            told=writes,
        )
    begun = start(setup, checkpoint, steps_per_call, jit_compile)
    if verbose:
        console.announce(setup, begun)
    if overwrite:
        # Not before all that was asked for is known to fit.
        from_chief(devices, folder.clear)
    return _run(
        setup,
        begun,
        checkpoints,
        setup.facts(strategy, deterministic),
        checkpoint_every=checkpoint_every,
        log_every=log_every,
        data_service=service,
        callbacks=callbacks,
        writes=writes,
        verbose=verbose,
    )


def _run(
    setup: Setup,
    begun: Start,
    checkpoints: CheckpointFolder,
    facts: dict,
    *,
    checkpoint_every: int | None,
    log_every: int | None,
    data_service: DataService | None,
    callbacks: Sequence[keras.callbacks.Callback],
    writes: bool,
    verbose: bool,
) -> TrainingResult:
    """Train to the last epoch, save the model and say what came of it."""
    recipe, dataset, folder = setup.recipe, setup.dataset, setup.folder
    devices, trained, progress = setup.strategy, begun.model, begun.progress
    done = progress.epochs
    interruption = Interruption(stop_agreement(devices))
    watch = LossWatch(trained.gradients_so_far, trained.loss_scale is not None)
    watcher = Watcher(
        folder,
        recipe,
        dataset,
        setup.steps,
        begun.rate_now,
        trained.input_wait,
        writes=writes,
        log_every=log_every,
        verbose=verbose,
    )
    record = RunRecord(
        folder,
        checkpoints,
        begun.network,
        trained.state,
        devices,
        watch,
        progress,
        watcher.saved,
    )
    step_end = StepEnd(record, watch, interruption, checkpoint_every, watcher)
    evaluator = Evaluator(
        trained,
        devices,
        dataset.test,
        setup.test_shape,
        recipe.images_at_a_time(),
        Framing(recipe.evaluation_crop),
    )
    epoch_end = EpochEnd(
        evaluator,
        record,
        step_end,
        watch,
        interruption,
        begun.rate_now,
        watcher,
        trained.averaged_weights,
    )
    began = time.perf_counter()
    if done < recipe.epochs:
        from_chief(devices, lambda: folder.describe({**facts, "finished": False}))
        try:
            watching = watcher.watching(
                facts, begun.network, record.history, progress.step
            )
            with quiet_logging(), watching, interruption:
                if progress.means is not None:
                    epoch_end.finish(progress.means)
                    progress = dataclasses.replace(progress, step=0, means=None)
                if len(record.history) < recipe.epochs:
                    fit_epochs(
                        trained,
                        recipe,
                        dataset,
                        setup.seed,
                        (len(record.history), progress.step),
                        [epoch_end, *callbacks],
                        step_end,
                        functools.partial(restore_metrics, setup, begun),
                        watcher,
                        verbose,
                        devices,
                        data_service,
                    )
        except TrainingInterrupted as interrupted:
            number = interrupted.signal_number
            raise TrainingInterrupted(number, standing(devices, folder)) from None
        finally:
            if writes:
                with reported(folder.learning_curve):
                    _draw(setup, record.history)
    elif writes and not folder.learning_curve.exists():
        # The training was stopped between its last epoch and its end.
        with reported(folder.learning_curve):
            _draw(setup, record.history)
    if not record.history:
        raise RuntimeError(
            "A callback stopped the training before its first epoch was complete. "
            f"{standing(devices, folder)}"
        )
    measured = description.metrics(record.history)
    finished = len(record.history) >= recipe.epochs

    def save_model():
        with trained.averaged_weights() as averaged, write_aside(folder.model) as aside:
            saved = setup.network.probabilities(
                averaged, dataset.classes, setup.test_shape
            )
            saved.save(aside)
        folder.describe({**facts, "finished": finished, "metrics": measured})
        tell = watcher.end if len(record.history) > done else watcher.end_if_untold
        tell(saved, record.history, measured)

    # What is trained is saved before a signal ends the process.
    with interruption:
        from_chief(devices, save_model)
    result = TrainingResult(
        folder=folder.path,
        model_path=folder.model,
        history=tuple(record.history),
        test_accuracy=measured["test_accuracy"],
        test_loss=measured["test_loss"],
        test_count=dataset.test.size,
        epochs_run=len(record.history) - done,
    )
    if verbose:
        seconds = time.perf_counter() - began
        print(f"\n{console.conclusion(result, seconds)}\n")
        print(summary(result, dataset.name), flush=True)
    return result


def _draw(setup: Setup, history) -> None:
    if history:
        title = (
            f"{setup.network.name} on {setup.dataset.name}, recipe {setup.recipe.name}"
        )
        draw_learning_curve(setup.folder.learning_curve, history, title)
