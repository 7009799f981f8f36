"""Files and networks that the tests of the benchmarks share."""

import os
import subprocess
import sys

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


@pytest.fixture(scope="session")
def flex_file(tmp_path_factory):
    """A file with an operator of TensorFlow, which LiteRT alone cannot run."""
    tf = pytest.importorskip("tensorflow")

    @tf.function(input_signature=[tf.TensorSpec([4, 4])])
    def function(x):
        return tf.linalg.inv(x)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    path = tmp_path_factory.mktemp("flex") / "flex.tflite"
    path.write_bytes(converter.convert())
    return path


@pytest.fixture(scope="session")
def call_module():
    """Run a module of the package as a person would start it."""
    environment = dict(os.environ)
    # Set for the tests' own process; a level that a person set is kept.
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)

    def call(module, *arguments):
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    return call


@pytest.fixture(scope="session")
def call_main():
    """Call a program's main function in this process with flags of its own."""
    from absl import flags

    def call(program, main, *arguments):
        values = flags.FlagValues()
        program.define_flags(values)
        return main(values(["program", *map(str, arguments)]), values)

    return call
