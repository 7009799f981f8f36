"""What a training has noted down about the model that it left."""

import dataclasses
import json
import os
from pathlib import Path

from keras_resnet.training.network_form import options_of, options_of_older

# From `checkpoints/best.npz` to the run's folder.
LEVELS = 2


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """What has to be known of a training to score its model.

    Attributes:
        folder: The run's folder.
        model: Name of the network.
        options: What it is built with, so that it is the same network again.
        dataset: Name of the dataset.
        class_names: Names of its classes, in their order.
        channels: Of the images that it takes.
        side: Height and width of its test images.
        crop: Share of the shorter side that their central crop kept.
        class_map: Where the order of an image folder's classes was read, or
            None.
        freeze_after: For a network that rounds as int8 will, the steps after
            which its batch normalization stands still; None for another.
    """

    folder: Path
    model: str
    options: dict
    dataset: str
    class_names: tuple[str, ...]
    channels: int
    side: int
    crop: float
    class_map: str | None
    freeze_after: int | None = None

    def class_map_for(self, dataset: str | os.PathLike) -> str | None:
        """Return the class map of the training, on the dataset of the training.

        Args:
            dataset: Name of a dataset.
        """
        return self.class_map if os.fspath(dataset) == self.dataset else None


def find_run(path: Path) -> TrainedRun | None:
    """Return the training that a file lies in the folder of, or None.

    Raises:
        ValueError: If its description is damaged.
        OSError: If it cannot be read.
    """
    for folder in list(path.absolute().parents)[:LEVELS]:
        description = folder / "run.json"
        if description.is_file():
            return _read(description)
    return None


def _read(path: Path) -> TrainedRun:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        recipe, model = said["recipe"], said["model"]
        return TrainedRun(
            folder=path.parent,
            model=model["name"],
            options=_options(said),
            dataset=said["dataset"]["name"],
            class_names=tuple(said["class_names"]),
            channels=said["image_shape"][-1],
            side=recipe["evaluation_side"] or recipe["image_side"],
            crop=recipe["evaluation_crop"],
            class_map=said["dataset"].get("class_map"),
            freeze_after=model.get("quantization_aware", {}).get("freeze_after"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"'{path}' is not the description of a training, or a damaged one. "
            f"Received: {error!r}"
        ) from error


def _options(said: dict) -> dict:
    model = said["model"]
    if said.get("form") is not None:
        return options_of(said["form"])
    return options_of_older(model["name"], model["options"], said.get("first_weights"))
