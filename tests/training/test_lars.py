import keras
import numpy as np
import pytest

from keras_resnet.training.optimizers import Lars

torch = pytest.importorskip("torch", reason="the extra `peers` is not installed")

STEPS = 7
RATES = [2.0, 4.0, 4.0, 1.0, 0.5, 0.25, 0.1]


@pytest.fixture
def numbers(rng):
    """Start and gradients of a kernel and of a bias."""
    return [
        (
            rng.normal(size=shape).astype("float32"),
            rng.normal(size=(STEPS, *shape)).astype("float32"),
        )
        for shape in ((3, 4), (4,))
    ]


def schedule(rates):
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        list(range(len(rates) - 1)), rates
    )


def steps_of_keras(optimizer, numbers, exclude_bias=True):
    kernel, bias = (keras.Variable(start) for start, _ in numbers)
    if exclude_bias:
        optimizer.exclude_from_weight_decay(var_list=[bias])
    for step in range(STEPS):
        gradients = [keras.ops.convert_to_tensor(g[step]) for _, g in numbers]
        optimizer.apply(gradients, [kernel, bias])
    return [kernel.numpy(), bias.numpy()]


def steps_of_numpy(numbers, rates, momentum, l2, trust, epsilon, nesterov):
    """The paper's algorithm 1, in double precision; a bias moves plainly."""
    ends = []
    for start, gradients in numbers:
        weight, velocity = start.astype("float64"), 0.0
        for rate, gradient in zip(rates, gradients.astype("float64"), strict=True):
            ratio = 1.0
            if weight.ndim > 1:
                norm = np.linalg.norm(weight)
                ratio = trust * norm / (np.linalg.norm(gradient) + l2 * norm + epsilon)
                gradient = gradient + l2 * weight
            velocity = momentum * velocity + rate * ratio * gradient
            step = velocity
            if nesterov:
                step = momentum * velocity + rate * ratio * gradient
            weight = weight - step
        ends.append(weight)
    return ends


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.5])
def test_equals_the_formula_while_the_rate_moves(numbers, nesterov, epsilon):
    found = steps_of_keras(
        Lars(
            schedule(RATES),
            momentum=0.9,
            nesterov=nesterov,
            l2=0.05,
            trust_coefficient=0.02,
            epsilon=epsilon,
        ),
        numbers,
    )
    expected = steps_of_numpy(numbers, RATES, 0.9, 0.05, 0.02, epsilon, nesterov)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def steps_of_timm(timm, numbers, rates, **options):
    from timm.optim import Lars as TimmLars

    kernel, bias = (torch.nn.Parameter(torch.tensor(s)) for s, _ in numbers)
    l2 = options.pop("l2")
    optimizer = TimmLars(
        [
            {"params": [kernel], "weight_decay": l2},
            {"params": [bias], "weight_decay": 0.0},
        ],
        lr=rates[0],
        **options,
    )
    for step, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter, (_, gradients) in zip((kernel, bias), numbers, strict=True):
            parameter.grad = torch.tensor(gradients[step])
        optimizer.step()
    return [kernel.detach().numpy(), bias.detach().numpy()]


@pytest.mark.parametrize(
    # timm keeps the rate outside of the momentum: a moving rate is compared
    # without momentum, momentum at a constant rate.
    ("momentum", "nesterov", "rates"),
    [
        (0.0, False, RATES),
        (0.9, False, [2.0] * STEPS),
        (0.9, True, [2.0] * STEPS),
    ],
)
def test_equals_timm(timm, numbers, momentum, nesterov, rates):
    found = steps_of_keras(
        Lars(
            schedule(rates),
            momentum=momentum,
            nesterov=nesterov,
            l2=0.05,
            trust_coefficient=0.02,
            epsilon=1e-8,
        ),
        numbers,
    )
    expected = steps_of_timm(
        timm,
        numbers,
        rates,
        momentum=momentum,
        nesterov=nesterov,
        l2=0.05,
        trust_coeff=0.02,
        eps=1e-8,
    )
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_adapts_every_variable_that_is_not_excluded(numbers):
    plain = steps_of_keras(Lars(1.0, trust_coefficient=0.02), numbers)
    adapted = steps_of_keras(Lars(1.0, trust_coefficient=0.02), numbers, False)
    np.testing.assert_array_equal(plain[0], adapted[0])
    assert np.abs(plain[1] - adapted[1]).max() > 0.1


def test_a_variable_of_zeros_moves_and_none_divides_by_zero():
    variable = keras.Variable(np.zeros((2, 2), "float32"))
    optimizer = Lars(0.5, momentum=0.0, l2=0.1)
    optimizer.apply([keras.ops.zeros((2, 2))], [variable])
    np.testing.assert_array_equal(variable.numpy(), np.zeros((2, 2)))
    optimizer.apply([keras.ops.ones((2, 2))], [variable])
    np.testing.assert_allclose(variable.numpy(), np.full((2, 2), -0.5))


def test_is_serialized_with_its_arguments():
    optimizer = Lars(
        3.0,
        momentum=0.8,
        nesterov=True,
        l2=0.25,
        trust_coefficient=0.5,
        epsilon=0.125,
        clipnorm=2.0,
    )
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, Lars)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1.5}, "Received: momentum=1.5"),
        ({"l2": -1.0}, "Received: l2=-1.0"),
        ({"trust_coefficient": 0.0}, "Received: trust_coefficient=0.0"),
        ({"weight_decay": 0.1}, r"`l2`\. Received: weight_decay=0.1"),
    ],
)
def test_refuses_what_is_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Lars(1.0, **options)
