"""Run in a process of its own: the CPU is split before TensorFlow starts.

Trains on two virtual devices, with a test split that two replicas cannot
share evenly, and prints what the tests look at as JSON.
"""

import dataclasses
import json
import sys
from pathlib import Path

import keras
import numpy as np

from keras_resnet.layers import BatchNormalization
from keras_resnet.training import datasets, make_strategy, train
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.datasets.dataset import ImageDataset, Split
from keras_resnet.training.distribution import merge_replicas
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.schedules import Constant

TEST_SIZE = 129
RECIPE = Recipe(
    name="two_replicas",
    source="tests",
    cost="seconds",
    model="resnet8",
    dataset="digits",
    image_side=32,
    epochs=2,
    batch_size=64,
    learning_rate=0.05,
    schedule=Constant(),
    augmentation=Augmentation(),
)


def network(input_shape, classes, classifier_activation):
    inputs = keras.Input(input_shape)
    hidden = keras.layers.Rescaling(1 / 255)(inputs)
    # Normalization makes nothing of a bias, whose gradient is rounding alone.
    hidden = keras.layers.Conv2D(8, 3, strides=4, use_bias=False)(hidden)
    hidden = BatchNormalization(momentum=0.5)(hidden)
    hidden = keras.layers.GlobalMaxPooling2D()(keras.layers.ReLU()(hidden))
    outputs = keras.layers.Dense(classes, activation=classifier_activation)(hidden)
    return keras.Model(inputs, outputs)


def digits() -> ImageDataset:
    whole = datasets.load("digits")
    test = Split(
        size=TEST_SIZE,
        image_shape=whole.image_shape,
        records=lambda: whole.test.records().take(TEST_SIZE),
        decode=whole.test.decode,
        shuffle_buffer=TEST_SIZE,
    )
    return ImageDataset(
        "digits", whole.class_names, whole.image_shape, whole.train, test
    )


class ReplicasBeforeMerging(keras.callbacks.Callback):
    """Notes how far the replicas' moving means are apart after each step."""

    def __init__(self):
        super().__init__()
        self.apart = 0.0

    def on_train_batch_end(self, batch, logs=None):
        for variable in self.model.non_trainable_variables:
            values = [value.numpy() for value in variable.value.values]
            self.apart = max(self.apart, float(np.abs(values[0] - values[1]).max()))


def main(folder: Path) -> None:
    strategy = make_strategy("mirrored", virtual_devices=2)
    with strategy.scope():
        layer = keras.layers.BatchNormalization()
        layer.build((None, 3))
    strategy.run(
        lambda: layer.moving_mean.assign(
            layer.moving_mean + _replica_number() * np.ones(3, "float32")
        )
    )
    model = keras.Sequential([keras.Input((3,)), layer])
    merge_replicas(model, strategy)
    merged = [value.numpy().tolist() for value in layer.moving_mean.value.values]

    note = ReplicasBeforeMerging()
    normalized = train(
        RECIPE,
        digits(),
        network,
        folder / "normalized",
        virtual_devices=2,
        verbose=False,
        callbacks=[note],
    )
    synchronized = dataclasses.replace(RECIPE, synchronized_batch_norm=True)
    mirrored = train(
        synchronized,
        digits(),
        network,
        folder / "mirrored",
        virtual_devices=2,
        verbose=False,
    )
    single = train(
        synchronized,
        digits(),
        network,
        folder / "single",
        strategy="one_device",
        verbose=False,
    )
    weights = [
        keras.models.load_model(run.model_path).get_weights()
        for run in (mirrored, single)
    ]
    reloaded = keras.models.load_model(normalized.model_path)
    batches = datasets.evaluation_batches(digits().test, (32, 32, 1), 50)
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    probabilities = reloaded.predict(images, verbose=0)
    answer = {
        "merged": merged,
        "apart_while_training": note.apart,
        "reported": [normalized.test_accuracy, normalized.test_loss],
        "reloaded": [
            float((probabilities.argmax(axis=1) == labels).mean()),
            float(-np.log(probabilities[np.arange(len(labels)), labels]).mean()),
        ],
        "mirrored_to_single": max(
            float(np.abs(a - b).max()) for a, b in zip(*weights, strict=True)
        ),
        "devices": json.loads((folder / "mirrored" / "run.json").read_text())[
            "strategy"
        ],
        "losses": [
            [run.history[-1].train_loss, run.history[-1].test_loss]
            for run in (mirrored, single)
        ],
    }
    print(json.dumps(answer))


def _replica_number() -> float:
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return float(context.replica_id_in_sync_group) * 4.0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
