"""Run in a process of its own, which may be killed: one training, to the end.

`python resumable_run.py FOLDER OPTIONS`, where OPTIONS is JSON. With `"kill"`
the process sends itself that signal in the middle of an epoch; with
`"full_disk"` no file may be larger than a few bytes for an epoch. At the end
it prints the history as JSON; with `"whole"`, a folder, also that of the same
training done there in one go. With `"ended"`, a folder, what was stopped is
copied there first, and ended with its last whole epoch. The network has
everything that is random and everything that differs between replicas.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import keras

from keras_resnet.layers import StochasticDepth
from keras_resnet.training import train
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.checkpoint_folder import CheckpointFolder
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.schedules import Cosine

RECIPE = Recipe(
    name="resumable",
    source="tests",
    cost="seconds",
    model="resnet8",
    dataset="digits",
    image_side=32,
    epochs=4,
    batch_size=128,
    learning_rate=0.05,
    schedule=Cosine(),
    warmup_epochs=1,
    weight_decay=1e-4,
    augmentation=Augmentation(shift=0.1, rotation=10.0),
)
STEPS = 11


def network(input_shape, classes, classifier_activation):
    inputs = keras.Input(input_shape)
    hidden = keras.layers.Rescaling(1 / 255)(inputs)
    hidden = keras.layers.Conv2D(8, 3, strides=4, padding="same")(hidden)
    hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
    hidden = keras.layers.ReLU()(hidden)
    for mode in ("batch", "sample"):
        branch = keras.layers.Conv2D(8, 3, padding="same")(hidden)
        branch = keras.layers.BatchNormalization(momentum=0.9)(branch)
        branch = StochasticDepth(0.7, mode=mode)(branch)
        hidden = keras.layers.ReLU()(keras.layers.Add()([hidden, branch]))
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    hidden = keras.layers.Dropout(0.2)(hidden)
    outputs = keras.layers.Dense(
        classes, activation=classifier_activation, dtype="float32"
    )(hidden)
    return keras.Model(inputs, outputs)


class At(keras.callbacks.Callback):
    """Does something behind a step."""

    def __init__(self, epoch, step, action):
        super().__init__()
        self.place = epoch, step
        self.action = action
        self.epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.action()


def limit_files(size):
    """Let no file grow beyond `size` bytes: what a full disk does."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size or most, most))


def main(folder: Path, options: dict) -> None:
    callbacks = []
    if "kill" in options:
        number = getattr(signal, options["kill"])
        callbacks.append(At(*options["at"], lambda: os.kill(os.getpid(), number)))
    if options.get("full_disk"):
        callbacks += [
            At(1, 2, lambda: limit_files(5000)),
            At(2, 8, lambda: limit_files(None)),
        ]
    folders = [folder, *([options["whole"]] if "whole" in options else [])]

    def run(each, **arguments):
        return train(
            RECIPE,
            "digits",
            network,
            each,
            virtual_devices=options.get("replicas"),
            deterministic=options.get("deterministic", False),
            checkpoint_every=options.get("checkpoint_every"),
            seed=3,
            callbacks=callbacks,
            verbose=False,
            **arguments,
        )

    if "ended" in options:
        shutil.copytree(folder, options["ended"])
        epochs = CheckpointFolder(folder / "checkpoints").progress().epochs
        run(options["ended"], epochs=epochs, allow_changes=True)
    results = [run(each) for each in folders]
    print(json.dumps([[vars(epoch) for epoch in r.history] for r in results]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
