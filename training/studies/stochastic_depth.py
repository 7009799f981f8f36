"""`keras-resnet-study stochastic_depth`: time and error by survival probability."""

import os
from collections.abc import Callable, Sequence

import numpy as np
from absl import flags

import keras_resnet
from keras_resnet.layers import linear_survival_probabilities
from keras_resnet.studies import find_modules
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import evaluation_batches
from keras_resnet.training.networks import network_of
from keras_resnet.training.recipes.recipe import Recipe
from keras_resnet.training.studies.stochastic_depth_result import (
    RULES,
    Depth,
    StochasticDepthResult,
)
from keras_resnet.training.studies.training_flags import (
    define_training_flags,
    folder_of_study,
    save_study,
    study_by_flags,
)
from keras_resnet.training.studies.variant_training import (
    Budget,
    Network,
    TrainedVariant,
    Variant,
    name_of,
    recipe_and_data,
    train_variants,
)
from keras_resnet.weights.loading import read_model

DESCRIPTION = """Train with stochastic depth at several survival probabilities.

  keras-resnet-study stochastic_depth --dataset=cifar10 --epochs=5
  keras-resnet-study stochastic_depth --dataset=cifar10 --model=resnet110 \\
      --recipe=huang2016_cifar10

By the linear and the constant rule (Huang et al. 2016), scored with and without
re-calibration: branches scaled by their survival probability at test time. The
same command again continues what was interrupted.
"""
PROBABILITIES = (0.2, 0.5, 0.8)
TEST_BATCH = 250


def expected_blocks(blocks: int, probability: float, rule: str) -> float:
    """Return how many blocks survive a step on average.

    Args:
        blocks: How many there are.
        probability: Survival probability of the last one.
        rule: `"linear"` or `"constant"`.
    """
    if rule == "constant":
        return blocks * probability
    return sum(linear_survival_probabilities(blocks, probability))


def study_stochastic_depth(
    recipe: str | Recipe,
    dataset: str | os.PathLike | ImageDataset | None,
    model: Network,
    folder: str | os.PathLike,
    *,
    probabilities: Sequence[float] = PROBABILITIES,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> StochasticDepthResult:
    """Train a network with stochastic depth, by rule and probability.

    By the linear and the constant rule (Huang et al. 2016), and at constant
    depth. Each is scored with re-calibration, its branches scaled by their
    survival probability, and without. Each gets a folder of its own in
    `folder`; the same call again continues what was interrupted.

    Args:
        recipe: Name of a recipe, or one.
        dataset: Name of a dataset, or one; `None` for the recipe's.
        model: Name of the network, or a function that builds it, as
            `keras_resnet.training.train` takes it. It is given
            `survival_probability`, `survival_rule` and `nested`.
        folder: Where to train.
        probabilities: Survival probabilities of the last block, between 0 and
            1. Defaults to 0.2, 0.5 and 0.8.
        budget: What they are trained with. Defaults to what the recipe says.
        progress: Called with a line that says how far it is. Defaults to
            nothing.

    Raises:
        TypeError: If the network has no such argument.
        ValueError: If a name is unknown, a probability is out of range, or a
            folder holds another training.
        TrainingInterrupted: If the process was told to stop.
        OSError: If a file cannot be read or written.
    """
    probabilities = _check_probabilities(probabilities)
    recipe, data = recipe_and_data(recipe, dataset)
    pairs = [(rule, p) for rule in RULES for p in probabilities]
    variants = [Variant("constant_depth", model, _options(1.0, "linear"))]
    variants += [
        Variant(f"{rule}_{p:g}", model, _options(p, rule)) for rule, p in pairs
    ]
    trained = train_variants(variants, recipe, data, folder, budget, progress)
    # Both rules end in the network that drops nothing.
    rows = [(rule, 1.0, trained[0]) for rule in RULES]
    rows += [(*pair, x) for pair, x in zip(pairs, trained[1:], strict=True)]
    rows.sort(key=lambda row: (list(RULES).index(row[0]), row[1]))
    blocks = len(find_modules(read_model(trained[0].model_path)))
    depths = tuple(
        Depth(
            rule,
            p,
            expected_blocks(blocks, p, rule),
            x,
            (x.test_error, uncalibrated_error(x, recipe, data)),
        )
        for rule, p, x in rows
    )
    return StochasticDepthResult(
        name_of(model), recipe.name, blocks, data.test.size, depths
    )


def uncalibrated_error(
    trained: TrainedVariant, recipe: Recipe, data: ImageDataset
) -> float:
    """Count the errors of a network whose branches are not scaled at test time.

    Args:
        trained: The network; `survival_probability` is one of its options.
        recipe: How it was trained.
        data: What it was trained on.

    Returns:
        The share of the test images that it gets wrong.
    """
    options = trained.variant.options
    if options["survival_probability"] == 1:
        return trained.test_error
    shape = read_model(trained.model_path).input_shape[1:]
    network = network_of(
        recipe,
        trained.variant.model,
        {**options, "survival_probability": 1.0},
    )
    unscaled = network.construct(
        input_shape=shape, classes=data.classes, classifier_activation="softmax"
    )
    keras_resnet.weights.load(unscaled, trained.model_path)
    wrong = 0
    for images, labels in evaluation_batches(data.test, shape, TEST_BATCH):
        found = unscaled(images, training=False).numpy().argmax(axis=1)
        wrong += int(np.count_nonzero(found != labels.numpy()))
    return wrong / data.test.size


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_training_flags(values)
    flags.DEFINE_string("model", "resnet20", "Network to train.", flag_values=values)
    flags.DEFINE_list(
        "probabilities",
        [str(probability) for probability in PROBABILITIES],
        "Survival probabilities of the last block, below 1. Constant depth is trained "
        "besides.",
        flag_values=values,
    )


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    probabilities = _probabilities(values.probabilities)
    folder = folder_of_study(values, "stochastic_depth", "model")
    result = study_by_flags(
        study_stochastic_depth,
        values,
        values.model,
        folder,
        probabilities=probabilities,
    )
    save_study(values, "stochastic_depth", folder, [result])
    for row in result.rows():
        print(
            f"{row[0]} {row[1]:g}: {row[2]:.1f} blocks, {row[3]:.2f} % wrong "
            f"({row[4]:.2f} % not re-calibrated), {row[7]:.0f} s"
        )


def _options(probability, rule) -> dict:
    # A dropped block is left uncomputed where it is one layer of the model.
    return {
        "survival_probability": probability,
        "survival_rule": rule,
        "nested": True,
    }


def _probabilities(typed: list[str]) -> list[float]:
    try:
        found = sorted({float(probability) for probability in typed})
    except ValueError:
        found = []
    if not found or not all(0 < probability < 1 for probability in found):
        raise ValueError(
            "--probabilities must be numbers between 0 and 1 separated by commas. "
            f"Received: --probabilities={','.join(typed)}"
        )
    return found


def _check_probabilities(probabilities) -> list[float]:
    found = sorted({*probabilities})
    if not found or not all(0 < probability < 1 for probability in found):
        raise ValueError(
            "`probabilities` must be numbers between 0 and 1. "
            f"Received: probabilities={tuple(probabilities)}"
        )
    return found
