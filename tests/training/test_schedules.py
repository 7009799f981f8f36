import importlib

import keras
import numpy as np
import pytest

from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.schedules import (
    Constant,
    Cosine,
    ExponentialPerEpoch,
    OneCycle,
    PiecewiseConstant,
    PiecewiseConstantRate,
    Polynomial,
    make_schedule,
)

STEPS_PER_EPOCH, EPOCHS, PEAK = 10, 6, 0.4
STEPS = np.arange(STEPS_PER_EPOCH * EPOCHS)


def rates(schedule, **arguments):
    rate = make_schedule(schedule, PEAK, EPOCHS, STEPS_PER_EPOCH, **arguments)
    return np.array([float(rate(step)) for step in STEPS]), rate


def test_constant_stays_at_the_peak():
    np.testing.assert_allclose(rates(Constant())[0], PEAK)


def test_piecewise_constant_changes_at_the_first_step_of_its_epoch():
    schedule = PiecewiseConstant(boundaries=(2, 5), factors=(1, 0.1, 0.01))
    expected = PEAK * np.repeat([1, 0.1, 0.01], [20, 30, 10])
    np.testing.assert_allclose(rates(schedule)[0], expected, rtol=1e-6)


def test_cosine_equals_its_closed_form():
    expected = PEAK * (1 + np.cos(np.pi * STEPS / len(STEPS))) / 2
    np.testing.assert_allclose(rates(Cosine())[0], expected, rtol=1e-5, atol=1e-7)


def test_cosine_equals_that_of_keras():
    rate = keras.optimizers.schedules.CosineDecay(PEAK, len(STEPS), alpha=0.25)
    expected = [float(rate(step)) for step in STEPS]
    np.testing.assert_allclose(rates(Cosine(final=0.25))[0], expected, rtol=1e-5)


def test_exponential_falls_once_an_epoch():
    expected = PEAK * 0.9 ** (STEPS // STEPS_PER_EPOCH)
    np.testing.assert_allclose(rates(ExponentialPerEpoch(0.9))[0], expected, rtol=1e-5)


def test_exponential_may_fall_every_few_epochs():
    expected = PEAK * 0.94 ** (STEPS // (2 * STEPS_PER_EPOCH))
    found, _ = rates(ExponentialPerEpoch(0.94, every=2))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_warm_up_rises_linearly_into_the_schedule():
    found, _ = rates(Cosine(), warmup_epochs=2, warmup_start=0.1)
    rising = PEAK * (0.1 + 0.9 * np.arange(20) / 20)
    falling = PEAK * (1 + np.cos(np.pi * np.arange(40) / 40)) / 2
    np.testing.assert_allclose(
        found, np.concatenate([rising, falling]), rtol=1e-5, atol=1e-7
    )


def test_warm_up_leaves_the_boundaries_where_they_are():
    schedule = PiecewiseConstant(boundaries=(3,), factors=(1, 0.1))
    found, _ = rates(schedule, warmup_epochs=1)
    assert found[29] == pytest.approx(PEAK)
    assert found[30] == pytest.approx(PEAK / 10)


def their_rates(torch, make):
    """Return the rates of a scheduler of PyTorch, step by step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler, found = make(optimizer), []
    for _ in STEPS:
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("curve", ["linear", "cosine"])
def test_one_cycle_equals_that_of_torch(curve):
    torch = pytest.importorskip("torch")
    schedule = OneCycle(peak_at=0.25, start=0.04, final=0.0001, curve=curve)
    total = len(STEPS)
    # Its last step is the last of the training, here it is the one after that.
    expected = their_rates(
        torch,
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            PEAK,
            total_steps=total + 1,
            pct_start=(0.25 * total + 1) / (total + 1),
            anneal_strategy="cos" if curve == "cosine" else "linear",
            cycle_momentum=False,
            div_factor=25,
            final_div_factor=400,
        ),
    )
    found, rate = rates(schedule)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found.argmax() == total // 4
    assert float(rate(total)) == pytest.approx(PEAK * 1e-4)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(rate)
    )
    np.testing.assert_array_equal([float(again(step)) for step in STEPS], found)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_polynomial_equals_that_of_keras(power):
    theirs = keras.optimizers.schedules.PolynomialDecay(
        PEAK, len(STEPS), PEAK * 0.01, power
    )
    expected = [float(theirs(step)) for step in STEPS]
    found, _ = rates(Polynomial(power, final=0.01))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_polynomial_begins_where_the_warm_up_ends():
    found, _ = rates(Polynomial(2.0), warmup_epochs=1)
    np.testing.assert_allclose(found[:10], PEAK * np.arange(10) / 10, atol=1e-7)
    falling = PEAK * (1 - np.arange(50) / 50) ** 2
    np.testing.assert_allclose(found[10:], falling, rtol=1e-5)


@pytest.mark.parametrize("through", [True, False])
def test_warm_up_and_cosine_equal_those_of_timm(timm, through):
    torch = pytest.importorskip("torch")
    scheduler = importlib.import_module("timm.scheduler")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    theirs = scheduler.CosineLRScheduler(
        optimizer,
        # Without its prefix the cosine of timm runs through the warm-up.
        t_initial=len(STEPS) if through else len(STEPS) - 20,
        lr_min=PEAK * 0.01,
        warmup_t=20,
        warmup_lr_init=PEAK * 0.1,
        warmup_prefix=not through,
        t_in_epochs=False,
    )
    expected = []
    for step in STEPS:
        theirs.step_update(int(step))
        expected.append(optimizer.param_groups[0]["lr"])
    found, _ = rates(
        Cosine(0.01, through_warmup=through), warmup_epochs=2, warmup_start=0.1
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_steps_equal_those_of_torch():
    torch = pytest.importorskip("torch")
    expected = their_rates(
        torch,
        lambda optimizer: torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 45]),
    )
    found, _ = rates(PiecewiseConstant((2, 4.5), (1, 0.1, 0.01)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_of_steps_that_fall_together_the_last_counts():
    recipe = get_recipe("goyal2017_imagenet").with_epochs(1)
    for steps, expected in ((1, [0.1]), (2, [1, 0.01]), (3, [1, 0.1, 0.01])):
        rate = make_schedule(recipe.schedule, 1.0, 1, steps)
        found = [float(rate(step)) for step in range(steps)]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "arguments"),
    [
        (OneCycle(), {"warmup_epochs": 1}),
        (Polynomial(), {"warmup_epochs": 6}),
        (Cosine(through_warmup=True), {"warmup_epochs": 6}),
    ],
)
def test_refuses_schedules_without_room(schedule, arguments):
    with pytest.raises(ValueError, match="Received: .*warmup_epochs="):
        rates(schedule, **arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cosine(final=2),
        lambda: Polynomial(power=0),
        lambda: OneCycle(peak_at=0),
        lambda: OneCycle(curve="round"),
        lambda: ExponentialPerEpoch(0),
        lambda: ExponentialPerEpoch(0.9, every=0),
        lambda: PiecewiseConstant((2, 1), (1, 2, 3)),
        lambda: PiecewiseConstant((1,), (1,)),
    ],
)
def test_refuses_numbers_that_are_no_schedule(make):
    with pytest.raises(ValueError, match="Received: "):
        make()


@pytest.mark.parametrize(
    "schedule",
    [
        Constant(),
        Cosine(0.1),
        ExponentialPerEpoch(0.5),
        PiecewiseConstant((1, 2), (1, 2, 3)),
        Cosine(0.1, through_warmup=True),
        Polynomial(2.0, 0.01),
    ],
)
def test_schedules_survive_serialization(schedule):
    found, rate = rates(schedule, warmup_epochs=1)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(rate)
    )
    np.testing.assert_array_equal([float(again(step)) for step in STEPS], found)


def test_refuses_what_is_no_schedule():
    with pytest.raises(TypeError, match="Received: schedule='cosine'"):
        make_schedule("cosine", 0.1, 1, 1)


def test_refuses_a_cosine_without_room():
    with pytest.raises(ValueError, match="Received: epochs=6"):
        rates(Cosine(), warmup_epochs=6)


@pytest.mark.parametrize(
    ("boundaries", "values"), [((1, 2), (1, 2)), ((2, 1), (1, 2, 3))]
)
def test_refuses_boundaries_that_do_not_fit(boundaries, values):
    with pytest.raises(ValueError, match="Received: boundaries="):
        PiecewiseConstantRate(boundaries, values)
