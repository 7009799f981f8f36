from types import SimpleNamespace

import pytest

from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.start import Start


@pytest.mark.parametrize(("taken", "newest"), [(0, 0), (1, 0), (30, 29)])
def test_the_rate_is_that_of_the_steps_that_were_taken(quick_recipe, taken, newest):
    # Of the steps so far loss scaling has skipped some, whatever their number.
    rate = rate_of(quick_recipe, 14)
    model = SimpleNamespace(steps_taken=lambda: taken)
    assert Start(None, model, rate, None, None).rate_now() == float(rate(newest))
