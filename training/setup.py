"""What a training is to be, settled before a network is built."""

import dataclasses
from typing import TYPE_CHECKING

from keras_resnet.training import description
from keras_resnet.training.datasets import ImageDataset
from keras_resnet.training.distribution import describe_strategy
from keras_resnet.training.networks import Network, evaluation_shape_of
from keras_resnet.training.pipeline import steps_per_epoch
from keras_resnet.training.recipes import Recipe
from keras_resnet.training.run_folder import RunFolder

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_resnet.training.jax_backend.devices import JaxDevices


@dataclasses.dataclass(frozen=True)
class Setup:
    """What is trained, how, on what, and where its files go.

    Attributes:
        recipe: The recipe, adapted.
        network: The network to build.
        dataset: The images.
        folder: The run's folder.
        strategy: A strategy of TensorFlow, or devices of JAX.
        seed: Seed of all draws.
        dtype_policy: Name of the dtype policy.
    """

    recipe: Recipe
    network: Network
    dataset: ImageDataset
    folder: RunFolder
    strategy: "tf.distribute.Strategy | JaxDevices"
    seed: int
    dtype_policy: str

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return self.dataset.image_shape[2]

    @property
    def replicas(self) -> int:
        """Replicas that share a batch."""
        return self.strategy.num_replicas_in_sync

    @property
    def devices(self) -> str:
        """The devices in words."""
        return describe_strategy(self.strategy)

    @property
    def steps(self) -> int:
        """Steps of an epoch.

        Raises:
            ValueError: If there are fewer images than a batch has.
        """
        return steps_per_epoch(self.dataset.train.size, self.recipe.batch_size)

    @property
    def test_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of the images of an evaluation."""
        return evaluation_shape_of(self.recipe, self.channels)

    @property
    def identity(self) -> dict:
        """What decides the result, as plain JSON values."""
        return description.identify(
            self.recipe, self.dataset, self.network, self.seed, self.dtype_policy
        )

    def facts(self, strategy: str, deterministic: bool) -> dict:
        """Return what `run.json` says of a training before its measurements.

        Args:
            strategy: Name of the strategy that was asked for.
            deterministic: Whether every operation computes the same each time.
        """
        identity, weights = self.identity, self.network.weights
        class_map = self.dataset.class_map
        return {
            **identity,
            "dataset": {
                "name": self.dataset.name,
                "class_map": class_map and class_map.source,
                **identity["dataset"],
            },
            "form": self.network.form,
            "first_weights": weights and weights.name,
            "image_shape": self.test_shape,
            "class_names": self.dataset.class_names,
            "unreadable_images": len(self.dataset.unreadable),
            "strategy": {
                "name": strategy,
                "replicas": self.replicas,
                "devices": self.devices,
            },
            "deterministic": deterministic,
            "versions": description.versions(),
        }
