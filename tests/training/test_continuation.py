import dataclasses

import pytest

from keras_resnet.training import datasets
from keras_resnet.training.augmentation import RandAugment, RandomErasing
from keras_resnet.training.checkpoints import Progress
from keras_resnet.training.continuation import changes, differences, standing
from keras_resnet.training.description import identify
from keras_resnet.training.history import Epoch
from keras_resnet.training.networks import as_network
from keras_resnet.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    ExponentialPerEpoch,
    PiecewiseConstant,
)

EPOCH = Epoch(1, 0.1, 2.0, 0.5, 1.5, 0.6, 3.0)
FALLING = PiecewiseConstant(boundaries=(2, 3), factors=(1, 0.1, 0.01))


@pytest.fixture
def recipe(quick_recipe):
    return dataclasses.replace(quick_recipe, schedule=Constant(), warmup_epochs=0)


def identity(recipe, seed=0):
    network = as_network("resnet8")
    return identify(recipe, datasets.load("digits"), network, seed, "float32")


def found(before, now, epochs=4, step=0, seed=0):
    progress = Progress(
        identity(before), (EPOCH,) * epochs, step=step, steps_per_epoch=14
    )
    return changes(progress, identity(now, seed), now)


def test_what_a_recipe_did_not_have_yet_had_its_default(recipe):
    noted = identity(recipe)
    for fields, name in (
        (noted["recipe"], "rms_decay"),
        (noted["recipe"], "progressive_sides"),
        (noted["recipe"], "model_options"),
        (noted["recipe"]["augmentation"], "erasing"),
    ):
        del fields[name]
    before = Progress(noted, (EPOCH,) * 4, step=0, steps_per_epoch=14)
    assert changes(before, identity(recipe), recipe) == []
    longer = recipe.with_epochs(9)
    assert changes(before, identity(longer), longer) == []
    other = dataclasses.replace(recipe, rms_decay=0.5)
    (said,) = changes(before, identity(other), other)
    assert said == "recipe.rms_decay: 0.9 before, 0.5 now"


@pytest.mark.parametrize(
    "asked", [{"erasing": RandomErasing()}, {"rand_augment": RandAugment()}]
)
def test_what_a_recipe_was_without_is_another_one(recipe, asked):
    with_more = dataclasses.replace(recipe.augmentation, **asked)
    other = dataclasses.replace(recipe, augmentation=with_more)
    (name,) = asked
    (said,) = found(recipe, other)
    assert said.startswith(f"recipe.augmentation.{name}: None before, {{")
    (said,) = found(other, recipe)
    assert said.endswith("None now")


def test_differences_are_named_by_their_path():
    before = {"recipe": {"epochs": 4, "rate": 0.1}, "seed": 0}
    now = {"recipe": {"epochs": 5, "rate": 0.1}, "seed": 0, "model": "x"}
    assert differences(before, now) == [
        "model: None before, 'x' now",
        "recipe.epochs: 4 before, 5 now",
    ]


def test_a_constant_rate_can_go_on(recipe):
    assert found(recipe, recipe) == []
    assert found(recipe, recipe.with_epochs(9)) == []
    # To where it has come already, and not to before that.
    assert found(recipe, recipe.with_epochs(2), epochs=1, step=14) == []
    assert found(recipe, recipe.with_epochs(2), epochs=2, step=1)


def test_a_warm_up_that_moves_is_a_change(recipe):
    warm = dataclasses.replace(recipe, warmup_epochs=1)
    assert "recipe.warmup_epochs: 1 before, 2.0 now" in found(warm, warm.with_epochs(8))
    assert found(warm, dataclasses.replace(warm, epochs=8)) == []


def test_a_cosine_depends_on_the_total(recipe):
    cosine = dataclasses.replace(recipe, schedule=Cosine())
    assert found(cosine, cosine.with_epochs(5)) == ["recipe.epochs: 4 before, 5 now"]
    assert found(cosine, cosine.with_epochs(5), epochs=0, step=0) == []


def test_boundaries_may_move_as_long_as_they_are_ahead(recipe):
    falling = dataclasses.replace(recipe, schedule=FALLING)
    longer = falling.with_epochs(8)
    assert longer.schedule.boundaries == (4, 6)
    assert found(falling, longer)
    assert found(falling, longer, epochs=1, step=14) == []
    assert found(falling, longer, epochs=2, step=1)
    assert found(falling, dataclasses.replace(falling, epochs=8)) == []


def test_a_rate_that_falls_by_epoch_can_go_on_as_it_falls(recipe):
    falling = dataclasses.replace(recipe, schedule=ExponentialPerEpoch(0.9))
    assert found(falling, falling.with_epochs(8))
    assert found(falling, dataclasses.replace(falling, epochs=8)) == []


@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_schedule_is_read_back(recipe, kind):
    arguments = {
        PiecewiseConstant: {"boundaries": (2,), "factors": (1, 0.1)},
        ExponentialPerEpoch: {"factor": 0.9},
    }
    schedule = kind(**arguments.get(kind, {}))
    now = dataclasses.replace(recipe, schedule=schedule, epochs=8)
    other = dataclasses.replace(recipe, schedule=Cosine(final=0.5), epochs=8)
    # Only a training that took no step is the beginning of any other.
    assert found(other, now, epochs=0) == []
    assert found(now, other, epochs=0) == []
    assert found(other, now, epochs=1)
    assert found(now, dataclasses.replace(now, epochs=8)) == []


@pytest.mark.parametrize(
    "change", [{"weight_decay": 0.5}, {"batch_size": 50}, {"learning_rate": 0.2}]
)
def test_longer_and_something_else_is_a_change(recipe, change):
    now = dataclasses.replace(recipe, epochs=8, **change)
    (name,) = change
    assert any(phrase.startswith(f"recipe.{name}: ") for phrase in found(recipe, now))


def test_a_seed_is_a_change(recipe):
    assert found(recipe, recipe, seed=1) == ["seed: 0 before, 1 now"]


def test_words_of_a_recipe_are_none(recipe):
    assert found(recipe, dataclasses.replace(recipe, source="others")) == []


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (None, "Nothing is kept: it had no checkpoint yet."),
        (Progress({}, (EPOCH,)), "Kept in 'run': 1 epoch."),
        (
            Progress({}, (EPOCH,) * 2, step=7, steps_per_epoch=14),
            "Kept in 'run': 2 epochs and 7 of 14 steps of epoch 3.",
        ),
        (
            Progress({}, step=7, steps_per_epoch=14),
            "Kept in 'run': 7 of 14 steps of epoch 1.",
        ),
    ],
)
def test_says_what_is_kept(progress, said):
    assert standing(progress, "run") == said
