import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from absl import flags

import keras_resnet
from keras_resnet.models.registry import SPECIFICATIONS
from keras_resnet.models.specification import Specification
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.networks import network_of
from keras_resnet.training.program_flags import define_flags
from keras_resnet.training.recipes import (
    RECIPES,
    Published,
    Reproduced,
    get_recipe,
    list_recipes,
)
from keras_resnet.training.schedules import (
    Cosine,
    ExponentialPerEpoch,
    PiecewiseConstant,
    make_schedule,
)


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
    rates = np.asarray(rate(np.arange(100 * recipe.epochs)))
    assert rates.max() == pytest.approx(recipe.learning_rate, rel=0.01)
    assert rates.min() >= 0
    for figure in recipe.published:
        assert figure.model in keras_resnet.list_models()


# One recipe for each set of options: building a network takes a second. Those
# of other families are built in test_survey_recipes.py.
WITH_OPTIONS = {
    (repr(recipe.model_options), recipe.survival_probability): recipe.name
    for recipe in RECIPES.values()
    if isinstance(SPECIFICATIONS[recipe.model], Specification)
    and (recipe.model_options or recipe.survival_probability < 1)
}


@pytest.mark.parametrize("name", WITH_OPTIONS.values())
def test_networks_take_the_options_of_their_recipes(name):
    recipe = get_recipe(name)
    # What the options change does not depend on the depth; a deep network
    # takes long to build.
    shallow = dict.fromkeys(
        ("resnet110", "preactivation_resnet1001", "ror3_164", "resnetrs50"), "resnet20"
    )
    model = shallow.get(recipe.model, recipe.model)
    side = 32 if recipe.image_side == 32 else 64
    network = network_of(recipe, model)
    built = network.logits((side, side, 3), 10, "float32")
    assert built.output_shape == (None, 10)
    assert dict(recipe.model_options).items() <= network.options.items()


def test_every_source_of_figures_has_its_recipe():
    assert len(RECIPES) >= 50
    expected = {
        ("he2015_cifar10", "resnet56"): 6.97,
        ("he2015_cifar10_warmup", "resnet110"): 6.43,
        ("he2016_cifar10", "preactivation_resnet1001"): 4.92,
        ("zagoruyko2016_cifar10", "wrn_28_10"): 4.0,
        ("huang2016_cifar10", "resnet110"): 5.25,
        ("xie2017_cifar10", "resnext29_16x64d"): 3.58,
        ("fb_resnet_torch", "resnet50v1_5"): 24.01,
        ("goyal2017_imagenet", "resnet50v1_5"): 23.74,
        ("he2018_imagenet_mixup", "resnet50d"): 79.15,
        ("wightman2021_a1", "resnet50v1_5"): 80.4,
        ("wightman2021_a3", "resnet18"): 68.25,
        ("bello2021_imagenet", "resnetrs200"): 83.5,
        ("torchvision_v2", "resnet50v1_5"): 80.858,
        ("nvidia_v1_5_90", "resnet50v1_5"): 77.12,
        ("mlperf_lars_32768", "resnet50v1_5"): 75.9,
        ("huang2017_cifar10", "densenet_bc190_40"): 3.46,
        ("larsson2017_cifar10", "fractalnet20"): 4.6,
        ("abdi2016_cifar10", "multi_resnet26_4_10"): 3.73,
        ("zhang2016_cifar10", "ror3_wrn_58_4"): 3.77,
        ("szegedy2016_imagenet", "inception_resnet_v2"): 19.9,
        ("zhang2017_imagenet", "polynet"): 18.71,
        ("simonyan2015_imagenet", "vgg16"): 25.6,
    }
    for (name, model), value in expected.items():
        figures = get_recipe(name).published_for(model)
        assert figures[0].value == value, name


def test_the_paper_on_cifar10_has_64k_steps():
    for name in ("he2015_cifar10", "he2015_cifar10_warmup"):
        recipe = get_recipe(name)
        steps = 50_000 // recipe.batch_size
        assert steps * recipe.epochs == pytest.approx(64_000, rel=0.005)
        drops = [steps * boundary for boundary in recipe.schedule.boundaries[-2:]]
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
    assert isinstance(exponential, ExponentialPerEpoch)
    assert exponential.factor == pytest.approx(0.99**10)
    assert exponential.every == 1
    recipe = get_recipe("szegedy2016_imagenet")
    halved = recipe.with_epochs(recipe.epochs // 2).schedule
    assert (halved.every, halved.factor) == (1, pytest.approx(0.94))
    longer = recipe.with_epochs(recipe.epochs * 3).schedule
    assert (longer.every, longer.factor) == (6, pytest.approx(0.94))
    # The rate falls as often and as low where the epochs cannot be divided so.
    tenth = recipe.with_epochs(recipe.epochs // 10).schedule
    assert (tenth.every, tenth.factor) == (1, pytest.approx(0.94**5))


def test_sides_move_with_epochs_and_with_the_side():
    recipe = dataclasses.replace(
        get_recipe("torchvision_v2"), progressive_sides=((300, 200), (500, 224))
    )
    assert [recipe.side_of_epoch(e) for e in (0, 299, 300, 500)] == [176, 176, 200, 224]
    assert recipe.with_epochs(60).progressive_sides == ((30, 200), (50, 224))
    half = recipe.with_image_side(88)
    assert half.evaluation_side == 112
    assert half.progressive_sides == ((300, 100), (500, 112))


def test_adapted_changes_what_is_given():
    recipe = get_recipe("digits")
    assert recipe.adapted() == recipe
    changed = recipe.adapted(epochs=6, batch_size=16, image_side=16)
    assert (changed.epochs, changed.batch_size, changed.image_side) == (6, 16, 16)
    assert changed.warmup_epochs == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("change", "value"),
    [("with_epochs", 0), ("with_batch_size", -1), ("with_image_side", 0)],
)
def test_refuses_what_is_not_positive(change, value):
    with pytest.raises(ValueError, match=f"Received: .*={value}"):
        getattr(get_recipe("digits"), change)(value)


@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (ValueError, {"name": " "}),
        (TypeError, {"source": None}),
        (ValueError, {"epochs": 0}),
        (TypeError, {"epochs": 2.5}),
        (ValueError, {"optimizer": "sdg"}),
        (ValueError, {"loss": "hinge"}),
        (ValueError, {"stochastic_depth_mode": "pixel"}),
        (ValueError, {"learning_rate": 0}),
        (ValueError, {"learning_rate": math.nan}),
        (ValueError, {"momentum": 1.5}),
        (ValueError, {"rms_decay": -0.1}),
        (ValueError, {"rms_epsilon": 0}),
        (TypeError, {"nesterov": 1}),
        (ValueError, {"label_smoothing": -0.1}),
        (ValueError, {"survival_probability": 0}),
        (ValueError, {"ema_decay": 0}),
        (ValueError, {"clip_norm": 0}),
        (ValueError, {"batch_size": 32, "accumulation_steps": 5}),
        (ValueError, {"binary_threshold": 0.2}),
        (TypeError, {"schedule": "cosine"}),
        (TypeError, {"augmentation": {"flip": True}}),
        (TypeError, {"model_options": ["nested"]}),
        (TypeError, {"model_options": {1: 2}}),
        (ValueError, {"progressive_sides": ((5, 32), (5, 64))}),
        (ValueError, {"progressive_sides": (5,)}),
        (TypeError, {"published": ("8.75 %",)}),
    ],
)
def test_refuses_recipes_that_cannot_be_trained_by(error, wrong):
    with pytest.raises(error, match="Received: "):
        dataclasses.replace(get_recipe("digits"), **wrong)


def test_figures_say_where_they_come_from():
    published = Published("test error", 8.75, "table 6", "resnet20")
    assert str(published) == "resnet20: test error 8.75 % (table 6)"
    reproduced = Reproduced(9.1, "make run", "2026-01-31", "resnet20", "test error")
    assert "9.1 % (2026-01-31: make run)" in str(reproduced)
    recipe = dataclasses.replace(get_recipe("digits"), reproduced=(reproduced,))
    assert recipe.reproduced_for("resnet20") == (reproduced,)
    assert recipe.reproduced_for("resnet8") == ()
    with pytest.raises(ValueError, match="Received: date='31.1.2026'"):
        dataclasses.replace(reproduced, date="31.1.2026")
    with pytest.raises(ValueError, match="Received: value=101"):
        dataclasses.replace(published, value=101)
    with pytest.raises(ValueError, match="Received: source=''"):
        dataclasses.replace(published, source="")


def test_figures_measured_here_stand_in_the_results_with_their_commands():
    results = (Path(__file__).parents[2] / "docs" / "results.md").read_text("utf-8")
    measured = [(r, figure) for r in RECIPES.values() for figure in r.reproduced]
    assert measured
    for recipe, figure in measured:
        assert f"{figure.value:g} %" in results
        assert figure.command in results
        assert figure.date in results
        name, *arguments = figure.command.split()
        assert name == "keras-resnet-train"
        values = flags.FlagValues()
        define_flags(values)
        assert values([name, *arguments]) == [name]
        typed = (values["recipe"].value, values["model"].value or recipe.model)
        assert typed == (recipe.name, figure.model)
        # What changes the recipe does not measure it.
        assert not any(values[n].present for n in ("set", "epochs", "batch_size"))


def test_top_5_errors_stand_behind_those_of_top_1():
    for name, model, errors in (
        ("he2015_imagenet", "resnet50", [24.7, 7.8, 22.9, 6.7]),
        ("fb_resnet_torch", "resnetv2_200", [21.66, 5.79]),
        ("he2016_imagenet", "resnetv2_200", [20.7, 5.3]),
    ):
        figures = get_recipe(name).published_for(model)
        assert [figure.value for figure in figures] == errors
        tops = [figure.metric[:5] for figure in figures]
        assert tops == ["top-1", "top-5"] * (len(errors) // 2)


def test_refuses_an_unknown_name():
    with pytest.raises(ValueError, match=r"Did you mean 'digits'.*recipe='digit'"):
        get_recipe("digit")


def test_recipes_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_recipe("digits").epochs = 1
    options = {"nested": True}
    recipe = dataclasses.replace(get_recipe("digits"), model_options=options)
    options["nested"] = False
    assert recipe.model_options == {"nested": True}
    assert hash(recipe)


def test_equal_recipes_are_equal():
    first = get_recipe("torchvision_v2")
    assert dataclasses.replace(first) == first
    assert dataclasses.replace(first, augmentation=Augmentation()) != first
    assert first.schedule == Cosine()
    assert PiecewiseConstant((1,), (1, 2)) != PiecewiseConstant((1,), (1, 3))
