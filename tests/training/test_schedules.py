import keras
import numpy as np
import pytest

from keras_resnet.training.schedules import (
    Constant,
    Cosine,
    ExponentialPerEpoch,
    PiecewiseConstant,
    PiecewiseConstantRate,
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


@pytest.mark.parametrize(
    "schedule",
    [
        Constant(),
        Cosine(0.1),
        ExponentialPerEpoch(0.5),
        PiecewiseConstant((1, 2), (1, 2, 3)),
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
