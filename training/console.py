"""What a training says in the terminal before and after it."""

from pathlib import Path

import keras

from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.recipes import NOT_REPRODUCED, Recipe
from keras_resnet.training.result import TrainingResult
from keras_resnet.wording import counted


def announcement(
    recipe: Recipe,
    dataset: ImageDataset,
    name: str,
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
        name: Name of the network.
        model: The network.
        devices: What it runs on, in words.
        folder: The run's folder.
        steps: Steps of an epoch.
        done: Epochs that were trained before.
        done_steps: Steps of the next epoch that were trained before; where
            they are all, only its evaluation is missing. Defaults to 0.
    """
    shape = "x".join(str(side) for side in model.input_shape[1:])
    facts = {
        "recipe": f"{recipe.name}: {recipe.optimizer}, peak learning rate "
        f"{recipe.peak_learning_rate():g}, {counted(recipe.epochs, 'epoch')} of "
        f"{counted(steps, 'step')} of {counted(recipe.batch_size, 'image')}",
        "data": f"{dataset.name}: {dataset.train.size:,} training and "
        f"{counted(dataset.test.size, 'test image')} as {shape}, "
        f"{counted(dataset.classes, 'class', 'classes')}",
        "model": f"{name}: {model.count_params():,} parameters, "
        f"{model.dtype_policy.name}",
        "devices": devices,
        "folder": str(folder),
    }
    published = recipe.published_for(name)
    if published and dataset.name == recipe.dataset:
        reproduced = recipe.reproduced_for(name) or [NOT_REPRODUCED]
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


def duration(seconds: float) -> str:
    """Return a time in words, as `"75 s"`, `"12 min"` or `"3.5 h"`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
