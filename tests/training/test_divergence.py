import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training.divergence import CHECK_EVERY, HOPELESS, LossWatch
from keras_resnet.training.recent_gradients import RecentGradients
from keras_resnet.training.trained_network import GradientsSoFar
from keras_resnet.training.training_state import Value


def means(losses):
    return np.cumsum(np.array(losses, "float64")) / np.arange(1, len(losses) + 1)


def watched(losses, *arguments):
    watch = LossWatch(*arguments)
    watch.begin_epoch(2)
    for step, mean in enumerate(means(losses), start=1):
        watch.note(step, {"loss": tf.constant(mean, "float32")})
    return watch


def test_names_the_first_step_and_the_losses_before_it():
    watch = watched([2.0, 1.0, 3.0, np.nan, 1.0])
    with pytest.raises(RuntimeError, match=r"became nan at step 4 in epoch 3\.") as e:
        watch.check()
    assert "The losses before were 2, 1, 3." in str(e.value)


def test_tells_only_the_last_losses():
    watch = watched([*range(10, 0, -1), np.inf])
    with pytest.raises(RuntimeError, match=r"became inf at step 11 ") as caught:
        watch.check()
    assert "The losses before were 4, 3, 2, 1." in str(caught.value)


def test_gradient_norms_are_told_where_they_are_known():
    found = GradientsSoFar([0.5, 8.25, np.inf], 3, 0)
    watch = watched([1.0, 1.0, np.nan], lambda: found)
    with pytest.raises(RuntimeError, match=r"gradient norms were 0\.5, 8\.25, inf\."):
        watch.check()


def test_the_first_step_is_named_within_a_call_of_several():
    # Five steps of the epoch before, then calls of four, after six of before.
    found = GradientsSoFar([1.0, np.nan], 5 + 6, 0)
    watch = LossWatch(lambda: found)
    watch.begin_epoch(0, 20)
    watch.note(25, {"loss": 1.0})
    watch.begin_epoch(1, 6)
    watch.note(10, {"loss": 1.0})
    watch.note(14, {"loss": np.nan})
    with pytest.raises(RuntimeError, match=r"became nan at step 12 in epoch 2\."):
        watch.check()


def test_steps_that_all_overflow_end_a_training():
    for count in (HOPELESS - 1, HOPELESS):
        found = GradientsSoFar([np.inf], None, count)
        watch = watched([1.0, 1.0], lambda found=found: found, True)
        if count < HOPELESS:
            watch.check()
    with pytest.raises(RuntimeError, match=r"last 20 steps overflowed in float16"):
        watch.check()


def test_recent_gradients_stand_still_after_the_first_that_is_no_number():
    recent = RecentGradients(tf.distribute.get_strategy())
    assert recent.read() == ([], None)
    for norm in (1.0, 2.0):
        recent.update(norm, False)
    # A step that is skipped is none to stop at.
    recent.update(np.inf, True)
    assert recent.read() == ([1.0, 2.0, np.inf], None)
    for norm in (4.0, 5.0, 6.0, 7.0, np.nan, 9.0):
        recent.update(norm, False)
    norms, bad = recent.read()
    assert (norms[:-1], bad) == ([np.inf, 4.0, 5.0, 6.0, 7.0], 8)
    assert np.isnan(norms[-1])


def test_looks_by_itself_now_and_then():
    with pytest.raises(RuntimeError, match="at step 3 "):
        watched([1.0, 1.0, *[np.nan] * CHECK_EVERY])


def test_an_epoch_that_goes_well_is_no_matter():
    watch = watched(np.linspace(2, 1, 100))
    watch.check()
    watch.begin_epoch(3)
    watch.note(1, {"loss": np.nan})
    with pytest.raises(RuntimeError, match="at step 1 in epoch 4"):
        watch.check()


def test_infinite_weights_are_named():
    watch = watched([1.0, 2.0])
    watch.check()
    values = {
        "model/0": Value("conv/kernel", np.array([1.0, np.inf]), False),
        "metrics/0": Value("total", np.array(np.nan), False),
    }
    with pytest.raises(RuntimeError, match=r"'conv/kernel' .* epoch 3, after step 2"):
        watch.check_weights(values, {"model/0"})
    watch.check_weights(values, set())
