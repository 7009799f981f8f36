import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training.divergence import CHECK_EVERY, LossWatch
from keras_resnet.training.training_state import Value


def means(losses):
    return np.cumsum(np.array(losses, "float64")) / np.arange(1, len(losses) + 1)


def watched(losses, **more):
    watch = LossWatch()
    watch.begin_epoch(2)
    for step, mean in enumerate(means(losses), start=1):
        logs = {"loss": tf.constant(mean, "float32")}
        watch.note(step, {**logs, **{k: v[step - 1] for k, v in more.items()}})
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
    watch = watched([1.0, 1.0, np.nan], gradient_norm=[0.5, 8.25, np.inf])
    with pytest.raises(RuntimeError, match=r"gradient norms were 0\.5, 8\.25, inf\."):
        watch.check()


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
