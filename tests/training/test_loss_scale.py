import tensorflow as tf

from keras_resnet.training.loss_scale import LossScale


def test_steps_that_overflow_without_scaling_are_counted():
    scale = LossScale(tf.distribute.get_strategy(), initial=4.0)
    counted = []
    for finite in (False, False, False, False, True, False):
        scale.update(finite)
        counted.append(int(scale.hopeless_steps.numpy()))
    # Two to come to 1, two that overflow with it, and one that does not.
    assert counted == [0, 0, 1, 2, 0, 1]
    assert float(scale.factor.numpy()) == 1.0
    # What a checkpoint holds of it has not changed.
    assert scale.variables == [scale.factor, scale.finite_steps]
