"""`keras-resnet-train`: train a network by a recipe."""

import dataclasses

from absl import flags

from keras_resnet import program
from keras_resnet.training.dataset_sizes import dataset_size
from keras_resnet.training.evaluation.program import evaluate_by_flags
from keras_resnet.training.fine_tuning import adaptations_told
from keras_resnet.training.interrupted_program import tell_interrupted
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.program_flags import (
    ARGUMENTS,
    EVALUATION_FLAGS,
    SHOWING_FLAGS,
    define_flags,
)
from keras_resnet.training.quantization_aware import arguments_of_run
from keras_resnet.training.recipe_table import recipe_table
from keras_resnet.training.recipes import Recipe, get_recipe, override

DESCRIPTION = """Train a residual network by a recipe.

  keras-resnet-train
  keras-resnet-train --recipe=he2015_cifar10 --model=resnet56 --dataset=cifar10
  keras-resnet-train --recipe=cifar10_short --dataset=photos --image_side=64
  keras-resnet-train --recipe=cifar10_short --set learning_rate=0.2 --set mixup=0.2
  keras-resnet-train --dataset=photos --weights=resnet50.a1_in1k --trainable=classifier
  keras-resnet-train --quantization_aware --weights=runs/digits_resnet8
  keras-resnet-train --recipe=torchvision_v2 --dry_run --plot=rate.png
  keras-resnet-train --recipe=cifar10_short --dry_run --measure
  keras-resnet-train --evaluate --weights=runs/digits_resnet8

The output folder holds in the end model.keras (float32, softmax, takes raw
pixels 0..255), run.json, history.csv, metrics.jsonl, learning_curve.png,
tensorboard/ and checkpoints/. The same command again continues a training that
was interrupted.
"""


def train_by_flags(
    arguments: list[str], values: flags.FlagValues = flags.FLAGS
) -> int | None:
    """Train as the flags say.

    Args:
        arguments: What was typed that is no flag, program name first.
        values: The flags.

    Returns:
        128 and the number of the signal after an interruption, else None.

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
    if values.list_recipes:
        print(recipe_table())
        return None
    if values.evaluate:
        evaluate_by_flags(values, ARGUMENTS + SHOWING_FLAGS)
        return None
    for name in EVALUATION_FLAGS:
        if values[name].present:
            raise ValueError(f"--{name} is for --evaluate. Received: --{name}")
    if values.measure and not values.dry_run:
        raise ValueError("--measure is for --dry_run. Received: --measure")
    chosen = {name: values[name].value for name in ARGUMENTS}
    if values.quantization_aware and not values["recipe"].present:
        chosen |= arguments_of_run(values.weights, chosen["dataset"])
    if values["set"].value:
        recipe = chosen["recipe"]
        recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
        chosen["recipe"] = override(recipe, values["set"].value)
    if values.dry_run or values.plot:
        _show(chosen, values)
        return None
    try:
        with adaptations_told():
            train(**chosen)
    except TrainingInterrupted as interrupted:
        again = "without --overwrite" if chosen["overwrite"] else "again"
        if interrupted.is_complete:
            again = None
        return tell_interrupted(interrupted, again)
    return None


def hint_of(name: str) -> str:
    """Say how to change a field of the recipe that is no flag of its own."""
    first = name.partition(".")[0]
    if first not in {field.name for field in dataclasses.fields(Recipe)}:
        return ""
    return f"A recipe's field is changed by --set {name}=VALUE."


def _show(chosen: dict, values: flags.FlagValues) -> None:
    """Do what --dry_run and --plot ask for."""
    from keras_resnet.training.device_count import device_count
    from keras_resnet.training.dry_run import dry_run
    from keras_resnet.training.measured_run import measure_run
    from keras_resnet.training.pipeline import steps_per_epoch
    from keras_resnet.training.schedule_plot import draw_schedule

    recipe = chosen["recipe"]
    if isinstance(recipe, str):
        recipe = get_recipe(recipe)
    recipe = recipe.adapted(
        chosen["epochs"], chosen["batch_size"], chosen["image_side"]
    )
    if values.dry_run:
        measured = ()
        if values.measure:
            run = measure_run(recipe, **_measurable(chosen))
            measured, replicas = run.facts(), run.replicas
        else:
            replicas = device_count(chosen["strategy"], chosen["virtual_devices"])
        print(
            dry_run(
                recipe,
                dataset=chosen["dataset"],
                model=chosen["model"],
                weights=chosen["weights"],
                trainable=chosen["trainable"],
                dtype_policy=chosen["dtype_policy"],
                replicas=replicas,
                unreadable=chosen["unreadable"],
                class_map=chosen["class_map"],
                measured=measured,
            )
        )
    if values.plot:
        size = dataset_size(
            chosen["dataset"] or recipe.dataset,
            chosen["class_map"],
            chosen["unreadable"],
        )
        steps = steps_per_epoch(size.train, recipe.batch_size)
        draw_schedule(values.plot, recipe, steps)
        print(f"Drew '{values.plot}'.")


def _measurable(chosen: dict) -> dict:
    """Return what `measure_run` takes of the arguments of `train`.

    Raises:
        ValueError: If what is trained cannot be measured.
    """
    if chosen["quantization_aware"] or chosen["data_service"] is not None:
        raise ValueError(
            "--measure does not know --quantization_aware and --data_service. "
            "Measure without them."
        )
    names = (
        "dataset",
        "model",
        "weights",
        "trainable",
        "strategy",
        "virtual_devices",
        "dtype_policy",
        "steps_per_call",
        "jit_compile",
        "deterministic",
        "unreadable",
        "class_map",
    )
    return {name: chosen[name] for name in names}


def main() -> None:
    """Run the program."""
    define_flags()
    program.run(train_by_flags, DESCRIPTION, hint_of)
