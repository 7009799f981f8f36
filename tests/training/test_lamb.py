import keras
import numpy as np
import pytest

from keras_resnet.training.optimizers import Lamb

torch = pytest.importorskip("torch", reason="the extra `peers` is not installed")

RATES = [0.01, 0.05, 0.1, 0.1, 0.05, 0.02, 0.01]


@pytest.fixture
def numbers(rng):
    """Start and gradients of a kernel and of a bias."""
    return [
        (
            rng.normal(size=shape).astype("float32"),
            rng.normal(size=(len(RATES), *shape)).astype("float32"),
        )
        for shape in ((3, 4), (4,))
    ]


def steps_of_keras(optimizer, numbers, exclude_bias=True):
    kernel, bias = (keras.Variable(start) for start, _ in numbers)
    if exclude_bias:
        optimizer.exclude_from_weight_decay(var_list=[bias])
    for step in range(len(RATES)):
        gradients = [keras.ops.convert_to_tensor(g[step]) for _, g in numbers]
        optimizer.apply(gradients, [kernel, bias])
    return [kernel.numpy(), bias.numpy()]


def schedule():
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        list(range(len(RATES) - 1)), RATES
    )


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_equals_the_formula(numbers, decay):
    ends = []
    for start, gradients in numbers:
        weight, first, second = start.astype("float64"), 0.0, 0.0
        for step, rate in enumerate(RATES, start=1):
            gradient = gradients[step - 1].astype("float64")
            first = 0.8 * first + 0.2 * gradient
            second = 0.95 * second + 0.05 * gradient**2
            update = (first / (1 - 0.8**step)) / (
                np.sqrt(second / (1 - 0.95**step)) + 0.01
            )
            ratio = 1.0
            if weight.ndim > 1:
                update = update + decay * weight
                ratio = np.linalg.norm(weight) / np.linalg.norm(update)
            weight = weight - rate * ratio * update
        ends.append(weight)
    found = steps_of_keras(
        Lamb(schedule(), beta_1=0.8, beta_2=0.95, epsilon=0.01, decay=decay), numbers
    )
    for one, two in zip(found, ends, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_equals_timm(timm, numbers):
    from timm.optim import Lamb as TimmLamb

    kernel, bias = (torch.nn.Parameter(torch.tensor(s)) for s, _ in numbers)
    optimizer = TimmLamb(
        [
            {"params": [kernel], "weight_decay": 0.3},
            {"params": [bias], "weight_decay": 0.0},
        ],
        lr=RATES[0],
        eps=1e-6,
        max_grad_norm=None,
    )
    for step, rate in enumerate(RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter, (_, gradients) in zip((kernel, bias), numbers, strict=True):
            parameter.grad = torch.tensor(gradients[step])
        optimizer.step()
    found = steps_of_keras(Lamb(schedule(), decay=0.3), numbers)
    for one, two in zip(found, (kernel, bias), strict=True):
        np.testing.assert_allclose(one, two.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_an_excluded_variable_moves_as_with_adam(numbers):
    (_, bias) = steps_of_keras(Lamb(schedule(), decay=0.3, epsilon=1e-8), numbers)
    parameter = torch.nn.Parameter(torch.tensor(numbers[1][0]))
    optimizer = torch.optim.Adam([parameter], eps=1e-8)
    for gradient, rate in zip(numbers[1][1], RATES, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(bias, parameter.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_variable_of_zeros_moves_and_none_divides_by_zero():
    variable = keras.Variable(np.zeros((2, 2), "float32"))
    optimizer = Lamb(0.5, decay=0.1)
    optimizer.apply([keras.ops.zeros((2, 2))], [variable])
    np.testing.assert_array_equal(variable.numpy(), np.zeros((2, 2)))
    optimizer.apply([keras.ops.ones((2, 2))], [variable])
    assert (variable.numpy() < 0).all()


def test_is_serialized_with_its_arguments():
    optimizer = Lamb(0.1, beta_1=0.5, beta_2=0.75, epsilon=0.125, decay=0.25)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, Lamb)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta_1": 1.5}, "Received: beta_1=1.5"),
        ({"decay": -1.0}, "Received: decay=-1.0"),
        ({"weight_decay": 0.1}, r"`decay`\. Received: weight_decay=0.1"),
    ],
)
def test_refuses_what_is_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Lamb(1.0, **options)
