"""Recipes of the networks around ResNets: schedules, networks, a first step."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

import keras_resnet
from keras_resnet.training import train
from keras_resnet.training.dataset_sizes import dataset_size
from keras_resnet.training.dry_run import dry_run
from keras_resnet.training.networks import network_of
from keras_resnet.training.optimizers import make_optimizer
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.recipes import RECIPES, get_recipe
from keras_resnet.training.schedules import Constant


def fractal(epochs):
    # As often as the epochs that remain were halved, four times at most.
    halvings = np.minimum(np.floor(np.log2(400 / (400 - epochs))), 4)
    return 0.02 / 10**halvings


def dense(epochs):
    return np.select([epochs < 300 / 2, epochs < 300 * 3 / 4], [0.1, 0.01], 0.001)


def released_with_fractals(epochs):
    steps = epochs * 50_000 / 25
    drops = np.sum([steps >= drop for drop in (50_000, 75_000, 87_500)], axis=0)
    return 0.02 * 0.1**drops


def fb_resnet_torch_on_cifar(epochs):
    epoch = np.floor(epochs) + 1
    return 0.1 * 0.1 ** np.where(epoch >= 122, 2, np.where(epoch >= 81, 1, 0))


# The rates of the papers over epochs, as their texts and codes have them.
PAPERS = {
    "huang2017_cifar10": (300, 64, dense),
    "huang2017_cifar10_unaugmented": (300, 64, dense),
    "huang2017_imagenet": (
        90,
        256,
        lambda epochs: 0.1 * 0.1 ** np.floor(epochs / 30),
    ),
    "larsson2017_cifar10": (400, 100, fractal),
    "larsson2017_cifar10_nothing_dropped": (400, 100, fractal),
    "larsson2017_cifar10_unaugmented": (400, 100, fractal),
    "smith2016_cifar10": (50, 25, released_with_fractals),
    "smith2016_cifar10_boosting": (50, 25, released_with_fractals),
    "abdi2016_cifar10": (200, 64, fb_resnet_torch_on_cifar),
    "zhang2016_cifar10": (
        500,
        128,
        lambda epochs: 0.1 / 10.0 ** ((epochs >= 250) + (epochs >= 375) * 1),
    ),
    "zhang2016_cifar10_constant_depth": (
        500,
        128,
        lambda epochs: 0.1 / 10.0 ** ((epochs >= 250) + (epochs >= 375) * 1),
    ),
    "szegedy2016_imagenet": (
        200,
        32,
        lambda epochs: 0.045 * 0.94 ** np.floor(epochs / 2),
    ),
    "zhang2017_imagenet": (
        224,
        512,
        lambda epochs: 0.45 / 10 ** np.floor(epochs * (1_281_167 // 512) / 160_000),
    ),
    "simonyan2015_imagenet": (
        74,
        256,
        lambda epochs: 0.01 * 0.1 ** np.floor(epochs / 20),
    ),
}
# What makes their networks small enough to be built and trained in a test.
SMALL = {
    "densenet_bc100_12": {"depths": (2, 2, 2)},
    "densenet121": {"depths": (1, 1, 1, 1)},
    "fractalnet20": {"widths": (4, 4, 4, 4, 4)},
    "fractal_of_fractalnet": {"widths": (4, 4), "columns": 2},
    "stagewise_boosting_network": {"widths": (4, 4), "columns": 2},
    "multi_resnet200_5_1": {"depths": (1, 1, 1)},
    "ror3_164": {"depths": (2, 1, 1)},
    "inception_resnet_v2": {"depths": (1, 1, 1), "width_multiplier": 1 / 16},
    "polynet": {
        "units": (("2-way",), ("poly-3",), ("2-way",)),
        "width_multiplier": 1 / 16,
    },
    "vgg16": {"widths": (4, 4, 4, 4, 4), "dense_widths": (8, 8)},
}


SURVEY = Path(__file__).parents[2] / "docs" / "survey.md"


def side_of(recipe):
    """Return a side that the network takes, for one of Inception's 75 at least."""
    return min(recipe.image_side, 80)


def test_all_of_them_are_tested():
    papers = ("2015_imagenet", "2016", "2017")
    networks = {name for name in SMALL if name in keras_resnet.list_models()}
    found = {recipe.name for recipe in RECIPES.values() if recipe.model in networks}
    assert found == set(PAPERS)
    assert all(any(paper in name for paper in papers) for name in PAPERS)


def test_the_survey_names_them():
    text = SURVEY.read_text(encoding="utf-8")
    commands = re.findall(r"^keras-resnet-train (.*)$", text, re.MULTILINE)
    assert len(commands) >= 9
    for command in commands:
        flags = dict(re.findall(r"--(\w+)=(\S+)", command))
        assert flags["recipe"] in PAPERS
        model = flags.get("model", get_recipe(flags["recipe"]).model)
        assert model in keras_resnet.list_models()
        of_imagenet = get_recipe(flags["recipe"]).dataset == "imagenet2012"
        assert ("dataset" in flags) == of_imagenet
    sections = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert len(sections) == 9


@pytest.mark.parametrize("name", PAPERS)
def test_rate_is_the_papers(name):
    epochs, batch_size, rate_in_paper = PAPERS[name]
    recipe = get_recipe(name)
    assert (recipe.epochs, recipe.batch_size) == (epochs, batch_size)
    steps_per_epoch = dataset_size(recipe.dataset).train // batch_size
    # A little after every eighth of an epoch: where the rate falls a paper may
    # round to another step.
    at = np.arange(0, epochs, 1 / 8) + 0.01
    if name == "zhang2017_imagenet":
        # Its drops are given in steps, a sixth of an epoch before ours.
        at = at[(at + 0.2) % 64 > 0.5]
    rate = rate_of(recipe, steps_per_epoch)
    found = np.asarray(rate(np.round(at * steps_per_epoch).astype("float32")))
    np.testing.assert_allclose(found, rate_in_paper(at), rtol=1e-4)


@pytest.mark.parametrize("name", PAPERS)
def test_its_network_is_the_one_that_it_trains(name):
    recipe = get_recipe(name)
    side = side_of(recipe)
    network = network_of(recipe, options=SMALL[recipe.model])
    built = network.logits((side, side, 3), 10, "float32")
    assert built.output_shape == (None, 10)
    assert recipe.model_options.items() <= network.options.items()
    if recipe.optimizer == "rmsprop":
        config = make_optimizer(recipe, 0.1, built).get_config()
        assert (config["rho"], config["epsilon"], config["momentum"]) == (0.9, 1, 0.9)


def test_trains_with_rmsprop(tmp_path, small_network):
    recipe = get_recipe("szegedy2016_imagenet").adapted(1, 8, 16)
    result = train(
        dataclasses.replace(recipe, model_options={}),
        dataset="synthetic:32x16x16x3/3",
        model=small_network,
        output=tmp_path,
        verbose=False,
    )
    assert np.isfinite(result.history[-1].train_loss)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAPERS)
def test_takes_its_first_steps(tmp_path, name):
    recipe = get_recipe(name)
    side = side_of(recipe)
    result = train(
        # Two steps are too few for all drops of a rate.
        dataclasses.replace(recipe.adapted(1, 8, side), schedule=Constant()),
        dataset=f"synthetic:16x{side}x{side}x3/10",
        output=tmp_path,
        model_options=SMALL[recipe.model],
        verbose=False,
    )
    assert np.isfinite(result.history[-1].train_loss)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PAPERS, "digits_moved"])
def test_says_what_it_would_do(name):
    said = dry_run(get_recipe(name))
    assert get_recipe(name).model in said
    assert ("not reproduced" in said) == (not get_recipe(name).reproduced)
