"""Files and networks that the tests of the benchmarks share."""

import numpy as np
import pytest


def convolutional_network(classes=10):
    """A stem and one residual block, put together from Keras's own layers."""
    import keras

    inputs = keras.Input((16, 16, 3))
    stem = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    branch = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(stem)
    branch = keras.layers.Conv2D(8, 3, padding="same")(branch)
    joined = keras.layers.ReLU()(keras.layers.Add()([stem, branch]))
    pooled = keras.layers.GlobalAveragePooling2D()(joined)
    outputs = keras.layers.Dense(classes, activation="softmax")(pooled)
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="session")
def tflite_files(tmp_path_factory):
    """A float32 and an int8 file of one network, made by TensorFlow itself."""
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("ai_edge_litert")
    folder = tmp_path_factory.mktemp("tflite files")
    model = convolutional_network()

    def images():
        generator = np.random.default_rng(1)
        for _ in range(8):
            yield [generator.uniform(0, 255, (1, 16, 16, 3)).astype("float32")]

    float_file = folder / "float32.tflite"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    float_file.write_bytes(converter.convert())
    int8_file = folder / "int8.tflite"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    int8_file.write_bytes(converter.convert())
    return float_file, int8_file
