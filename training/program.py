"""`keras-resnet-train`: train a network by a recipe."""

import functools
import sys

from absl import flags

from keras_resnet import program
from keras_resnet.training.datasets import UNREADABLE
from keras_resnet.training.distribution import STRATEGIES
from keras_resnet.training.networks import DTYPE_POLICIES
from keras_resnet.training.recipes import RECIPES
from keras_resnet.training.run_folder import as_run_folder, default_folder
from keras_resnet.wording import counted

DESCRIPTION = """Train a residual network by a recipe.

  keras-resnet-train
  keras-resnet-train --recipe=he2015_cifar10 --model=resnet56 --dataset=cifar10
  keras-resnet-train --dataset=image_folder:photos --image_side=64 --epochs=30

The output folder holds in the end model.keras (float32, softmax, takes raw
pixels 0..255), run.json, history.csv, learning_curve.png, tensorboard/ and
checkpoints/. The same command again continues a training that was interrupted.
"""

ARGUMENTS = (
    "recipe",
    "dataset",
    "model",
    "output",
    "strategy",
    "virtual_devices",
    "epochs",
    "batch_size",
    "image_side",
    "seed",
    "dtype_policy",
    "resume",
    "overwrite",
    "unreadable",
)


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    text, number, switch = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_bool)
    )
    text("recipe", "digits", f"How to train: one of {', '.join(RECIPES)}.")
    text(
        "dataset",
        None,
        "What to train on: digits; image_folder:PATH with JPEG or PNG files at "
        "PATH/train/<class>/* and PATH/test/<class>/*; or a name of TensorFlow "
        "Datasets. Default: the recipe's.",
    )
    text("model", None, "Network to train. Default: the recipe's.")
    text("output", None, "Folder to write to. Default: runs/<recipe>_<model>.")
    text(
        "strategy",
        "auto",
        f"Devices to train on: one of {', '.join(STRATEGIES)}. auto mirrors where "
        "there are several GPUs, or virtual devices.",
    )
    number(
        "virtual_devices",
        None,
        "Split the CPU into so many devices and mirror over them, for trying.",
    )
    number(
        "epochs",
        None,
        "Train so many epochs; the recipe's schedule is stretched to fit. Default: "
        "the recipe's.",
    )
    number(
        "batch_size",
        None,
        "Images a step, over all devices together. Default: the recipe's.",
    )
    number(
        "image_side",
        None,
        "Height and width in pixels that images are brought to. Default: the recipe's.",
    )
    number("seed", 0, "Seed of the initial weights, the order and the augmentation.")
    text(
        "dtype_policy",
        "float32",
        f"Precision to train in: one of {', '.join(DTYPE_POLICIES)}. The saved "
        "model is float32.",
    )
    switch("resume", True, "Continue a training that the folder holds.")
    switch("overwrite", False, "Replace a training that the folder holds.")
    text(
        "unreadable",
        "skip",
        "What to do about image files that cannot be decoded: one of "
        f"{', '.join(UNREADABLE)}.",
    )


def train_by_flags(
    arguments: list[str], values: flags.FlagValues = flags.FLAGS
) -> int | None:
    """Train as the flags say.

    Args:
        arguments: What was typed that is no flag, program name first.
        values: The flags.

    Returns:
        130 after an interruption, else None.

    Raises:
        ValueError: If something was typed that is no flag, or a flag's value
            is not accepted.
    """
    from keras_resnet.training.fit import train

    if len(arguments) > 1:
        raise ValueError(
            "All arguments are flags, as --recipe=digits. "
            f"Received: {' '.join(arguments[1:])}"
        )
    chosen = {name: values[name].value for name in ARGUMENTS}
    try:
        train(**chosen)
    except KeyboardInterrupt:
        print(f"\n{_where_it_stands(chosen)}", file=sys.stderr)
        return 130
    return None


def _where_it_stands(chosen: dict) -> str:
    from keras_resnet.training.checkpoints import read_progress

    model = chosen["model"] or RECIPES[chosen["recipe"]].model
    folder = as_run_folder(chosen["output"] or default_folder(chosen["recipe"], model))
    if not folder.checkpoint.is_file():
        return "Interrupted before the end of the first epoch: nothing is kept."
    done = len(read_progress(folder.checkpoint).history)
    again = "without --overwrite" if chosen["overwrite"] else "again"
    kept = f"{counted(done, 'epoch')} {'is' if done == 1 else 'are'} kept"
    return (
        f"Interrupted. {kept} in "
        f"'{folder.path}'; run the same command {again} to continue."
    )


def main() -> None:
    """Run the program."""
    define_flags()
    program.run(train_by_flags, DESCRIPTION)
