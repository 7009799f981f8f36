import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.layers import StochasticDepth
from keras_resnet.training.distribution import check_strategy
from keras_resnet.training.example_losses import as_example_losses
from keras_resnet.training.losses import SmoothedCrossEntropy
from keras_resnet.training.optimizers import SGDWithL2
from keras_resnet.training.replica_seeds import draws_alike
from keras_resnet.training.training_model import TrainingModel

SCRIPT = Path(__file__).with_name("replica_checks.py")
STEPS = 10


@pytest.fixture(scope="module")
def replicas():
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


CASES = (
    "sgd",
    "accumulation",
    "synchronized",
    "penalty",
    "clipping",
    "clipping_by_the_optimizer",
    "xla",
    "adam",
    "rmsprop",
    "lars",
    "lamb",
    "decoupled",
    "nadam",
)


@pytest.mark.parametrize("case", CASES)
def test_two_replicas_train_as_keras_does_on_one_device(replicas, case):
    found = replicas["equal_to_one_device"][case]
    assert found["apart"] < 1e-5
    assert found["moved"] > 1e-3
    assert found["steps"] == STEPS
    theirs, ours = found["histories"]
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"])


def test_every_case_was_tried(replicas):
    assert sorted(replicas["equal_to_one_device"]) == sorted(CASES)


def test_callbacks_see_batches_as_with_steps_per_execution(replicas):
    found = replicas["grouping"]
    assert found["ours"] == found["theirs"]


def test_no_step_too_many_whether_or_not_the_number_is_known(replicas):
    assert replicas["grouping"]["counts"] == [STEPS, STEPS]


@pytest.mark.parametrize("case", ["one_device", "two_replicas"])
def test_moving_average_follows_weights_and_statistics(replicas, case):
    found = replicas["moving_average"][case]
    assert found["error"] < 1e-5
    assert found["differs"] > 1e-3
    assert found["restored"]


def test_moving_averages_of_replicas_are_merged(replicas):
    found = replicas["moving_average"]
    assert len(found["before_merging"]) == 2
    for before, after in zip(
        found["before_merging"], found["after_merging"], strict=True
    ):
        assert np.abs(np.subtract(*before)).max() > 1e-3
        np.testing.assert_allclose(after, [np.mean(before, axis=0)] * 2, rtol=1e-6)


@pytest.mark.parametrize("case", ["whole", "parts"])
def test_an_overflow_on_one_replica_skips_the_step_on_all(replicas, case):
    found = replicas["overflow"][case]
    # The second and the fifth step overflow; two finite ones double the scale.
    assert found["scales"] == [1024, 512, 512, 1024, 512, 512, 1024]
    assert found["steps"] == [1, 1, 2, 3, 3, 4, 5]
    # Moving statistics, momenta and the moving average stay too.
    assert found["unchanged"] == [True, False, False, True, False, False]
    assert found["finite"]
    # Its loss, which is no number, is not in the means.
    assert np.isfinite(found["losses"]).all()
    # The newest six steps, of which the first and the fourth were skipped.
    expected = [False, True, True, False, True, True]
    assert np.isfinite(found["recent"]).tolist() == expected


def test_float16_trains_as_with_the_loss_scaling_of_keras(replicas):
    found = replicas["overflow"]
    assert found["apart"] < 2e-3
    theirs, ours = found["scales"]
    assert ours == theirs


def test_random_layers_repeat_with_their_seed_alone(replicas):
    found = replicas["random_layers"]
    for layer in range(3):
        assert found["first"][layer] == found["again"][layer]
        assert found["first"][layer] != found["other"][layer]
        draws = [json.dumps(step[0]) for step in found["first"][layer]]
        assert len(set(draws)) > 1


def test_replicas_drop_other_units_and_other_samples(replicas):
    for layer in (0, 1):
        for one, other in replicas["random_layers"]["first"][layer]:
            assert one != other


def test_replicas_drop_the_same_branches_of_a_batch(replicas):
    for one, other in replicas["random_layers"]["first"][2]:
        assert one == other


@pytest.mark.parametrize("case", ["uneven", "one_replica_empty", "uneven_parts"])
def test_every_example_of_a_partial_batch_counts_once(replicas, case):
    found = replicas["partial_batches"][case]
    assert found["apart"] < 1e-5
    for kind in ("histories", "evaluations"):
        theirs, ours = found[kind]
        for name in ("loss", "accuracy"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-5)


def test_what_fills_a_batch_up_counts_for_nothing(replicas):
    found = replicas["partial_batches"]["padded"]
    assert found["apart"] < 1e-5
    theirs, ours = found["histories"]
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"])


def test_what_is_evaluated_is_what_would_be_saved(replicas):
    found = replicas["evaluation"]
    # Without replicas that drift apart this would show nothing.
    assert found["apart_before"] > 1e-3
    ours, theirs = found["figures"]
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"])


def test_sample_weights_weigh_as_in_keras(replicas):
    assert replicas["partial_batches"]["importance"]["apart"] < 1e-5


# On one device, in this process.


def model_of(network, metrics=(), **options):
    model = TrainingModel(network, strategy=tf.distribute.get_strategy(), **options)
    model.compile(
        SGDWithL2(0.1, momentum=0.9), SmoothedCrossEntropy(), metrics=list(metrics)
    )
    return model


def data(count=24):
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (count, 16, 16, 1)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(
        (images, rng.integers(0, 3, count))
    ).batch(8)


def test_state_holds_everything_that_a_training_goes_on_with(small_network):
    def make():
        return model_of(
            small_network((16, 16, 1), 3, None),
            [keras.metrics.SparseCategoricalAccuracy()],
            ema_decay=0.9,
        )

    def epochs(model, count):
        model.fit(data(), epochs=count, verbose=0, shuffle=False)
        return {name: v.numpy() for name, v in model.state().items()}

    model, other = make(), make()
    other.network.set_weights([w + 0.5 for w in other.network.get_weights()])
    names = list(model.state())
    assert names == list(other.state())
    roles = {name.split("/")[0] for name in names}
    assert roles == {"model", "optimizer", "average", "metrics"}
    for name, value in epochs(model, 2).items():
        other.state()[name].assign(value)
    one, two = epochs(model, 1), epochs(other, 1)
    assert all(np.array_equal(one[name], two[name]) for name in names)


def test_state_of_float16_holds_the_loss_scale(small_network):
    keras.config.set_dtype_policy("mixed_float16")
    model = model_of(small_network((16, 16, 1), 3, None), initial_loss_scale=64.0)
    assert model.state()["loss_scale/0"].numpy() == 64.0


def test_the_network_has_its_own_weights_again_after_an_error(small_network):
    model = model_of(small_network((16, 16, 1), 3, None), ema_decay=0.5)
    model.fit(data(), verbose=0)
    before = model.network.get_weights()

    def fail():
        with model.averaged_weights() as averaged:
            assert not np.array_equal(averaged.get_weights()[0], before[0])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    for one, two in zip(before, model.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_without_a_moving_average_the_weights_are_the_networks(small_network):
    model = model_of(small_network((16, 16, 1), 3, None))
    before = model.network.get_weights()
    with model.averaged_weights() as averaged:
        np.testing.assert_array_equal(averaged.get_weights()[0], before[0])


@pytest.mark.parametrize("steps_per_call", [1, 2])
def test_validates_and_evaluates(small_network, steps_per_call):
    model = model_of(
        small_network((16, 16, 1), 3, None),
        [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        steps_per_call=steps_per_call,
    )
    history = model.fit(data(), epochs=2, validation_data=data(), verbose=0).history
    found = model.evaluate(data(), verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(history["val_loss"][-1], rel=1e-6)
    images, labels = zip(*data().unbatch().as_numpy_iterator(), strict=True)
    logits = model.predict(np.stack(images), verbose=0)
    assert found["accuracy"] == pytest.approx(
        np.mean(logits.argmax(axis=1) == np.array(labels))
    )
    expected = keras.losses.sparse_categorical_crossentropy(
        np.array(labels), logits, from_logits=True
    )
    assert found["loss"] == pytest.approx(float(np.mean(expected)), rel=1e-5)
    first = model.evaluate(data().repeat(), steps=1, verbose=0, return_dict=True)
    assert first["loss"] == pytest.approx(float(np.mean(expected[:8])), rel=1e-5)


def test_names_a_variable_that_the_loss_does_not_depend_on():
    inputs = keras.Input((16, 16, 1))
    flat = keras.layers.Flatten()(inputs)
    unused = keras.layers.Dense(3, name="unused")(flat)
    outputs = keras.layers.Dense(3)(flat) + keras.ops.stop_gradient(unused)
    model = model_of(keras.Model(inputs, outputs))
    with pytest.raises(ValueError, match=r"does not depend on .*'unused/kernel'"):
        model.fit(data(), verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulation_steps": 0}, "Received: accumulation_steps=0"),
        ({"steps_per_call": 0}, "Received: steps_per_call=0"),
        ({"clip_norm": 0.0}, "Received: clip_norm=0.0"),
        ({"ema_decay": 1.5}, "Received: ema_decay=1.5"),
    ],
)
def test_refuses_what_is_out_of_range(small_network, options, message):
    with pytest.raises(ValueError, match=message):
        model_of(small_network((16, 16, 1), 3, None), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradient_accumulation_steps": 2}, "Give `accumulation_steps`"),
        ({"loss_scale_factor": 8.0}, "Give `initial_loss_scale`"),
        ({"use_ema": True, "ema_overwrite_frequency": 2}, "Give `ema_decay`"),
    ],
)
def test_refuses_an_optimizer_that_does_the_same(small_network, options, message):
    model = model_of(small_network((16, 16, 1), 3, None))
    with pytest.raises(ValueError, match=message):
        model.compile(keras.optimizers.SGD(0.1, **options), "mse")


def test_refuses_a_second_loss_scaling(small_network):
    model = model_of(small_network((16, 16, 1), 3, None))
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="inner optimizer"):
        model.compile(scaling, "mse")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sgd", "mse"), "Received: optimizer='sgd'"),
        ((keras.optimizers.SGD(0.1), 3), "Received: loss=3"),
        ((keras.optimizers.SGD(0.1), "mse", ["accuracy"]), r"metrics=\['accuracy'\]"),
    ],
)
def test_refuses_what_it_cannot_compile(small_network, arguments, message):
    model = model_of(small_network((16, 16, 1), 3, None))
    with pytest.raises(TypeError, match=message):
        model.compile(*arguments)


def test_refuses_a_loss_that_sums():
    with pytest.raises(ValueError, match="Received: loss.reduction='sum'"):
        as_example_losses(keras.losses.MeanSquaredError(reduction="sum"))


def test_refuses_a_strategy_that_keras_does_not_train_under():
    with pytest.raises(TypeError, match="Received: strategy='mirrored'"):
        check_strategy("mirrored")


def test_only_batchwise_stochastic_depth_draws_alike():
    assert draws_alike(StochasticDepth(0.5, "batch"))
    assert not draws_alike(StochasticDepth(0.5, "sample"))
    assert not draws_alike(keras.layers.Dropout(0.5))
