"""Loading the Keras model that is to be exported."""

import zipfile
from pathlib import Path

import keras


def load_model(path: str) -> keras.Model:
    """Load a trained model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a Keras model.
    """
    if Path(path).is_dir():
        inside = Path(path) / "model.keras"
        hint = f" Did you mean '{inside}'?" if inside.is_file() else ""
        raise FileNotFoundError(f"'{path}' is a folder, not a model file.{hint}")
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no model file '{path}'.")
    if Path(path).suffix == ".npz":
        raise ValueError(_why_not_weights(path))
    if Path(path).suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ValueError(
            f"Cannot load a Keras model from '{path}': it is not a `.keras` file, or a "
            "damaged one."
        )
    try:
        return keras.saving.load_model(path, compile=False)
    # A damaged file fails in as many ways as it can be damaged.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"Cannot load a Keras model from '{path}': {reason}"
        ) from error


def _why_not_weights(path: str) -> str:
    """Say how weights alone, as a training's `best.npz`, become a model."""
    from keras_resnet.training.evaluation.trained_run import find_run

    name, shape = "NAME", "(HEIGHT, WIDTH, CHANNELS)"
    run = find_run(Path(path))
    if run is not None:
        name, shape = run.model, (run.side, run.side, run.channels)
    return (
        f"'{path}' holds weights and no network. Make a model of it, and export that: "
        f"keras_resnet.create_model({name!r}, weights={str(path)!r}, "
        f"input_shape={shape}, include_preprocessing=True).save('best.keras')"
    )
