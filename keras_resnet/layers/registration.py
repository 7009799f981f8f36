"""The name under which the package's layers are saved."""

import keras

PACKAGE = "keras_resnet"


def serializable(cls):
    """Register a class with Keras, so that saved models find it again."""
    return keras.saving.register_keras_serializable(package=PACKAGE)(cls)
