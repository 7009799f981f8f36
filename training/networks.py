"""Building the network to train, and the one to save."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator

import keras

import keras_resnet
from keras_resnet.arguments import check_choice
from keras_resnet.models.construction import build_model, resolve
from keras_resnet.training.evaluation.trained_run import TrainedRun
from keras_resnet.training.fine_tuning import (
    TRAINABLE,
    FirstWeights,
    freeze,
    network_with,
    run_with,
    weights_in,
)
from keras_resnet.training.network_form import noted_form
from keras_resnet.training.noted_fields import tuples_for_lists
from keras_resnet.training.quantization_aware import made_aware
from keras_resnet.training.recipes import Recipe
from keras_resnet.weights import Card
from keras_resnet.weights.adapted import say

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
        form: What is built, as `noted_form` tells it; None for a function.
        inherited: Of that, what the training has decided whose weights these
            are, and neither its name nor `options`.
        weights: The weights to begin with; None for random ones.
        trainable: What of it is trained, `"all"` or `"classifier"`.
        freeze_after: For a network that rounds as int8 will, the steps after
            which its batch normalization stands still; None for one that does
            not round.
        synchronized: Whether several devices normalize by the whole batch.
    """

    name: str
    construct: Callable[..., keras.Model]
    options: dict = dataclasses.field(default_factory=dict)
    form: dict | None = None
    inherited: dict = dataclasses.field(default_factory=dict)
    weights: FirstWeights | None = None
    trainable: str = "all"
    freeze_after: int | None = None
    synchronized: bool = False

    def logits(
        self, image_shape, classes: int, dtype_policy: str, pretrained: bool = False
    ) -> keras.Model:
        """Build the network to train: it returns logits.

        Args:
            image_shape: `(height, width, channels)`.
            classes: Number of classes.
            dtype_policy: One of `DTYPE_POLICIES`.
            pretrained: Whether to read the weights to begin with, if there
                are any. Defaults to False.
        """
        with dtype_policy_of(dtype_policy):
            model = self.construct(
                input_shape=image_shape, classes=classes, classifier_activation=None
            )
            if pretrained and self.weights is not None:
                self.weights.load(model)
        freeze(model, self.trainable)
        if self.synchronized:
            synchronize(model)
        return self._rounding(model)

    def probabilities(
        self, trained: keras.Model, classes: int, image_shape=None
    ) -> keras.Model:
        """Build the network to save: `trained` in float32, with a softmax.

        Args:
            trained: A model that `logits` built, with the moving statistics
                of its replicas merged.
            classes: Number of classes.
            image_shape: `(height, width, channels)` of the images to predict.
                Defaults to those of `trained`.
        """
        with dtype_policy_of("float32"):
            model = self.construct(
                input_shape=image_shape or trained.input_shape[1:],
                classes=classes,
                classifier_activation="softmax",
            )
        model = self._rounding(model)
        model.set_weights(trained.get_weights())
        return model

    def _rounding(self, model: keras.Model) -> keras.Model:
        return (
            model if self.freeze_after is None else made_aware(model, self.freeze_after)
        )


def synchronize(model: keras.Model) -> None:
    """Have batch normalization count the examples of all devices.

    On JAX it does so by itself, and Keras has it for TensorFlow alone.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def evaluation_shape_of(recipe: Recipe, channels: int) -> tuple[int, int, int]:
    """Return the `(height, width, channels)` that a recipe evaluates at."""
    side = recipe.evaluation_side or recipe.image_side
    return side, side, channels


def input_shape_of(recipe: Recipe, channels: int) -> tuple[int | None, int | None, int]:
    """Return the shape of the images that a network is trained and evaluated on.

    Args:
        recipe: The recipe.
        channels: Channels of an image.

    Returns:
        `(side, side, channels)`, or `(None, None, channels)` where the recipe
        has images of several sides.
    """
    sides = recipe.sides()
    side = sides.pop() if len(sides) == 1 else None
    return side, side, channels


def network_of(
    recipe: Recipe,
    model: str | Callable[..., keras.Model] | None = None,
    options: dict | None = None,
    weights: str | os.PathLike | Card | None = None,
    trainable: str = "all",
) -> Network:
    """Return the network that a recipe trains.

    It is built with the recipe's `model_options`, stochastic depth and mean
    image. With the weights of another training it is otherwise the network of
    that training; where something else is asked for, a sentence says so.

    Args:
        recipe: The recipe.
        model: As of `as_network`. Defaults to the network that `weights` name,
            else to the recipe's.
        options: More arguments for it, which come before the recipe's.
            Defaults to none.
        weights: As of `as_network`, or the folder of a training. Defaults to
            random ones.
        trainable: What of it to train, `"all"` or `"classifier"`. Defaults to
            `"all"`.

    Raises:
        ValueError: If there is no network or are no weights of that name,
            `trainable` is neither, or a function is to subtract a mean image.
        TypeError: If `model` is neither a name nor a function.
    """
    check_choice("trainable", trainable, TRAINABLE)
    run, weights = run_with(weights), weights_in(weights)
    if model is None:
        model = network_with(weights) or recipe.model
    recipe_options = dict(recipe.model_options)
    if recipe.survival_probability < 1:
        recipe_options |= {
            "survival_probability": recipe.survival_probability,
            "stochastic_depth_mode": recipe.stochastic_depth_mode,
        }
    if recipe.input_mean == "pixel":
        if not isinstance(model, str):
            raise ValueError(
                "A function that builds a network normalizes pixels itself, so that "
                "no mean image can be subtracted for it; `--set input_mean=channel` "
                f"trains without. Received: model={model!r}, input_mean='pixel'"
            )
        recipe_options["mean_image"] = True
    asked = {**recipe_options, **(options or {})}
    run_options = {}
    if run is not None and run.model in keras_resnet.list_models():
        run_options = _options_of_run(run, model, asked)
    network = as_network(model, asked, weights, run_options)
    return dataclasses.replace(
        network, trainable=trainable, synchronized=recipe.synchronized_batch_norm
    )


def _options_of_run(run: TrainedRun, model, asked: dict) -> dict:
    """Return what a training's network is built with, and say what of it is not."""
    if run.model != model:
        say(
            f"The weights are of a {run.model!r} that was trained in '{run.folder}'; "
            f"{model!r} is built for them, as asked, in its own form."
        )
        return {}
    others = [
        f"{name}={value!r} in place of {run.options[name]!r}"
        for name, value in asked.items()
        if name in run.options and run.options[name] != tuples_for_lists(value)
    ]
    if others:
        say(
            f"The network is the one trained in '{run.folder}', but, as the recipe and "
            f"the arguments say, with {', '.join(others)}."
        )
    return run.options


def as_network(
    model: str | Callable[..., keras.Model],
    options: dict | None = None,
    weights: str | os.PathLike | Card | None = None,
    inherited: dict | None = None,
) -> Network:
    """Return a network by name, or of a function that builds it.

    Args:
        model: A name that `keras_resnet.create_model` takes, or a function
            as `Network.construct`.
        options: More arguments for it. Defaults to none.
        weights: Weights to begin with, as `keras_resnet.create_model` takes
            them, for a network by name. They decide the version of the
            architecture and how pixels are normalized. Defaults to random
            ones.
        inherited: Arguments for it that the training of the weights has
            decided; `options` come before them. Defaults to none.

    Raises:
        ValueError: If there is no network or are no weights of that name, or
            weights for a function.
        TypeError: If `model` is neither a name nor a function, or an argument
            in `options` unknown.
    """
    options = dict(options or {})
    if isinstance(model, str):
        return _named_network(model, options, weights, inherited or {})
    if isinstance(model, keras.Model) or not callable(model):
        raise TypeError(
            "`model` must be the name of a network or a function that builds one; a "
            "saved model of such a network is given as `weights`. "
            f"Received: model={model!r}"
        )
    if weights is not None:
        raise ValueError(
            "Only a network by name begins with `weights`; a function that builds one "
            f"loads them itself. Received: model={model!r}, weights={weights!r}"
        )
    name = getattr(model, "__name__", type(model).__name__)
    return Network(name, lambda **arguments: model(**arguments, **options), options)


def _named_network(name: str, options: dict, weights, inherited: dict) -> Network:
    if name.lower().endswith(".keras"):
        raise ValueError(
            "`model` is the name of a network, whose weights a saved model may give: "
            f"pass the file as `weights`. Received: model={name!r}"
        )
    check_choice("model", name, keras_resnet.list_models())
    specification, found, arguments = resolve(
        name, weights=weights, include_preprocessing=True, **{**inherited, **options}
    )
    form = noted_form(specification, arguments)
    if inherited:
        plain, _, others = resolve(name, weights=weights, **options)
        own = noted_form(plain, others)
        inherited = {key: form[key] for key in form if form[key] != own[key]}

    def construct(input_shape, **more):
        # Those that know their sides, as in keras.applications, take images
        # of any size only this way.
        if None in input_shape:
            more["input_tensor"] = keras.Input(input_shape)
        else:
            more["input_shape"] = input_shape
        return build_model(specification, **arguments, **more)

    first = None if found is None else FirstWeights.of(found, specification, arguments)
    return Network(name, construct, options, form, inherited, first)
