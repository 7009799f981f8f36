"""The flags of `keras-resnet-train`."""

import functools

from absl import flags

from keras_resnet.training.checkpoint_folder import KEEP
from keras_resnet.training.cluster.workers import TIMEOUT
from keras_resnet.training.datasets import UNREADABLE
from keras_resnet.training.distribution import STRATEGIES
from keras_resnet.training.evaluation.crops import BATCH_SIZE, CROPS, ONE
from keras_resnet.training.fine_tuning import TRAINABLE
from keras_resnet.training.input.data_service import DATA_TIMEOUT
from keras_resnet.training.jax_backend.devices import STRATEGIES as JAX_STRATEGIES
from keras_resnet.training.networks import DTYPE_POLICIES

ARGUMENTS = (
    "recipe",
    "dataset",
    "model",
    "output",
    "weights",
    "trainable",
    "quantization_aware",
    "strategy",
    "virtual_devices",
    "worker_timeout",
    "epochs",
    "batch_size",
    "image_side",
    "seed",
    "dtype_policy",
    "resume",
    "overwrite",
    "allow_changes",
    "checkpoint_every",
    "keep",
    "log_every",
    "steps_per_call",
    "jit_compile",
    "deterministic",
    "unreadable",
    "class_map",
    "data_service",
    "data_timeout",
)
# Flags that `train` knows nothing of: what to show instead, and of `--evaluate`.
SHOWING_FLAGS = ("set", "list_recipes", "dry_run", "measure", "plot")
EVALUATION_FLAGS = ("evaluate", "evaluation_crops")
OWN_FLAGS = SHOWING_FLAGS + EVALUATION_FLAGS


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Define the program's flags in `values`."""
    text, number, switch = (
        functools.partial(define, flag_values=values)
        for define in (flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_bool)
    )
    text("recipe", "digits", "How to train, by name; --list_recipes shows them all.")
    flags.DEFINE_multi_string(
        "set",
        [],
        "Change a field of the recipe, as name=value; may be repeated. lr and wd are "
        "short for learning_rate and weight_decay. A point goes "
        "into a field: augmentation.flip=false, augmentation.rand_augment.magnitude=7, "
        "model_options.zero_last_gamma=true. none leaves out what may be left out. A "
        "schedule is typed as Cosine(final=0.01). Nothing else changes with it: "
        "--epochs stretches the schedule, --set epochs does not. --dry_run shows all "
        "fields.",
        flag_values=values,
    )
    switch("list_recipes", False, "Show all recipes in a table, and train nothing.")
    switch(
        "dry_run",
        False,
        "Show the recipe with every field, the network's size, the steps, the learning "
        "rate and an estimate of the memory, and train nothing.",
    )
    switch(
        "measure",
        False,
        "With --dry_run, also take about twenty steps on this machine, and show what "
        "time and memory the training takes by them. A dataset that would have to be "
        "downloaded is replaced by noise. Nothing is written.",
    )
    text(
        "plot",
        None,
        "Draw the learning rate over the steps to this file, .png, and train nothing.",
    )
    switch(
        "evaluate",
        False,
        "Score --weights, which may also be the folder of a training, on the test "
        "images of --dataset, and train nothing. --output gets evaluation.json, "
        "per_class.csv and confusion_matrix.png, and keeps those of an earlier one in "
        "earlier_evaluations. Default: the folder of the weights.",
    )
    text(
        "evaluation_crops",
        ONE,
        f"With --evaluate, views of an image that are averaged: one of "
        f"{', '.join(CROPS)}. 10 are corners and centre, also mirrored; multi_scale is "
        "the whole image at five sizes.",
    )
    text(
        "class_map",
        None,
        "For an image folder, a file that says which label a folder has: text with a "
        "class a line, as n01440764 tench, in the order of the labels, or .csv or "
        ".json; or imagenet, or imagenet1001. Default: the order of the names; with "
        "--evaluate on the dataset of the training that of the training.",
    )
    text(
        "data_service",
        None,
        "Address of the dispatcher of a tf.data service, as grpc://HOST:PORT, whose "
        "workers prepare the training images, and find files where this process does. "
        "Default: this process prepares them.",
    )
    flags.DEFINE_float(
        "data_timeout",
        DATA_TIMEOUT,
        "Seconds to wait for a batch of --data_service that all of it answers for; "
        "where its dispatcher or a worker does not answer, the training stops sooner.",
        flag_values=values,
    )
    text(
        "dataset",
        None,
        "What to train on: digits; synthetic, which is noise to measure with; a folder "
        "PATH, or image_folder:PATH, with JPEG or PNG files at PATH/train/<class>/* "
        "and PATH/test/<class>/*; or a name of TensorFlow Datasets. Default: the "
        "recipe's.",
    )
    text(
        "model",
        None,
        "Network to train. Default: the one that --weights names, else the recipe's.",
    )
    text(
        "weights",
        None,
        "Weights to begin with: the name of a set, as resnet50.a1_in1k, a file, or the "
        "folder of another training. For other classes the classifier starts anew. "
        "A training that continues does not load a file again, but it must still be "
        "there, unchanged. Default: random ones.",
    )
    text(
        "trainable",
        "all",
        f"What to train: one of {', '.join(TRAINABLE)}. classifier leaves all layers "
        "but the last as they are.",
    )
    switch(
        "quantization_aware",
        False,
        "Fine-tune --weights with the error that int8 will bring; keras-resnet-export "
        "makes an int8 file of the model.keras that comes of it. Without --recipe and "
        "--dataset those of the training that --weights is the folder of, with a tenth "
        "of the epochs and a hundredth of the learning rate.",
    )
    text("output", None, "Folder to write to. Default: runs/<recipe>_<model>.")
    text(
        "strategy",
        "auto",
        f"Devices to train on: one of {', '.join(STRATEGIES)}. auto mirrors where "
        "there are several GPUs, or virtual devices, and is multi_worker where "
        "TF_CONFIG names several workers. With KERAS_BACKEND=jax one of "
        f"{', '.join(JAX_STRATEGIES)}.",
    )
    number(
        "virtual_devices",
        None,
        "Split the CPU into so many devices and train over them, for trying.",
    )
    flags.DEFINE_float(
        "worker_timeout",
        TIMEOUT,
        "Seconds to wait at the start for the other workers of multi_worker.",
        flag_values=values,
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
        "Images a step, over all devices together. Default: the recipe's; with "
        f"--evaluate {BATCH_SIZE}.",
    )
    number(
        "image_side",
        None,
        "Height and width in pixels that images are brought to. Default: the "
        "recipe's; with --evaluate what the weights were evaluated at.",
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
    switch(
        "allow_changes",
        False,
        "Continue a training that the folder holds although the recipe or the data "
        "is another one now. Its optimizer and its moving average must stay.",
    )
    number(
        "checkpoint_every",
        None,
        "Write a checkpoint every so many steps too. Default: after every epoch only.",
        lower_bound=1,
    )
    number("keep", KEEP, "How many checkpoints to keep.", lower_bound=1)
    number(
        "log_every",
        None,
        "Write a line of metrics.jsonl every so many steps. Default: about every ten "
        "seconds.",
        lower_bound=1,
    )
    number(
        "steps_per_call",
        1,
        "Steps that TensorFlow does in one call. A checkpoint that is due between two "
        "calls comes after the later one.",
        lower_bound=1,
    )
    switch(
        "jit_compile",
        False,
        "Compile the forward and backward pass by XLA; on a CPU that is slower.",
    )
    switch(
        "deterministic",
        False,
        "Compute the same each time on the same devices, which is slower.",
    )
    text(
        "unreadable",
        "skip",
        "What to do about image files that cannot be decoded: one of "
        f"{', '.join(UNREADABLE)}.",
    )
