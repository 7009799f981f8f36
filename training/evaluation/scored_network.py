"""Making the network that is scored, of a file, a set of weights or a run."""

import dataclasses
import os
from pathlib import Path

import keras

import keras_resnet
from keras_resnet import weights as weight_files
from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.models.construction import build_model, resolve
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.evaluation.any_size import (
    check_side,
    for_images,
    gives_logits,
)
from keras_resnet.training.evaluation.classifier_size import classifier_size
from keras_resnet.training.evaluation.trained_run import TrainedRun, find_run
from keras_resnet.training.quantization_aware import know_saved_class, made_aware
from keras_resnet.weights import Card
from keras_resnet.weights.loading import read_model

# Of the images that sets of weights were trained on.
CHANNELS = 3


@dataclasses.dataclass(frozen=True)
class Source:
    """What a network is made from.

    Attributes:
        label: What to call the weights.
        folder: Where results go if no folder is named.
        path: The file, or None for a set of weights.
        card: The set of weights, or None for a file.
        model: Name of the network; None for a `.keras` file, which says it.
        run: The training that the file is of, or None.
        classes: How many classes the weights tell apart; None for a file that
            does not say so.
    """

    label: str
    folder: Path
    classes: int | None
    path: Path | None = None
    card: Card | None = None
    model: str | None = None
    run: TrainedRun | None = None


@dataclasses.dataclass(frozen=True)
class ScoredNetwork:
    """A network, and what has to be known to score it.

    Attributes:
        name: Its name.
        model: Takes raw pixels, 0 to 255.
        image_shape: `(height, width, channels)` to score it at.
        framing: How images are brought to that.
        gives_logits: Whether its outputs are logits, not probabilities.
    """

    name: str
    model: keras.Model
    image_shape: tuple[int, int, int]
    framing: Framing
    gives_logits: bool

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return self.model.output_shape[-1]


def find_source(weights: str | os.PathLike | Card, model: str | None = None) -> Source:
    """Find what was asked for: a run's folder, a file or a set of weights.

    Args:
        weights: Folder of a training, a `.keras` file, a file of weights, a
            card, its name, or the tag of one with `model`.
        model: Name of the network. Defaults to that of the run or the card.

    Raises:
        FileNotFoundError: If a folder holds no trained model.
        ValueError: If there are no such weights, or it takes the name of the
            network to read them.
        TypeError: If `weights` is neither a name, a path nor a card.
        ImportError: If a repository is named and the hub's package is not
            installed.
        OSError: If a repository or a file cannot be read.
    """
    if model is not None:
        check_choice("model", model, keras_resnet.list_models())
    if not isinstance(weights, str | os.PathLike | Card):
        raise TypeError(
            "`weights` must be a file, the folder of a training, or the name of a set "
            f"of weights. Received: weights={weights!r}"
        )
    path = None if isinstance(weights, Card) else Path(weights).expanduser()
    if path is not None and path.is_dir():
        file = path / "model.keras"
        if not file.is_file():
            raise FileNotFoundError(
                f"'{path}' holds no trained model: there is no '{file.name}' in it. "
                "A training writes it at its end; until then "
                "'checkpoints/best.npz' has the best weights so far."
            )
        return _of_file(file, model)
    if path is not None and path.is_file():
        return _of_file(path, model)
    card = (
        weight_files.get_card(weights)
        if model is None
        else weight_files.find_card(model, weights)
    )
    return Source(
        label=card.name,
        folder=Path("runs") / f"evaluate_{card.name}",
        classes=card.classes,
        card=card,
        model=model or card.model,
    )


def _of_file(path: Path, model: str | None) -> Source:
    run = find_run(path)
    is_model = path.suffix.lower() == ".keras"
    if is_model:
        know_saved_class(path)
    if model is None and not is_model:
        model = run and run.model
        if model not in keras_resnet.list_models():
            raise ValueError(
                "A file of weights does not say of which network they are: name it by "
                f"`model`, as 'resnet50'. Received: weights='{path}'"
            )
    folder = path.parent if run is None else run.folder
    return Source(
        label=str(path),
        folder=folder,
        classes=classifier_size(path),
        path=path,
        model=model,
        run=run,
    )


def make_network(
    source: Source,
    dataset: ImageDataset,
    image_side: int | None = None,
    any_size: bool = False,
) -> ScoredNetwork:
    """Make the network of a source, within a strategy's scope.

    Args:
        source: What to make it from.
        dataset: What it will be scored on.
        image_side: Height and width to score it at. Defaults to that of the
            training, of the network, or of the set of weights.
        any_size: Whether it must take images of any size. Defaults to False.

    Raises:
        TypeError: If `image_side` is not an integer.
        ValueError: If the file does not fit the network, or the network not
            the channels of the images or their side.
        OSError: If the weights cannot be downloaded.
        ImportError: If the file's format needs a package that is missing.
    """
    if image_side is not None:
        check_positive_integer("image_side", image_side)
    channels = dataset.image_shape[2]
    framing = _framing(source)
    if source.model is None:
        model = read_model(source.path)
        side = image_side or (source.run and source.run.side)
        shape = (side, side, channels) if side else _own_shape(model, source)
        known = source.run and source.run.model
        check_side(known, shape[0])
        model = for_images(model, shape, any_size, source.label)
        return ScoredNetwork(
            known or model.name, model, shape, framing, gives_logits(model)
        )
    return _build(source, dataset, framing, image_side, any_size)


def _build(source, dataset, framing, image_side, any_size) -> ScoredNetwork:
    run = source.run
    if run is not None and run.model != source.model:
        run = None
    specification, weights, arguments = resolve(
        source.model,
        weights=source.card or source.path,
        include_preprocessing=True,
        **({} if run is None else run.options),
    )
    channels = dataset.image_shape[2]
    if source.card is not None and channels != CHANNELS:
        raise ValueError(
            f"The network takes images of {CHANNELS} channels, and those of the "
            f"dataset have {channels}. Received: weights='{source.label}'"
        )
    side = image_side or _side(source, specification)
    check_side(source.model, side)
    classes = specification.classes
    if source.path is not None:
        # Those of the file, so that nothing of it has to be adapted.
        classes = source.classes or dataset.classes
    sides = (None, None) if any_size else (side, side)
    model = build_model(
        specification,
        classes=classes,
        input_tensor=keras.Input((*sides, channels)),
        classifier_activation=None,
        **arguments,
    )
    if run is not None and run.freeze_after is not None:
        model = made_aware(model, run.freeze_after)
    if source.card is not None:
        weight_files.load_card(model, weights)
    else:
        weight_files.load(model, weights)
    shape = (side, side, channels)
    return ScoredNetwork(source.model, model, shape, framing, gives_logits=True)


def _framing(source: Source) -> Framing:
    if source.card is not None:
        evaluation = source.card.evaluation
        return Framing(evaluation.crop_fraction, evaluation.interpolation, True)
    return Framing() if source.run is None else Framing(source.run.crop)


def _side(source: Source, specification) -> int:
    if source.card is not None:
        return source.card.evaluation.size
    return specification.input_size if source.run is None else source.run.side


def _own_shape(model, source: Source) -> tuple[int, int, int]:
    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or None in shape:
        raise ValueError(
            "The network takes images of any size: say by `image_side` at which to "
            f"score it. Received: weights='{source.label}' with inputs {shape}"
        )
    return shape
