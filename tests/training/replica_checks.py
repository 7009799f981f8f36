"""Run in a process of its own: the CPU is split before TensorFlow starts.

Trains small networks with `TrainingModel` on two virtual devices and with
Keras's own `fit` on one, and prints what the tests look at as JSON.
"""

import itertools
import json

import keras
import numpy as np
import tensorflow as tf

from keras_resnet.layers import BatchNormalization, StochasticDepth
from keras_resnet.training.distribution import make_strategy, quiet_logging
from keras_resnet.training.optimizers import (
    AdamWithL2,
    Lamb,
    Lars,
    RMSpropWithL2,
    SGDWithL2,
    normalization_and_bias,
)
from keras_resnet.training.partial_batches import pad_batch
from keras_resnet.training.replica_seeds import seed_replicas
from keras_resnet.training.training_model import TrainingModel

STEPS, BATCH = 10, 16
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(64, 8, 8, 3)).astype("float32")
LABELS = RNG.integers(0, 3, 64).astype("int32")
RATE = keras.optimizers.schedules.PolynomialDecay(0.2, STEPS, 0.01)

TWO = make_strategy("mirrored", virtual_devices=2)
ONE = make_strategy("one_device")


def network(
    synchronized=None, dropout=0.0, dtype="float32", regularizer=None, fused=False
):
    """Build a small network; the same weights each time."""
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(dtype)
    inputs = keras.Input((8, 8, 3))
    # Normalization makes nothing of a bias, whose gradient is rounding alone.
    has_bias = synchronized is None and not fused
    hidden = keras.layers.Conv2D(
        4, 3, kernel_regularizer=regularizer, use_bias=has_bias
    )(inputs)
    if synchronized is not None:
        hidden = keras.layers.BatchNormalization(
            synchronized=synchronized, momentum=0.8
        )(hidden)
    if fused:
        hidden = BatchNormalization(momentum=0.8)(hidden)
    hidden = keras.layers.ReLU()(hidden)
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    if dropout:
        hidden = keras.layers.Dropout(dropout)(hidden)
    outputs = keras.layers.Dense(3, dtype="float32")(hidden)
    keras.config.set_dtype_policy("float32")
    return keras.Model(inputs, outputs)


def dense_network():
    """Build a network without convolutions, for batches of any size.

    TensorFlow 2.21's kernels for CPUs convolve a smaller batch after a larger
    one wrongly.
    """
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Dense(5, "relu")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(3)(hidden))


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def accuracy():
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def excluding(optimizer, model):
    optimizer.exclude_from_weight_decay(var_list=normalization_and_bias(model))
    return optimizer


def sgd(model):
    return SGDWithL2(RATE, momentum=0.9, nesterov=True, l2=0.01)


def batches():
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    return data.repeat().batch(BATCH, drop_remainder=True)


def ours(strategy, make_optimizer=sgd, make_network=network, **options):
    with strategy.scope():
        built = make_network()
        model = TrainingModel(built, strategy=strategy, **options)
        model.compile(make_optimizer(built), loss(), [accuracy()])
    return model


def theirs(make_optimizer=sgd, make_network=network, **options):
    model = make_network()
    model.compile(
        make_optimizer(model), loss(), weighted_metrics=[accuracy()], **options
    )
    return model


def fit(model, data=None, steps=STEPS, epochs=1, callbacks=()):
    return model.fit(
        batches() if data is None else data,
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    ).history


def weights(model):
    return getattr(model, "network", model).get_weights()


def apart(one, other):
    pairs = zip(weights(one), weights(other), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


class Grouping(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(["begin", batch])

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(["end", batch, sorted(logs)])


def equal_to_one_device():
    """Distances between two replicas and Keras's own loop on one device.

    That with XLA is compared with two replicas without, whose statistics are
    not synchronized either. Nothing is dropped: XLA draws other numbers.
    """
    synchronized = {"make_network": lambda: network(synchronized=True)}
    fused = {"make_network": lambda: network(fused=True)}
    regularized = {"make_network": lambda: network(regularizer="l2")}
    clipped = {
        "make_optimizer": lambda model: keras.optimizers.SGD(0.3, global_clipnorm=0.02)
    }
    by_layer = {
        "lars": lambda model: excluding(
            Lars(RATE, trust_coefficient=0.1, l2=0.01), model
        ),
        "lamb": lambda model: excluding(Lamb(RATE, decay=0.01), model),
    }
    optimizers = {
        "adam": lambda model: AdamWithL2(0.01, l2=0.01),
        "rmsprop": lambda model: RMSpropWithL2(
            RATE, momentum=0.9, epsilon=1.0, l2=0.01
        ),
        "decoupled": lambda model: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "nadam": lambda model: keras.optimizers.Nadam(0.01),
    }
    cases = {
        "sgd": ({}, {}),
        "accumulation": ({}, {"accumulation_steps": 4, "steps_per_call": 3}),
        "synchronized": (synchronized, {"steps_per_call": 3}),
        "penalty": (regularized, {"accumulation_steps": 2}),
        "clipping": (
            {**clipped, **synchronized},
            {
                "make_optimizer": lambda model: keras.optimizers.SGD(0.3),
                "clip_norm": 0.02,
            },
        ),
        "clipping_by_the_optimizer": (clipped, {}),
        "xla": (fused, {"jit_compile": True, "steps_per_call": 4}),
        **{
            name: ({"make_optimizer": make, **synchronized}, {"steps_per_call": 3})
            for name, make in by_layer.items()
        },
        **{
            name: ({"make_optimizer": make}, {"accumulation_steps": 2})
            for name, make in optimizers.items()
        },
    }
    answer = {}
    for name, (shared, options) in cases.items():
        one = (
            ours(TWO, **shared, steps_per_call=4) if name == "xla" else theirs(**shared)
        )
        two = ours(TWO, **{**shared, **options})
        histories = [fit(one), fit(two)]
        answer[name] = {
            "apart": apart(one, two),
            "moved": apart(two, theirs(**shared)),
            "histories": histories,
            "steps": int(two.optimizer.iterations.numpy()),
        }
    return answer


def grouping():
    notes = Grouping(), Grouping()
    fit(theirs(steps_per_execution=4), batches().take(STEPS), callbacks=[notes[0]])
    fit(ours(TWO, steps_per_call=4), callbacks=[notes[1]])
    counts = []
    unknown = batches().take(STEPS).filter(lambda *batch: True)
    for data, steps in ((batches(), STEPS), (unknown, None)):
        model = ours(TWO, steps_per_call=4)
        fit(model, data, steps=steps, epochs=1)
        counts.append(int(model.optimizer.iterations.numpy()))
    return {"theirs": notes[0].seen, "ours": notes[1].seen, "counts": counts}


class Follow(keras.callbacks.Callback):
    def __init__(self, decay):
        super().__init__()
        self.decay, self.expected = decay, None

    def on_train_begin(self, logs=None):
        self.expected = [w.astype("float64") for w in weights(self.model)]

    def on_train_batch_end(self, batch, logs=None):
        self.expected = [
            self.decay * average + (1 - self.decay) * value
            for average, value in zip(self.expected, weights(self.model), strict=True)
        ]


def moving_average():
    answer = {}
    follow = Follow(0.7)
    for name, strategy, callbacks, options in (
        ("one_device", ONE, [follow], {}),
        ("two_replicas", TWO, [], {"steps_per_call": 5}),
    ):
        model = ours(
            strategy,
            make_network=lambda: network(synchronized=True),
            ema_decay=0.7,
            **options,
        )
        fit(model, callbacks=callbacks)
        # Both are compared with what one device has come to.
        expected = follow.expected
        before = weights(model)
        with model.averaged_weights() as averaged:
            inside = averaged.get_weights()
        answer[name] = {
            "error": max(
                float(np.abs(a - b).max())
                for a, b in zip(inside, expected, strict=True)
            ),
            "differs": max(
                float(np.abs(a - b).max()) for a, b in zip(inside, before, strict=True)
            ),
            "restored": all(
                np.array_equal(a, b)
                for a, b in zip(before, weights(model), strict=True)
            ),
        }
    model = ours(TWO, make_network=lambda: network(fused=True), ema_decay=0.7)
    fit(model)

    def statistics():
        floating = [v for v in model.network.variables if "float" in v.dtype]
        return [
            [value.numpy().tolist() for value in average.value.values]
            for average, variable in zip(model.average.variables, floating, strict=True)
            if variable.name.startswith("moving_")
        ]

    answer["before_merging"] = statistics()
    model.merge_replicas()
    answer["after_merging"] = statistics()
    return answer


def overflow():
    """One replica's images overflow float16 in the second of three steps."""
    images = IMAGES[: 3 * BATCH].copy()
    images[BATCH + BATCH // 2 + 1] = 1e30
    data = tf.data.Dataset.from_tensor_slices((images, LABELS[: 3 * BATCH]))
    data = data.batch(BATCH, drop_remainder=True)
    answer = {}
    for name, options in {"whole": {}, "parts": {"accumulation_steps": 2}}.items():
        model = ours(
            TWO,
            make_network=lambda: network(fused=True, dtype="mixed_float16"),
            initial_loss_scale=1024.0,
            loss_scale_growth_steps=2,
            ema_decay=0.9,
            **options,
        )
        notes = []
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, model=model, notes=notes: (
                notes.append(
                    {
                        "scale": float(model.loss_scale.factor.numpy()),
                        "loss": float(logs["loss"]),
                        "steps": int(model.optimizer.iterations.numpy()),
                        "values": [
                            np.stack([v.numpy() for v in variable.value.values])
                            for variable in (
                                *model.network.variables,
                                *model.average.variables,
                                *model.optimizer.variables,
                            )
                        ],
                    }
                )
            )
        )
        fit(model, data.repeat(), steps=7, callbacks=[note])
        same = [
            all(
                np.array_equal(a, b)
                for a, b in zip(one["values"], two["values"], strict=True)
            )
            for one, two in itertools.pairwise(notes)
        ]
        answer[name] = {
            "scales": [note["scale"] for note in notes],
            "losses": [note["loss"] for note in notes],
            "recent": model.gradients_so_far().norms,
            "steps": [note["steps"] for note in notes],
            "unchanged": same,
            "finite": all(np.isfinite(v).all() for v in notes[-1]["values"]),
        }

    def half():
        return network(synchronized=True, dtype="mixed_float16")

    one = theirs(lambda model: keras.optimizers.LossScaleOptimizer(sgd(model)), half)
    two = ours(TWO, make_network=half)
    fit(one)
    fit(two)
    answer["apart"] = apart(one, two)
    answer["scales"] = [
        float(variable.numpy())
        for variable in (one.optimizer.dynamic_scale, two.loss_scale.factor)
    ]
    return answer


def random_layers():
    """What each replica draws, twice with one seed and once with another."""

    def build():
        inputs = keras.Input((16,))
        return keras.Model(
            inputs,
            [
                keras.layers.Dropout(0.5)(inputs),
                StochasticDepth(0.5, "sample")(inputs),
                StochasticDepth(0.5, "batch")(inputs),
            ],
        )

    def draws(strategy, seed):
        with strategy.scope():
            layers = build()
            seed_replicas(layers, seed)
        ones = tf.ones((8, 16))

        @tf.function
        def step():
            return strategy.run(lambda: layers(ones, training=True))

        seen = [step() for _ in range(6)]
        return [
            [
                [
                    np.asarray(value).tolist()
                    for value in strategy.experimental_local_results(output[layer])
                ]
                for output in seen
            ]
            for layer in range(3)
        ]

    return {
        "first": draws(TWO, 3),
        "again": draws(TWO, 3),
        "other": draws(TWO, 4),
        "single": draws(ONE, 3),
    }


def partial_batches():
    """Last batches that are not full, as they are and filled up."""
    answer = {}
    for name, count, options in (
        ("uneven", 19, {}),
        ("one_replica_empty", 17, {"steps_per_call": 2}),
        ("uneven_parts", 21, {"accumulation_steps": 3}),
    ):
        data = tf.data.Dataset.from_tensor_slices((IMAGES[:count], LABELS[:count]))
        one = theirs(make_network=dense_network)
        two = ours(TWO, make_network=dense_network, **options)
        histories = [
            fit(model, data.batch(8), steps=None, epochs=3) for model in (one, two)
        ]
        answer[name] = {
            "apart": apart(one, two),
            "histories": histories,
            "evaluations": [
                model.evaluate(data.batch(8), verbose=0, return_dict=True)
                for model in (one, two)
            ],
        }
    data = tf.data.Dataset.from_tensor_slices((IMAGES[:19], LABELS[:19])).batch(8)
    one = theirs(make_network=dense_network)
    two = ours(TWO, make_network=dense_network, accumulation_steps=2)
    padded = data.map(lambda images, labels: pad_batch(images, labels, 8))
    answer["padded"] = {
        "histories": [
            fit(one, data, steps=None, epochs=3),
            fit(two, padded, steps=None, epochs=3),
        ],
        "apart": apart(one, two),
    }
    importance = RNG.uniform(0.5, 3.0, 64).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, importance)).batch(16)
    one = theirs(make_network=dense_network)
    two = ours(TWO, make_network=dense_network)
    fit(one, data, steps=None, epochs=3)
    fit(two, data, steps=None, epochs=3)
    answer["importance"] = {"apart": apart(one, two)}
    return answer


def evaluation():
    """Figures of two replicas that normalize by their own, and of what is saved."""
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(BATCH)
    two = ours(TWO, make_network=lambda: network(fused=True))
    fit(two)
    moving_mean = two.network.non_trainable_variables[0].value
    one, other = (value.numpy() for value in moving_mean.values)
    found = two.evaluate(data, verbose=0, return_dict=True)
    saved = theirs(make_network=lambda: network(fused=True))
    saved.set_weights(two.network.get_weights())
    return {
        "apart_before": float(np.abs(one - other).max()),
        "figures": [found, saved.evaluate(data, verbose=0, return_dict=True)],
    }


def main() -> None:
    with quiet_logging():
        answer = {
            check.__name__: check()
            for check in (
                equal_to_one_device,
                grouping,
                moving_average,
                overflow,
                random_layers,
                partial_batches,
                evaluation,
            )
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
