"""Measures one Keras model in a process of its own; started by `processes`.

Its one argument is the request as JSON; its answer is the last line it prints.
"""

import json
import sys

import numpy as np

from keras_resnet.benchmarks import litert_worker
from keras_resnet.benchmarks.host.jobs import TENSORFLOW


class UnfitModelError(ValueError):
    """A model that cannot be measured with an image."""


class KerasRunner:
    """A Keras model on one image.

    Args:
        path: The `.keras` file.
        runtime: `"TensorFlow"` for a graph function of the model, `"Keras"`
            for its `predict_on_batch`.
    """

    def __init__(self, path: str, runtime: str):
        from keras_resnet.export.model_file import load_model

        try:
            self._model = load_model(path)
        except ValueError as error:
            raise UnfitModelError(str(error)) from error
        shape = self._model.input_shape
        if isinstance(shape, (list, dict)):
            raise UnfitModelError(
                f"Expected a Keras model of one input, not {len(shape)}."
            )
        if None in shape[1:]:
            raise UnfitModelError(
                "Expected a Keras model whose sizes are fixed, not an input of shape "
                f"{list(shape)}."
            )
        self._shape = (1, *shape[1:])
        # Tracing is a part of the initialisation, as it is for LiteRT to plan.
        self._compute = self._traced() if runtime == TENSORFLOW else None
        self.run = None

    def fill(self, generator: np.random.Generator) -> None:
        """Give the model an image."""
        image = litert_worker.pixels(generator, self._shape, "float32", "image")
        if self._compute is not None:
            import tensorflow as tf

            tensor = tf.constant(image)
            self.run = lambda: _as_array(self._compute(tensor))
        else:
            self.run = lambda: self._model.predict_on_batch(image)

    def _traced(self):
        """Return the model as a graph function."""
        import tensorflow as tf

        model = self._model
        function = tf.function(lambda x: model(x, training=False), autograph=False)
        return function.get_concrete_function(tf.TensorSpec(self._shape, "float32"))

    def delegated(self) -> None:
        """Nothing is known of delegates."""


def _as_array(outputs):
    """Wait for the result, as whoever uses it does."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda tensor: tensor.numpy(), outputs)


def work(request: dict) -> dict:
    """Measure what the request asks for."""
    path, runtime = request.pop("path"), request.pop("runtime")
    threads = request.pop("threads")
    request.pop("xnnpack")
    import keras

    backend = keras.backend.backend()
    _use_threads(backend, threads)
    try:
        found = litert_worker.measure(lambda: KerasRunner(path, runtime), **request)
    except UnfitModelError as error:
        return {"refused": str(error)}
    return found | {"backend": backend}


def _use_threads(backend: str, threads: int) -> None:
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    elif backend == "torch":
        import torch

        torch.set_num_threads(threads)
    elif threads != _cores():
        raise ValueError(
            f"the {backend} backend runs on all {_cores()} cores, not on {threads}"
        )


def _cores() -> int:
    from keras_resnet.benchmarks.machine import available_cores

    return available_cores()


if __name__ == "__main__":
    sys.exit(litert_worker.answer(lambda: work(json.loads(sys.argv[1]))))
