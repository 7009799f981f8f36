"""Run in a process of its own with KERAS_BACKEND=jax.

Trains small networks on one device and on two virtual ones, and prints what
the tests look at as JSON. The tests load this file too, to train the same on
TensorFlow.
"""

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from keras_resnet.layers import BatchNormalization, StochasticDepth
from keras_resnet.training import TrainingResult, datasets, make_strategy, train
from keras_resnet.training.assembly import assemble
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.evaluation import Evaluator
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.replica_seeds import seed_replicas
from keras_resnet.training.schedules import Cosine

STEPS, BATCH, PARTS = 10, 16, 4
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(STEPS * BATCH, 8, 8, 3)).astype("float32")
LABELS = RNG.integers(0, 3, STEPS * BATCH).astype("int32")
# Not a multiple of a batch, nor of two devices.
TEST_SIZE = 129

RECIPE = Recipe(
    name="jax",
    source="tests",
    cost="seconds",
    model="resnet8",
    dataset="digits",
    image_side=32,
    epochs=1,
    batch_size=BATCH,
    learning_rate=0.2,
    schedule=Cosine(),
    warmup_epochs=0.2,
    weight_decay=0.01,
    decay_normalization_and_bias=False,
    label_smoothing=0.1,
    augmentation=Augmentation(),
)
CASES = {
    "sgd": {"nesterov": True},
    "lars": {"optimizer": "lars", "trust_coefficient": 0.1, "loss": "sigmoid"},
    "lamb": {"optimizer": "lamb", "learning_rate": 0.02, "ema_decay": 0.7},
    "accumulation": {"accumulation_steps": PARTS, "clip_norm": 0.1},
}


def network(dtype: str = "float32") -> keras.Model:
    """Build a small network with batch normalization and a skip."""
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(dtype)
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    hidden = keras.layers.ReLU()(BatchNormalization(momentum=0.8)(hidden))
    branch = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(hidden)
    hidden = keras.layers.Add()([hidden, BatchNormalization(momentum=0.8)(branch)])
    hidden = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(hidden))
    outputs = keras.layers.Dense(3, dtype="float32")(hidden)
    keras.config.set_dtype_policy("float32")
    return keras.Model(inputs, outputs)


def trained(devices, fields: dict, order=None, weights=None):
    """Train by the recipe and return the model and what `fit` reported.

    Args:
        devices: What to train on.
        fields: Fields of the recipe that differ.
        order: Order of the examples of each batch. Defaults to theirs.
        weights: Initial weights, by `get_weights`.
    """
    recipe = dataclasses.replace(RECIPE, **fields)
    order = np.arange(BATCH) if order is None else order
    places = (np.arange(STEPS)[:, None] * BATCH + order).ravel()
    with devices.scope():
        built = network()
        if weights is not None:
            built.set_weights(weights)
        model = assemble(recipe, built, devices, rate_of(recipe, STEPS), 3)
    history = model.fit(
        IMAGES[places], LABELS[places], batch_size=BATCH, shuffle=False, verbose=0
    ).history
    return model, {name: values[0] for name, values in history.items()}


def floats(model) -> list[np.ndarray]:
    """Return the weights, their averages and the optimizer's state."""
    variables = list(model.network.variables)
    if model.average is not None:
        variables += model.average.variables
    variables += model.optimizer.variables
    return [
        np.array(keras.ops.convert_to_numpy(variable))
        for variable in variables
        if "float" in variable.dtype
    ]


def apart(one, other) -> float:
    """Return the largest difference between two lists of arrays."""
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def equal_results(one, two, folder: Path) -> dict:
    """Compare devices with each other and with what TensorFlow computed."""
    answer = {}
    for name, fields in CASES.items():
        with np.load(folder / f"{name}.npz") as arrays:
            stored = {key: arrays[key] for key in arrays.files}
        begin = [stored[f"begin_{place}"] for place in range(stored["weights"])]
        theirs = [stored[f"end_{place}"] for place in range(stored["values"])]
        single, logs = trained(one, fields, weights=begin)
        double, other_logs = trained(two, fields, weights=begin)
        answer[name] = {
            "devices": apart(floats(single), floats(double)),
            "tensorflow": apart(floats(single), theirs),
            "moved": apart(single.network.get_weights(), begin),
            "logs": [logs, other_logs, json.loads(str(stored["logs"]))],
            "steps": int(double.optimizer.iterations.value),
            "shared": [
                len(variable.value.sharding.device_set)
                for variable in double.network.variables
            ],
        }
    return answer


def draws(one, two) -> dict:
    """Return what random layers keep of ones, of the examples of one batch."""
    answer = {}
    for name, devices in (("one", one), ("two", two)):
        with devices.scope():
            inputs = keras.Input((16,))
            layers = keras.Model(
                inputs,
                [
                    keras.layers.Dropout(0.5)(inputs),
                    StochasticDepth(0.5, "sample")(inputs),
                    StochasticDepth(0.5, "batch")(inputs),
                ],
            )
            seed_replicas(layers, 5)
            kept = layers(devices.share(np.ones((16, 16), "float32")), training=True)
        answer[name] = [np.asarray(values).tolist() for values in kept]
    return answer


def evaluation(two) -> dict:
    """Score a network on examples that two devices cannot share."""
    whole = datasets.load("digits").test
    some = whole.subset(np.arange(TEST_SIZE))
    with two.scope():
        model = small_resnet((32, 32, 1), 10, None)
    score = Evaluator(model, two, some, (32, 32, 1), 32)()
    images, labels = zip(*some.examples().as_numpy_iterator(), strict=True)
    logits = np.asarray(model(np.stack(images).astype("float32"), training=False))
    logits = logits.astype("float64")
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = np.stack(labels)
    return {
        "score": dataclasses.asdict(score),
        "loss": float(-logs[np.arange(TEST_SIZE), labels].mean()),
        "accuracy": float((logs.argmax(axis=1) == labels).mean()),
    }


def overflow(one) -> dict:
    """Train in float16, with an image that overflows in the second step."""
    images = IMAGES[: 3 * BATCH].copy()
    images[BATCH + 1] = 1e30
    with one.scope():
        built = network(dtype="mixed_float16")
        recipe = dataclasses.replace(RECIPE, ema_decay=0.9)
        model = assemble(recipe, built, one, rate_of(recipe, STEPS), 3)
    notes = []

    def note(batch, logs):
        state = model.state()
        scale = [state["loss_scale/0"], model.optimizer.iterations]
        values = [float(v.value) for v in scale]
        notes.append((*values, floats(model), float(logs["loss"])))

    model.fit(
        images,
        LABELS[: 3 * BATCH],
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=note)],
    )
    return {
        "scales": [note[0] for note in notes],
        "steps": [note[1] for note in notes],
        "losses": [note[3] for note in notes],
        "recent": model.gradients_so_far().norms,
        "apart": [
            apart(notes[0][2], notes[1][2]),
            apart(notes[1][2], notes[2][2]),
        ],
    }


def small_resnet(input_shape, classes, classifier_activation) -> keras.Model:
    """Build a small network with dropout that takes raw pixels."""
    inputs = keras.Input(input_shape)
    hidden = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    hidden = keras.layers.Conv2D(8, 3, strides=4)(hidden)
    hidden = keras.layers.ReLU()(BatchNormalization(momentum=0.5)(hidden))
    hidden = keras.layers.Dropout(0.1)(keras.layers.GlobalMaxPooling2D()(hidden))
    outputs = keras.layers.Dense(
        classes, activation=classifier_activation, dtype="float32"
    )(hidden)
    return keras.Model(inputs, outputs)


class Stop(keras.callbacks.Callback):
    """Sends the process a signal in the middle of the second epoch."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def on_train_batch_end(self, batch, logs=None):
        """Count the steps."""
        self.seen += 1
        if self.seen == 13:
            os.kill(os.getpid(), signal.SIGTERM)


def whole_training(folder: Path) -> dict:
    """Train by `train` without a break, and with one."""
    recipe = dataclasses.replace(
        RECIPE,
        epochs=2,
        batch_size=140,
        ema_decay=0.5,
        mixup=0.1,
        learning_rate=0.4,
        augmentation=Augmentation(padding=1),
    )

    def run(name, **arguments) -> TrainingResult:
        return train(
            recipe,
            model=small_resnet,
            output=folder / name,
            strategy="data_parallel",
            verbose=False,
            **arguments,
        )

    whole = run("whole")
    message = ""
    try:
        run("broken", callbacks=[Stop()])
    except TrainingInterrupted as interrupted:
        message = str(interrupted)
    continued = run("broken")
    half = run("half", dtype_policy="mixed_bfloat16")

    def weights(result):
        return keras.models.load_model(result.model_path).get_weights()

    def measured(result):
        return [(e.train_loss, e.train_accuracy, e.test_loss) for e in result.history]

    return {
        "accuracy": whole.test_accuracy,
        "message": message,
        "epochs_run": continued.epochs_run,
        "identical": apart(weights(whole), weights(continued)) == 0.0,
        "histories": [measured(whole), measured(continued)],
        "half": [measured(half), apart(weights(whole), weights(half))],
    }


def refusals() -> dict:
    """Return what is said to strategies of TensorFlow."""
    answer = {}
    for name in ("mirrored", "multi_worker", "tpu", "elsewhere"):
        try:
            make_strategy(name)
        except ValueError as error:
            answer[name] = str(error)
    return answer


def main() -> None:
    folder = Path(sys.argv[1])
    two = make_strategy("data_parallel", virtual_devices=2)
    one = make_strategy("one_device")
    print(
        json.dumps(
            {
                "described": [str(one), str(two)],
                "equal_results": equal_results(one, two, folder),
                "draws": draws(one, two),
                "evaluation": evaluation(two),
                "overflow": overflow(one),
                "whole_training": whole_training(folder),
                "refusals": refusals(),
            }
        )
    )


if __name__ == "__main__":
    main()
