"""`python -m keras_resnet.benchmarks.input_pipeline`: input against plain Keras."""

import functools
import time

from absl import flags

from keras_resnet.arguments import check_positive_integer
from keras_resnet.benchmarks import input_workload
from keras_resnet.benchmarks.commands.common import check_ledger, define_ledger
from keras_resnet.benchmarks.comparison_program import run_comparisons
from keras_resnet.benchmarks.comparisons import Comparison
from keras_resnet.benchmarks.occasion import begin
from keras_resnet.program import run

DESCRIPTION = """Measure training input against plain Keras, on your own photographs.

  python -m keras_resnet.benchmarks.input_pipeline photos --batch_size=32

Both make batches at 224 pixels of the image files below the folder: Keras by
image_dataset_from_directory and its augmentation layers, this package by a
random resized crop and a flip. They take turns in one process, one at a time.
"""
GOAL = 1.5
# Even, so that a steady drift cancels.
ROUNDS = 10
LAYERS = {
    "RandomCrop from 256, RandomFlip": input_workload.crop_and_flip,
    "RandomZoom, RandomFlip": input_workload.zoom_and_flip,
}


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    flags.DEFINE_integer("batch_size", 32, "Images a batch.", flag_values=values)
    flags.DEFINE_integer("rounds", ROUNDS, "Rounds of each.", flag_values=values)
    flags.DEFINE_bool(
        "cpu_time",
        False,
        "Count the processor's time instead of the clock's: all threads together, "
        "without what other programs on the machine take.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output", None, "File to write the results to, as JSON.", flag_values=values
    )
    define_ledger(values)


def comparisons(folder: str, batch_size: int, cpu_time: bool) -> list[Comparison]:
    """Return what is compared on the images of `folder`.

    Args:
        folder: The folder.
        batch_size: Images a batch.
        cpu_time: Whether the processor's time counts, not the clock's.
    """
    clock = time.process_time if cpu_time else time.perf_counter
    unit = ", processor time" if cpu_time else ""
    return [
        Comparison(
            name=layers.__name__,
            title=f"{input_workload.BATCHES} batches of {batch_size} at 224 px{unit}",
            upper=f"image_dataset_from_directory, {words}",
            lower="keras_resnet, resized crop and flip",
            goal=GOAL,
            measure=functools.partial(_pipelines, folder, batch_size, layers, clock),
            rounds=ROUNDS,
        )
        for words, layers in LAYERS.items()
    ]


def _pipelines(folder, batch_size, layers, clock, sizes, rounds, progress):
    # The images have the sizes of the user's files.
    return input_workload.pipelines(folder, batch_size, layers, clock, rounds, progress)


def benchmark(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> int:
    """Measure on the folder named in `arguments[1]`."""
    if len(arguments) != 2:
        raise ValueError(
            f"Name one folder of images. Received: {' '.join(arguments[1:]) or 'none'}"
        )
    batch_size = check_positive_integer("--batch_size", values.batch_size)
    check_positive_integer("--rounds", values.rounds)
    check_ledger(values)
    folder = arguments[1]
    files = input_workload.image_files(folder)
    if len(files) < batch_size:
        raise ValueError(
            f"'{folder}' must have at least as many images as a batch, and has "
            f"{len(files)}. Received: --batch_size={batch_size}"
        )
    occasion = begin("input_pipeline", values.output, "keras", "tensorflow", "numpy")
    settings = {
        "images": len(files),
        "batch_size": batch_size,
        "cpu_time": values.cpu_time,
    }
    chosen = comparisons(folder, batch_size, values.cpu_time)
    return run_comparisons(chosen, occasion, settings, values)


def main() -> None:
    """Run the program."""
    define_flags()
    run(benchmark, DESCRIPTION)


if __name__ == "__main__":
    main()
