"""Checks of arguments: what passes, what is said of what does not."""

import re

import numpy as np
import pytest

from keras_resnet.arguments import check_choice, check_interval, check_positive_integer


def test_choice():
    assert check_choice("mode", "a", ("a", "b")) == "a"
    assert check_choice("mode", None, (None, "b")) is None
    sentence = (
        "Unknown model: `mode` must be one of 'resnet50', 'vgg'. "
        "Did you mean 'resnet50'? Received: mode='resnet5'"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        check_choice("mode", "resnet5", ("resnet50", "vgg"), noun="model")


def test_choice_among_many():
    many = [f"model{number}" for number in range(68)]
    with pytest.raises(ValueError, match=r"'model19', ... \(68 in all\). Did you mea"):
        check_choice("name", "MODEL7", many)


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_positive_integer(value):
    assert check_positive_integer("n", value) == value
    assert type(check_positive_integer("n", value)) is int


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.0, TypeError), (True, TypeError)],
)
def test_not_a_positive_integer(value, error):
    with pytest.raises(error, match=f"positive integer. Received: n={value!r}"):
        check_positive_integer("n", value)


def test_interval():
    assert check_interval("p", 0, 0.0, 1.0) == 0.0
    assert check_interval("p", 1, 0.0, 1.0) == 1.0
    with pytest.raises(ValueError, match=r"in \(0.0, 1.0\]. Received: p=0"):
        check_interval("p", 0, 0.0, 1.0, include_low=False)
    with pytest.raises(ValueError, match=r"in \[0.0, 1.0\]. Received: p=nan"):
        check_interval("p", float("nan"), 0.0, 1.0)
    with pytest.raises(TypeError, match="Received: p='0.5'"):
        check_interval("p", "0.5", 0.0, 1.0)
