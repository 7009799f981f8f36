import pytest

from keras_resnet.training.augmentation import (
    RandAugment,
    RandomErasing,
    TrivialAugment,
)
from keras_resnet.training.recipes import get_recipe, override
from keras_resnet.training.schedules import Cosine, OneCycle, PiecewiseConstant


def changed(*assignments, recipe="digits"):
    return override(get_recipe(recipe), assignments)


def test_values_are_read_by_the_type_of_their_field():
    recipe = changed(
        "epochs=7",
        "learning_rate=1e-2",
        "nesterov=yes",
        "optimizer=sgd",
        "clip_norm=2",
        "ema_decay=none",
        "evaluation_side = 48",
        "progressive_sides=((2, 16), [5, 32])",
    )
    assert recipe.epochs == 7
    assert recipe.learning_rate == 0.01
    assert recipe.nesterov is True
    assert recipe.optimizer == "sgd"
    assert recipe.clip_norm == 2.0
    assert recipe.ema_decay is None
    assert recipe.evaluation_side == 48
    assert recipe.progressive_sides == ((2, 16), (5, 32))
    assert recipe.warmup_epochs == get_recipe("digits").warmup_epochs


def test_the_later_of_two_holds():
    assert changed("epochs=7", "epochs=8").epochs == 8


def test_short_names_that_many_type():
    recipe = changed("lr=0.2", "wd=3e-4")
    assert (recipe.learning_rate, recipe.weight_decay) == (0.2, 3e-4)


def test_points_go_into_fields():
    recipe = changed(
        "augmentation.flip=true",
        "augmentation.rand_augment.magnitude=7",
        "augmentation.rand_augment.operations=increasing",
        "augmentation.erasing=default",
        "augmentation.padding_value=(1, 2, 3)",
        "model_options.zero_last_gamma=true",
        "model_options.activation=elu",
        "model_options.momentum=0.8",
    )
    assert recipe.augmentation.flip is True
    assert recipe.augmentation.rand_augment == RandAugment(
        magnitude=7, operations="increasing"
    )
    assert recipe.augmentation.erasing == RandomErasing()
    assert recipe.augmentation.padding_value == (1, 2, 3)
    assert recipe.augmentation.rotation == get_recipe("digits").augmentation.rotation
    assert recipe.model_options == {
        "zero_last_gamma": True,
        "activation": "elu",
        "momentum": 0.8,
    }


def test_parts_can_be_left_out():
    assert get_recipe("torchvision_v2").augmentation.trivial_augment == TrivialAugment()
    recipe = changed("augmentation.trivial_augment=none", recipe="torchvision_v2")
    assert recipe.augmentation.trivial_augment is None
    fill = changed("augmentation.erasing.fill=noise", recipe="torchvision_v2")
    assert fill.augmentation.erasing.fill == "noise"
    level = changed("augmentation.erasing.fill=128", recipe="torchvision_v2")
    assert level.augmentation.erasing.fill == 128


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("schedule=Cosine", Cosine()),
        ("schedule=Cosine(final=0.1)", Cosine(final=0.1)),
        (
            "schedule=OneCycle(peak_at=0.2, curve='cosine')",
            OneCycle(0.2, curve="cosine"),
        ),
        (
            "schedule=PiecewiseConstant(boundaries=(2, 3.5), factors=(1, 0.1, 0.01))",
            PiecewiseConstant((2, 3.5), (1, 0.1, 0.01)),
        ),
    ],
)
def test_schedules_are_typed_as_python_makes_them(typed, expected):
    assert changed(typed).schedule == expected


def test_a_field_of_a_schedule():
    assert changed("schedule.final=0.2").schedule == Cosine(final=0.2)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("learning_rat=3", r"Did you mean 'learning_rate'.*set='learning_rat'"),
        ("augmentation.flop=true", "field of `Augmentation`.*Did you mean 'flip'"),
        ("flip=true", r"type augmentation\.flip=value"),
        ("epochs=2.5", "must be an integer.*Received: set='epochs=2.5'"),
        ("epochs=0", "Received: epochs=0"),
        ("augmentation.flip=maybe", "true or false"),
        ("learning_rate=fast", "a number"),
        ("clip_norm=x", "a number or none"),
        ("name=mine", "Unknown field"),
        ("published=()", "Unknown field"),
        ("epochs", "name=value"),
        ("=3", "name=value"),
        ("augmentation=3", "field by field"),
        ("epochs.x=1", "no fields"),
        ("model_options.a.b=1", "one more name"),
        ("progressive_sides=5", r"a tuple as \(1, 2\)"),
        ("loss=hinge", "Unknown loss"),
        ("schedule=Cosin()", "Did you mean 'Cosine'"),
        ("schedule=Cosine(0.1)", "A schedule is typed as"),
        ("schedule=Cosine(finale=0.1)", "Did you mean 'final'"),
        ("schedule=Cosine(final=2)", "Received: final=2"),
        ("schedule=PiecewiseConstant", "needs boundaries and factors"),
        ("schedule=__import__('os')", "Unknown schedule"),
        ("schedule=Cosine(final=open('x'))", "A schedule is typed as"),
        ("schedule=(lambda: 1)()", "A schedule is typed as"),
        ("schedule=Cosine(", "A schedule is typed as"),
    ],
)
def test_mistakes_are_told(typed, message):
    with pytest.raises(ValueError, match=message):
        changed(typed)
