"""`train`: a recipe, a dataset and a network in, a folder of results out."""

import os
import sys
import time
from collections.abc import Callable, Sequence

import keras

from keras_resnet.arguments import check_choice
from keras_resnet.files import write_aside
from keras_resnet.training import console, datasets, description
from keras_resnet.training.checkpoints import restore_checkpoint
from keras_resnet.training.distribution import (
    check_batch_size,
    describe_strategy,
    make_strategy,
    quiet_logging,
)
from keras_resnet.training.epoch_end import EpochEnd
from keras_resnet.training.evaluator import Evaluator
from keras_resnet.training.learning_curve import draw_learning_curve
from keras_resnet.training.losses import SmoothedCrossEntropy
from keras_resnet.training.networks import DTYPE_POLICIES, as_network
from keras_resnet.training.optimizers import make_optimizer
from keras_resnet.training.pipeline import steps_per_epoch, training_batches
from keras_resnet.training.recipes import Recipe, get_recipe
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.run_folder import as_run_folder, default_folder
from keras_resnet.training.schedules import make_schedule


def train(
    recipe: str | Recipe = "digits",
    dataset: str | datasets.ImageDataset | None = None,
    model: str | Callable[..., keras.Model] | None = None,
    output: str | os.PathLike | None = None,
    *,
    strategy: str = "auto",
    virtual_devices: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    image_side: int | None = None,
    seed: int = 0,
    dtype_policy: str = "float32",
    resume: bool = True,
    overwrite: bool = False,
    unreadable: str = "skip",
    model_options: dict | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool = True,
) -> TrainingResult:
    """Train a network by a recipe and save what came of it.

    The folder holds in the end `model.keras`, `run.json`, `history.csv`,
    `learning_curve.png`, `tensorboard/` and `checkpoints/`. After every epoch
    a checkpoint is written. The same call again continues from it; a training
    that is complete is not repeated. An interrupted and continued training
    ends with the same weights as an uninterrupted one on the same devices,
    as far as the devices themselves compute the same twice.

    Args:
        recipe: Name of a recipe, or one.
        dataset: Name of a dataset, as `datasets.load` takes it, or one.
            Defaults to the recipe's.
        model: Name of a network, as `keras_resnet.create_model` takes it, or
            a function that is called with `input_shape`, `classes` and
            `classifier_activation` and returns one that takes raw pixels.
            Defaults to the recipe's.
        output: The run's folder. Defaults to `runs/<recipe>_<model>`.
        strategy: `"auto"`, `"one_device"` or `"mirrored"`. Defaults to
            `"auto"`.
        virtual_devices: Mirror over so many virtual devices of the CPU.
            Defaults to none.
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
        unreadable: `"skip"` or `"error"`, for image files that cannot be
            decoded. Defaults to `"skip"`.
        model_options: More arguments for `keras_resnet.create_model`.
        callbacks: Keras callbacks to run besides.
        verbose: Whether to show what goes on. Defaults to True.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a name is unknown, arguments do not fit together, or
            the folder holds another training.
        RuntimeError: If the backend is not TensorFlow, the CPU can no longer
            be split, or the loss becomes infinite.
        OSError: If a file cannot be read or written.
        ImportError: If an optional package is missing.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Training runs on Keras's TensorFlow backend, and Keras uses "
            f"{keras.backend.backend()!r}. Set KERAS_BACKEND=tensorflow."
        )
    recipe = _adapted(recipe, epochs, batch_size, image_side)
    network = as_network(recipe.model if model is None else model, model_options)
    folder = as_run_folder(output or default_folder(recipe.name, network.name))
    # The CPU is split before anything else touches TensorFlow's devices.
    with quiet_logging():
        distribution = make_strategy(strategy, virtual_devices)
    replicas = distribution.num_replicas_in_sync
    check_batch_size(recipe.batch_size, replicas)
    _check_dtype_policy(dtype_policy, replicas)
    if not isinstance(dataset, datasets.ImageDataset):
        dataset = datasets.load(dataset or recipe.dataset, unreadable=unreadable)
    image_shape = (recipe.image_side, recipe.image_side, dataset.image_shape[2])
    steps = steps_per_epoch(dataset.train, recipe.batch_size)

    identity = description.identify(recipe, dataset, network, seed, dtype_policy)
    if overwrite:
        folder.clear()
    progress = folder.progress(identity, resume)
    done = len(progress.history)

    keras.utils.set_random_seed(seed)
    with quiet_logging(), distribution.scope():
        trained = network.logits(image_shape, dataset.classes, dtype_policy)
        rate = _compile(trained, recipe, steps)
        if done:
            restore_checkpoint(folder.checkpoint, trained, trained.optimizer)
    devices = describe_strategy(distribution)
    if verbose:
        print(
            console.announcement(
                recipe,
                dataset,
                network.name,
                trained,
                devices,
                folder.path,
                steps,
                done,
            ),
            flush=True,
        )
    facts = {
        **identity,
        "image_shape": image_shape,
        "class_names": dataset.class_names,
        "test_images": dataset.test.size,
        "unreadable_images": len(dataset.unreadable),
        "strategy": {"name": strategy, "replicas": replicas, "devices": devices},
        "versions": description.versions(),
    }
    epoch_end = EpochEnd(
        folder,
        distribution,
        Evaluator(trained, distribution, dataset.test, image_shape, recipe.batch_size),
        progress,
        rate,
    )
    began = time.perf_counter()
    if done < recipe.epochs:
        folder.describe({**facts, "finished": False})
        batches = training_batches(
            dataset.train,
            image_shape,
            recipe.batch_size,
            recipe.augmentation,
            seed,
            recipe.epochs,
            initial_epoch=done,
        )
        try:
            with quiet_logging():
                trained.fit(
                    batches,
                    epochs=recipe.epochs,
                    initial_epoch=done,
                    steps_per_epoch=steps,
                    shuffle=False,
                    callbacks=[epoch_end, *callbacks],
                    verbose=(1 if sys.stdout.isatty() else 2) if verbose else 0,
                )
        finally:
            _draw(folder, epoch_end, network, dataset, recipe)
    with write_aside(folder.model) as temporary:
        network.probabilities(trained, dataset.classes).save(temporary)
    measured = description.metrics(epoch_end.history)
    folder.describe({**facts, "finished": True, "metrics": measured})
    result = TrainingResult(
        folder=folder.path,
        model_path=folder.model,
        history=tuple(epoch_end.history),
        test_accuracy=measured["test_accuracy"],
        test_loss=measured["test_loss"],
        test_count=dataset.test.size,
        epochs_run=recipe.epochs - done,
    )
    if verbose:
        seconds = time.perf_counter() - began
        print(console.conclusion(result, seconds), flush=True)
    return result


def _adapted(recipe, epochs, batch_size, image_side) -> Recipe:
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    if epochs is not None:
        recipe = recipe.with_epochs(epochs)
    if batch_size is not None:
        recipe = recipe.with_batch_size(batch_size)
    if image_side is not None:
        recipe = recipe.with_image_side(image_side)
    return recipe


def _check_dtype_policy(dtype_policy: str, replicas: int) -> None:
    check_choice("dtype_policy", dtype_policy, DTYPE_POLICIES)
    if dtype_policy == "mixed_float16" and replicas > 1:
        raise ValueError(
            "'mixed_float16' needs a single replica: Keras's loss scaling looks for "
            f"overflow in the first one only, and there are {replicas}. Use "
            f"'mixed_bfloat16'. Received: dtype_policy={dtype_policy!r}"
        )


def _compile(model: keras.Model, recipe: Recipe, steps: int):
    rate = make_schedule(
        recipe.schedule,
        recipe.peak_learning_rate(),
        recipe.epochs,
        steps,
        recipe.warmup_epochs,
        recipe.warmup_start,
    )
    model.compile(
        make_optimizer(recipe, rate, model),
        SmoothedCrossEntropy(recipe.label_smoothing),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    # A checkpoint can only fill variables that exist.
    model.optimizer.build(model.trainable_variables)
    return rate


def _draw(folder, epoch_end, network, dataset, recipe) -> None:
    if epoch_end.history:
        title = f"{network.name} on {dataset.name}, recipe {recipe.name}"
        draw_learning_curve(folder.learning_curve, epoch_end.history, title)
