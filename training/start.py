"""A training where it begins or goes on: the network built, and what was saved."""

import dataclasses

import keras

from keras_resnet.training.assembly import assemble
from keras_resnet.training.checkpoints import Checkpoint, Progress
from keras_resnet.training.continuation import counted_in_steps
from keras_resnet.training.datasets.broken_files import naming_unreadable
from keras_resnet.training.distribution import quiet_logging
from keras_resnet.training.mean_image import set_mean_image
from keras_resnet.training.networks import input_shape_of
from keras_resnet.training.quantization_aware import first_ranges
from keras_resnet.training.recipe_rate import rate_of
from keras_resnet.training.setup import Setup
from keras_resnet.training.trained_network import TrainedNetwork
from keras_resnet.training.training_state import restore


@dataclasses.dataclass(frozen=True)
class Start:
    """A compiled model at the place that the training has come to.

    Attributes:
        network: The network; it returns logits.
        model: The model that trains it.
        rate: Learning rate as a function of the step.
        progress: How far the training came before.
        checkpoint: What was restored, or None.
    """

    network: keras.Model
    model: TrainedNetwork
    rate: keras.optimizers.schedules.LearningRateSchedule
    progress: Progress
    checkpoint: Checkpoint | None

    def rate_now(self) -> float:
        """Return the learning rate of the newest step.

        The optimizer does not count what loss scaling skips.
        """
        return float(self.rate(max(self.model.steps_taken() - 1, 0)))


def start(
    setup: Setup,
    checkpoint: Checkpoint | None,
    steps_per_call: int = 1,
    jit_compile: bool = False,
    look_at_images: bool = True,
) -> Start:
    """Build the network and its training, and restore a checkpoint into it.

    The metrics are not restored: `fit` would reset them, see
    `restore_metrics`.

    Args:
        setup: What to train.
        checkpoint: Where to go on, or None.
        steps_per_call: Steps that TensorFlow does in one call. Defaults to 1.
        jit_compile: Whether XLA compiles what TensorFlow does on a replica.
            Defaults to False.
        look_at_images: Whether a new network is given what it knows of the
            training images, such as their mean, for which all are read.
            Defaults to True.

    Raises:
        ValueError: If the checkpoint is of another network.
        OSError: If image files can no longer be read.
    """
    recipe, network, strategy = setup.recipe, setup.network, setup.strategy
    progress = Progress(
        identity=setup.identity,
        steps_per_epoch=setup.steps,
        replicas=setup.replicas,
    )
    # NumPy's seeds have 32 bits and no sign.
    keras.utils.set_random_seed(setup.seed % 2**32)
    rate = rate_of(recipe, setup.steps)
    with quiet_logging(), strategy.scope():
        built = network.logits(
            input_shape_of(recipe, setup.channels),
            setup.dataset.classes,
            setup.dtype_policy,
            pretrained=checkpoint is None,
        )
        if checkpoint is None and look_at_images:
            with naming_unreadable(setup.dataset.train):
                _look_at_images(setup, built)
        trained = assemble(
            recipe, built, strategy, rate, setup.seed, steps_per_call, jit_compile
        )
        if checkpoint is not None:
            state = trained.state()
            checkpoint.check_fits(state)
            restore(state, checkpoint.values, strategy, metrics=False)
            saved = dataclasses.replace(checkpoint.progress, identity=setup.identity)
            progress = counted_in_steps(saved, setup.steps, trained.optimizer)
    return Start(built, trained, rate, progress, checkpoint)


def _look_at_images(setup: Setup, network: keras.Model) -> None:
    """Give a network what it knows of the training images before its first step."""
    if setup.network.weights is None:
        set_mean_image(network, setup.dataset.train)
    if setup.network.freeze_after is not None:
        first_ranges(network, setup.dataset.train, setup.test_shape)


def restore_metrics(setup: Setup, begun: Start) -> None:
    """Put the sums of a running epoch back, once `fit` has reset them."""
    restore(begun.model.state(), begun.checkpoint.values, setup.strategy, metrics=True)
