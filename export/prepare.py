"""Making a trained model ready for conversion: float32, one fixed image."""

import contextlib
import dataclasses
from collections.abc import Iterator

import keras
import numpy as np

from keras_resnet.arguments import check_positive_integer

# Policies that a model may have been trained under. Left in, they become
# casts and half-precision operators that edge runtimes do not have.
REPLACED_TYPES = frozenset(
    {"float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"}
)
SOFTMAX_OUTPUT = "probabilities"
LINEAR_OUTPUT = "logits"
OTHER_OUTPUT = "features"


@dataclasses.dataclass(frozen=True)
class PreparedModel:
    """A model as the converter takes it.

    Attributes:
        model: The Keras model in float32.
        image_shape: `(height, width, channels)` of the one image it is given.
        output_name: Name of its output in the exported file's signature:
            `"probabilities"` after a softmax, `"logits"` for another vector
            of classes, `"features"` for anything else.
    """

    model: keras.Model
    image_shape: tuple[int, int, int]
    output_name: str


def prepare(model, image_shape=None) -> PreparedModel:
    """Rebuild a model in float32 and settle the shape of its input.

    Args:
        model: A Keras model of one image input and one output. It is not
            changed.
        image_shape: `(height, width, channels)`, for a model whose input
            leaves them open. Defaults to the model's own.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        TypeError: If `model` is not a Keras model.
        ValueError: If it has several inputs or outputs, an input that is not
            an image, or a size that neither it nor `image_shape` fixes, or if
            it cannot be rebuilt in float32.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "`model` must be a Keras model. "
            f"Received: model={model!r} (of type {type(model).__name__})"
        )
    check_backend()
    shape = settle_image_shape(model, image_shape)
    rebuilt = rebuild_in_float32(model)
    return PreparedModel(rebuilt, shape, output_name(rebuilt))


def check_backend() -> None:
    """Refuse any backend of Keras but TensorFlow.

    Raises:
        RuntimeError: If Keras runs on another.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            "Exporting to TFLite needs Keras on the TensorFlow backend: set "
            "KERAS_BACKEND=tensorflow and load the model there. "
            f"Received: backend={backend!r}"
        )


def settle_image_shape(model, image_shape=None) -> tuple[int, int, int]:
    """Return `(height, width, channels)` of the model's input, all fixed.

    Raises:
        ValueError: As described at `prepare`.
    """
    own_shape = _own_image_shape(model)
    if image_shape is None:
        if None in own_shape:
            raise ValueError(
                "A file for the edge has an input of a fixed shape and the model "
                "leaves its own open: pass `image_shape=(height, width, channels)`. "
                f"Received: model.input_shape={(None, *own_shape)}"
            )
        return own_shape
    asked = tuple(image_shape)
    fits = len(asked) == 3 and all(
        own is None or own == size for own, size in zip(own_shape, asked, strict=True)
    )
    if not fits:
        raise ValueError(
            f"`image_shape` must fit the model's input {own_shape} (height, width, "
            f"channels). Received: image_shape={image_shape!r}"
        )
    return tuple(check_positive_integer("image_shape", size) for size in asked)


def _own_image_shape(model) -> tuple:
    for attribute in ("inputs", "outputs"):
        tensors = getattr(model, attribute, None)
        if not tensors:
            raise ValueError(
                "`model` must be a functional or sequential model that has been "
                f"built, so that its {attribute} are known. Received: "
                f"model={model.name!r} (of type {type(model).__name__})"
            )
        if len(tensors) != 1:
            raise ValueError(
                f"`model` must have one input and one output. Received: "
                f"model={model.name!r} with {len(tensors)} {attribute}"
            )
    (image,) = model.inputs
    if len(image.shape) != 4 or "float" not in image.dtype:
        raise ValueError(
            "`model` must take floating-point images (batch, height, width, "
            f"channels). Received: an input of shape {tuple(image.shape)} and type "
            f"{image.dtype!r}"
        )
    return tuple(image.shape[1:])


def output_name(model) -> str:
    """Return the name that says what the model's output is."""
    if len(model.outputs[0].shape) != 2:
        return OTHER_OUTPUT
    layer = model.layers[-1]
    while isinstance(layer, keras.Model):
        layer = layer.layers[-1]
    activation = getattr(layer, "activation", None)
    is_softmax = isinstance(layer, keras.layers.Softmax)
    if is_softmax or activation is keras.activations.softmax:
        return SOFTMAX_OUTPUT
    return LINEAR_OUTPUT


@contextlib.contextmanager
def _float32_policy() -> Iterator[None]:
    # A layer that makes others without telling them its own policy gives
    # them the global one.
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def rebuild_in_float32(model):
    """Return the model with every layer, nested ones too, in float32.

    A model that is all float32 is returned as it is.

    Args:
        model: A Keras model, for example one that was trained in mixed
            precision. It is not changed.

    Raises:
        ValueError: If a layer in another precision does not say how it is
            made (`get_config`), or has been quantized by Keras.
    """
    try:
        configuration = keras.saving.serialize_keras_object(model)
    except (NotImplementedError, TypeError, ValueError) as error:
        if model.dtype_policy.name == "float32":
            return model
        raise _cannot_rebuild(model, error) from error
    # Optimizer and losses have no part in inference.
    configuration.pop("compile_config", None)
    in_float32 = _in_float32(configuration)
    if in_float32 == configuration:
        return model
    try:
        with _float32_policy():
            rebuilt = keras.saving.deserialize_keras_object(in_float32)
            weights = [np.asarray(w, "float32") for w in model.get_weights()]
            rebuilt.set_weights(weights)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise _cannot_rebuild(model, error) from error
    return rebuilt


def _cannot_rebuild(model, error) -> ValueError:
    return ValueError(
        f"The model {model.name!r} cannot be rebuilt in float32 from its "
        f"configuration ({' '.join(str(error).split())}). "
        f"Received: dtype policy {model.dtype_policy.name!r}"
    )


def _in_float32(value, key: str | None = None):
    """Copy a serialized object with its dtype policies replaced."""
    if isinstance(value, dict):
        if key == "dtype" and "class_name" in value:
            return _policy_in_float32(value)
        return {name: _in_float32(item, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_in_float32(item) for item in value)
    if key == "dtype" and value in REPLACED_TYPES:
        return "float32"
    return value


def _policy_in_float32(policy: dict) -> dict | str:
    if policy["class_name"].startswith("Quantized"):
        raise ValueError(
            "The model has been quantized by Keras; export the model it was made "
            f"from. Received: a layer of dtype policy {policy['config']!r}"
        )
    name = policy["config"].get("name")
    return "float32" if name in REPLACED_TYPES or name is None else policy
