"""What a training says in the terminal before and after it."""

import math
import sys
from pathlib import Path

import keras

from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.image_counts import image_counts
from keras_resnet.training.networks import Network
from keras_resnet.training.recipes import NOT_REPRODUCED, Recipe
from keras_resnet.training.result import TrainingResult
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import Start
from keras_resnet.training.watching.memory_check import memory_warning
from keras_resnet.training.watching.words import duration
from keras_resnet.wording import counted

# What the first value weighs in a moving average of momentum 0.99 after so many
# steps: less than a hundredth.
SETTLED_STEPS = 460


def announce(setup: Setup, begun: Start) -> None:
    """Print what is about to be trained, and warn of what may surprise.

    Args:
        setup: What to train.
        begun: Where it begins or goes on.
    """
    devices, progress = setup.devices, begun.progress
    print(
        announcement(
            setup.recipe,
            setup.dataset,
            setup.network,
            begun.network,
            devices,
            setup.folder.path,
            setup.steps,
            progress.epochs,
            progress.step,
        ),
        flush=True,
    )
    kind = next((kind for kind in ("GPU", "CPU") if kind in devices), "")
    # The estimate is of a backward pass through the whole network.
    if setup.network.trainable == "all":
        warning = memory_warning(
            setup.recipe, begun.network, setup.dtype_policy, setup.strategy, kind
        )
        if warning:
            print(f"Warning: {warning}", file=sys.stderr)
    total = setup.steps * setup.recipe.epochs
    if total < SETTLED_STEPS and setup.network.trainable == "all":
        print(
            f"note     {counted(total, 'step')} in all, and the averages of batch "
            f"normalization take about {SETTLED_STEPS} to settle: test scores say "
            "little before that",
            flush=True,
        )
    if progress.replicas != setup.replicas:
        print(
            f"The training so far ran on {counted(progress.replicas, 'replica')}, "
            f"and goes on with {setup.replicas}: not the same to the last bit.",
            file=sys.stderr,
        )


def announcement(
    recipe: Recipe,
    dataset: ImageDataset,
    network: Network,
    model: keras.Model,
    devices: str,
    folder: Path,
    steps: int,
    done: int,
    done_steps: int = 0,
) -> str:
    """Return what is about to be trained, one fact a line.

    Args:
        recipe: The recipe.
        dataset: The dataset.
        network: The network.
        model: The network as it was built.
        devices: What it runs on, in words.
        folder: The run's folder.
        steps: Steps of an epoch.
        done: Epochs that were trained before.
        done_steps: Steps of the next epoch that were trained before; where
            they are all, only its evaluation is missing. Defaults to 0.
    """
    images = image_counts(
        recipe, dataset.train.size, dataset.test.size, dataset.image_shape[2]
    )
    facts = {
        "recipe": f"{recipe.name}: {recipe.optimizer}, peak learning rate "
        f"{_peak(recipe)}, {counted(recipe.epochs, 'epoch')} of "
        f"{counted(steps, 'step')} of {counted(recipe.batch_size, 'image')}",
        "data": f"{dataset.name}: {images}, "
        f"{counted(dataset.classes, 'class', 'classes')}",
        "model": f"{network.name}: {model.count_params():,} parameters, "
        f"{model.dtype_policy.name}",
        **_kept(network, model),
        "devices": devices,
        "folder": str(folder),
    }
    published = recipe.published_for(network.name)
    from_scratch = network.weights is None and network.trainable == "all"
    if published and dataset.name == recipe.dataset and from_scratch:
        reproduced = recipe.reproduced_for(network.name) or [NOT_REPRODUCED]
        facts["figures"] = (
            f"published {'; '.join(map(str, published))}; "
            f"here {'; '.join(map(str, reproduced))}"
        )
    if done >= recipe.epochs:
        facts["resume"] = "every epoch is trained already"
    elif done or done_steps:
        place = f"epoch {done + 1}"
        if done_steps >= steps:
            place = f"evaluation of epoch {done + 1}"
        elif done_steps:
            place += f", step {done_steps + 1:,} of {steps:,}"
        trained = f"{counted(done, 'epoch')} {'is' if done == 1 else 'are'}"
        facts["resume"] = f"{place}; {trained} trained already"
    return "\n".join(f"{fact:<8} {text}" for fact, text in facts.items())


def _kept(network: Network, model: keras.Model) -> dict[str, str]:
    facts = {}
    if network.weights is not None:
        facts["weights"] = network.weights.name
    if network.trainable != "all":
        trained = sum(math.prod(v.shape) for v in model.trainable_variables)
        facts["trained"] = f"{network.trainable}, {trained:,} parameters"
    return facts


def conclusion(result: TrainingResult, seconds: float) -> str:
    """Return what came of a training, in one sentence.

    Args:
        result: The result of the training.
        seconds: How long it took.
    """
    right = round(result.test_accuracy * result.test_count)
    score = (
        f"{right:,} of {counted(result.test_count, 'test image')} right "
        f"({100 * result.test_accuracy:.2f} %), cross entropy {result.test_loss:.4f}.\n"
        f"{'Saved' if result.epochs_run else 'The model is'} '{result.model_path}'."
    )
    if not result.epochs_run:
        return f"Nothing left to train. {score}"
    epochs = counted(result.epochs_run, "epoch")
    return f"Trained {epochs} in {duration(seconds)}: {score}"


def _peak(recipe: Recipe) -> str:
    """Return the peak learning rate, and how it comes about."""
    peak = f"{recipe.peak_learning_rate():g}"
    if recipe.learning_rate_batch_size in (None, recipe.batch_size):
        return peak
    return (
        f"{peak} ({recipe.learning_rate:g} x {recipe.batch_size} / "
        f"{recipe.learning_rate_batch_size})"
    )
