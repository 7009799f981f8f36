import numpy as np
import pytest

from keras_resnet.export.collapse import (
    CollapsedModelError,
    VerificationError,
    check_collapse,
    check_finite,
    is_clear,
)

MANY = np.arange(40) % 10
ONE = np.full(40, 3)
ALL = np.ones(40, bool)


def test_one_class_for_everything_is_a_collapse():
    with pytest.raises(CollapsedModelError, match=r"class 3 for all 40 .* 10 classes"):
        check_collapse(MANY, ONE, ALL, "The file")


@pytest.mark.parametrize(
    ("reference", "found", "clear"),
    [
        (MANY, MANY, ALL),
        (MANY, np.where(MANY == 3, 3, 4), ALL),
        # The original itself knows one class.
        (ONE, ONE, ALL),
        # The file errs about the one rare image.
        (np.where(np.arange(40) == 7, 4, 3), ONE, ALL),
        # The original is not sure, or there are few images.
        (MANY, ONE, ~ALL),
        (MANY[:9], ONE[:9], ALL[:9]),
    ],
)
def test_what_is_no_collapse(reference, found, clear):
    check_collapse(reference, found, clear, "The file")


def test_only_a_lead_that_survives_rounding_is_clear():
    outputs = np.array([[0.30, 0.25, 0.45], [0.5, 0.45, 0.05], [0.001, 0.0, 0.0]])
    assert is_clear(outputs, 1 / 256).tolist() == [True, False, False]
    assert is_clear(outputs, None).tolist() == [True, False, False]
    assert not is_clear(outputs, 0.1).any()


def test_numbers_that_are_not_finite_are_refused():
    check_finite(np.zeros(3), "The file")
    for value in (np.nan, np.inf):
        with pytest.raises(VerificationError, match=r"^The file returns"):
            check_finite(np.array([0.0, value]), "The file")
