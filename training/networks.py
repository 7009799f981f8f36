"""Building the network to train, and the one to save."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import keras

import keras_resnet
from keras_resnet.arguments import check_choice
from keras_resnet.training.recipes import Recipe

DTYPE_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


@contextlib.contextmanager
def dtype_policy_of(name: str) -> Iterator[None]:
    """Build layers under a dtype policy, and put the old one back afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network that can be built again with another last activation.

    Attributes:
        name: What to call it.
        construct: Takes `input_shape`, `classes` and `classifier_activation`
            and returns a model that takes raw pixels 0..255.
        options: More arguments that `construct` was given, to be recorded.
    """

    name: str
    construct: Callable[..., keras.Model]
    options: dict = dataclasses.field(default_factory=dict)

    def logits(self, image_shape, classes: int, dtype_policy: str) -> keras.Model:
        """Build the network to train: it returns logits.

        Args:
            image_shape: `(height, width, channels)`.
            classes: Number of classes.
            dtype_policy: One of `DTYPE_POLICIES`.
        """
        with dtype_policy_of(dtype_policy):
            return self.construct(
                input_shape=image_shape, classes=classes, classifier_activation=None
            )

    def probabilities(self, trained: keras.Model, classes: int) -> keras.Model:
        """Build the network to save: `trained` in float32, with a softmax.

        Args:
            trained: A model that `logits` built, with the moving statistics
                of its replicas merged.
            classes: Number of classes.
        """
        with dtype_policy_of("float32"):
            model = self.construct(
                input_shape=trained.input_shape[1:],
                classes=classes,
                classifier_activation="softmax",
            )
        model.set_weights(trained.get_weights())
        return model


def network_of(
    recipe: Recipe,
    model: str | Callable[..., keras.Model] | None = None,
    options: dict | None = None,
) -> Network:
    """Return the network that a recipe trains.

    It is built with the recipe's `model_options` and stochastic depth.

    Args:
        recipe: The recipe.
        model: As of `as_network`. Defaults to the recipe's.
        options: More arguments for it, which come before the recipe's.
            Defaults to none.

    Raises:
        ValueError: If there is no network of that name.
        TypeError: If `model` is neither a name nor a function.
    """
    depth = {}
    if recipe.survival_probability < 1:
        depth = {
            "survival_probability": recipe.survival_probability,
            "stochastic_depth_mode": recipe.stochastic_depth_mode,
        }
    return as_network(
        recipe.model if model is None else model,
        {**recipe.model_options, **depth, **(options or {})},
    )


def as_network(
    model: str | Callable[..., keras.Model], options: dict | None = None
) -> Network:
    """Return a network by name, or of a function that builds it.

    Args:
        model: A name that `keras_resnet.create_model` takes, or a function
            as `Network.construct`.
        options: More arguments for it. Defaults to none.

    Raises:
        ValueError: If there is no network of that name.
        TypeError: If `model` is neither a name nor a function.
    """
    options = dict(options or {})
    if isinstance(model, str):
        check_choice("model", model, keras_resnet.list_models())

        def construct(**arguments):
            return keras_resnet.create_model(
                model, weights=None, include_preprocessing=True, **arguments, **options
            )

        return Network(model, construct, options)
    if not callable(model):
        raise TypeError(
            "`model` must be the name of a network or a function that builds one. "
            f"Received: model={model!r}"
        )
    name = getattr(model, "__name__", type(model).__name__)
    return Network(name, lambda **arguments: model(**arguments, **options), options)
