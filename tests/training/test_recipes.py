import dataclasses

import pytest

import keras_resnet
from keras_resnet.training.recipes import get_recipe, list_recipes
from keras_resnet.training.schedules import ExponentialPerEpoch, make_schedule


@pytest.mark.parametrize("name", list_recipes())
def test_recipes_hold_together(name):
    recipe = get_recipe(name)
    assert recipe.name == name
    assert recipe.model in keras_resnet.list_models()
    assert recipe.source
    assert recipe.cost
    rate = make_schedule(
        recipe.schedule,
        recipe.peak_learning_rate(),
        recipe.epochs,
        100,
        recipe.warmup_epochs,
        recipe.warmup_start,
    )
    highest = max(float(rate(step)) for step in range(0, 100 * recipe.epochs, 100))
    assert highest == pytest.approx(recipe.learning_rate, rel=1e-4)


def test_the_paper_on_cifar10_has_64k_steps():
    recipe = get_recipe("he2015_cifar10")
    steps = 50_000 // recipe.batch_size
    assert steps * recipe.epochs == pytest.approx(64_000, rel=0.005)
    drops = [steps * boundary for boundary in recipe.schedule.boundaries]
    assert drops == pytest.approx([32_000, 48_000], rel=0.005)


def test_the_rate_grows_with_the_batch_where_the_recipe_says_so():
    assert get_recipe("goyal2017_imagenet").with_batch_size(
        8192
    ).peak_learning_rate() == pytest.approx(3.2)
    assert get_recipe("he2015_cifar10").with_batch_size(
        256
    ).peak_learning_rate() == pytest.approx(0.1)


def test_fewer_epochs_squeeze_the_schedule():
    recipe = get_recipe("goyal2017_imagenet").with_epochs(9)
    assert recipe.schedule.boundaries == pytest.approx((3, 6, 8))
    assert recipe.warmup_epochs == pytest.approx(0.5)
    exponential = get_recipe("mlperf_tiny").with_epochs(50).schedule
    assert exponential == ExponentialPerEpoch(pytest.approx(0.99**10))


@pytest.mark.parametrize(
    ("change", "value"),
    [("with_epochs", 0), ("with_batch_size", -1), ("with_image_side", 0)],
)
def test_refuses_what_is_not_positive(change, value):
    with pytest.raises(ValueError, match=f"Received: .*={value}"):
        getattr(get_recipe("digits"), change)(value)


def test_refuses_an_unknown_name():
    with pytest.raises(ValueError, match=r"Did you mean 'digits'.*recipe='digit'"):
        get_recipe("digit")


def test_recipes_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_recipe("digits").epochs = 1
