import dataclasses
import re

import keras
import numpy as np
import pytest

import keras_resnet
from keras_resnet.training.dataset_sizes import dataset_size
from keras_resnet.training.dry_run import dry_run
from keras_resnet.training.memory_estimate import estimate_memory
from keras_resnet.training.optimizers import make_optimizer
from keras_resnet.training.pipeline import steps_per_epoch
from keras_resnet.training.recipes import Reproduced, get_recipe, override
from keras_resnet.training.schedule_plot import (
    draw_schedule,
    notable_steps,
    rate_of,
    rates_at,
)


def facts_of(said):
    lines = said.split("\n\n")[0].splitlines()
    return {line.split()[0]: line[12:] for line in lines if line[0] != " "}


def test_says_what_would_be_trained():
    said = dry_run(get_recipe("he2015_cifar10"))
    facts = facts_of(said)
    # With the mean image.
    model = keras_resnet.create_model(
        "resnet20", mean_image=True, include_preprocessing=True
    )
    assert f"resnet20: {model.count_params():,} parameters" in facts["model"]
    assert "8.75 %" in facts["published"]
    assert facts["reproduced"] == "not reproduced"
    assert facts["steps"].startswith("390 an epoch, 63,960 in all; 80 images left")
    assert "50,000 training and 10,000 test images as 32x32x3" in facts["data"]
    rows = [line.split() for line in said.splitlines()[-4:]]
    assert rows == [
        ["0", "0", "0.1"],
        ["82", "31,980", "0.01"],
        ["123", "47,970", "0.001"],
        ["164", "63,959", "0.001"],
    ]


def test_every_field_is_shown_by_the_name_that_changes_it():
    recipe = get_recipe("wightman2021_a3").with_batch_size(32)
    said = dry_run(recipe, model="resnet8", dataset="digits")
    shown = [line.strip() for line in said.splitlines() if line.startswith(" " * 12)]
    assert any(
        line.startswith("augmentation.rand_augment.magnitude = ") for line in shown
    )
    # Text is typed as it is.
    typed = [re.sub(r" = '?(.*?)'?$", r"=\1", line, count=1) for line in shown]
    asked = dataclasses.replace(recipe, model="resnet8", dataset="digits")
    assert override(get_recipe("wightman2021_a3"), typed) == asked


def test_a_batch_that_devices_cannot_share_is_refused():
    with pytest.raises(ValueError, match="multiple of the 3 replicas"):
        dry_run(get_recipe("digits").with_batch_size(32), replicas=3)


def test_another_model_has_no_figures_of_the_paper():
    recipe = get_recipe("he2015_cifar10")
    facts = facts_of(dry_run(recipe, model="resnet8", dataset="digits"))
    assert facts["published"] == "nothing for this model"
    assert "1,437 training and 360 test images as 32x32x1" in facts["data"]
    measured = Reproduced(9.0, "make it", "2026-01-31", "resnet8", "test error")
    recipe = dataclasses.replace(recipe, reproduced=(measured,))
    facts = facts_of(dry_run(recipe, model="resnet8", dataset="digits"))
    assert "9 % (2026-01-31: make it)" in facts["reproduced"]


def test_an_evaluation_may_have_another_side():
    recipe = dataclasses.replace(get_recipe("digits"), evaluation_side=48)
    assert facts_of(dry_run(recipe))["data"] == (
        "digits: 1,437 training images as 32x32x1 and 360 test images as 48x48x1, "
        "10 classes"
    )


def test_sizes_that_are_known_are_those_of_the_data():
    digits = dataset_size("digits")
    assert (digits.train, digits.test, digits.classes, digits.channels) == (
        1437,
        360,
        10,
        1,
    )
    with pytest.raises(ValueError, match="Received: dataset='svhn'"):
        dataset_size("svhn")
    recipe = get_recipe("digits").with_batch_size(2000)
    with pytest.raises(ValueError, match="Received: batch_size=2000"):
        steps_per_epoch(digits.train, recipe.batch_size)


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "lars", "lamb"])
def test_memory_of_variables_is_that_of_the_optimizer(name, small_network):
    recipe = dataclasses.replace(
        get_recipe("digits"), optimizer=name, ema_decay=0.9, batch_size=8
    )
    model = small_network((32, 32, 1), 10, None)
    optimizer = make_optimizer(recipe, 0.1, model)
    optimizer.build(model.trainable_variables)
    kept = sum(np.prod(v.shape) for v in optimizer.variables if len(v.shape))
    trained = sum(np.prod(v.shape) for v in model.trainable_variables)
    # Weights, gradients, the optimizer's own, and the average of all.
    expected = 4 * (2 * trained + kept + model.count_params())
    estimate = estimate_memory(keras_resnet.describe(model), recipe, "float32")
    assert estimate.variables == pytest.approx(expected, rel=0.001)


def test_memory_of_activations_goes_with_batch_and_precision():
    recipe = get_recipe("he2015_cifar10")
    described = keras_resnet.describe(keras_resnet.create_model("resnet20"))
    whole = estimate_memory(described, recipe, "float32")
    assert whole.total == whole.variables + whole.activations
    assert whole.activations == 128 * described.activations * 2 * 4
    for changed in (
        estimate_memory(described, recipe, "mixed_bfloat16"),
        estimate_memory(described, recipe, "float32", replicas=2),
        estimate_memory(described, recipe.with_batch_size(64), "float32"),
        estimate_memory(
            described, dataclasses.replace(recipe, accumulation_steps=2), "float32"
        ),
    ):
        assert changed.activations == whole.activations / 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("he2015_cifar10_warmup", [0, 10, 820, 1230, 1639]),
        ("goyal2017_imagenet", [0, 50, 300, 600, 800, 899]),
        ("cifar10_short", [0, 75, 150, 225, 299]),
        ("torchvision_v2", [0, 50, 1500, 3000, 4500, 5999]),
    ],
)
def test_notable_steps(name, expected):
    assert notable_steps(get_recipe(name), 10) == expected


def test_draws_the_rate(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    recipe = get_recipe("he2015_cifar10_warmup")
    path = tmp_path / "a folder" / "rate.png"
    draw_schedule(path, recipe, 390)
    pixels = image.imread(path)[..., :3]
    blue = (pixels[..., 2] - pixels[..., 0] > 0.5).nonzero()
    assert len(blue[0]) > 500
    # The line begins low, is at its highest in the first half, and ends low.
    first, last = blue[1].min(), blue[1].max()
    top = blue[0].min()
    at_top = blue[1][blue[0] == top]
    assert at_top.max() < (first + last) / 2 + 20
    assert blue[0][blue[1] == last].min() > top + 100


def test_rates_are_those_of_the_training():
    recipe = get_recipe("goyal2017_imagenet").with_batch_size(8192)
    found = rates_at(rate_of(recipe, 100), [0, 250, 500, 2999, 3000])
    np.testing.assert_allclose(found, [0, 1.6, 3.2, 3.2, 0.32], rtol=1e-5)


def test_a_network_of_blocks_can_be_described():
    facts = facts_of(
        dry_run(
            override(get_recipe("huang2016_cifar10"), ["model=resnet20"]),
            dtype_policy="mixed_bfloat16",
        )
    )
    assert "resnet20: 274,170 parameters" in facts["model"]
    assert keras.config.dtype_policy().name == "float32"
