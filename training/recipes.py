"""Training recipes: what a paper or a benchmark trained with, as data.

`docs/` and the tests of this package name the recipes by these names. A
published figure is quoted in `source` only where it was published; what the
recipe reached here is measured, never copied from there.
"""

import dataclasses

from keras_resnet.arguments import check_choice, check_positive_integer
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.schedules import (
    Constant,
    Cosine,
    ExponentialPerEpoch,
    PiecewiseConstant,
    Schedule,
)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained.

    Attributes:
        name: The name to ask for it by.
        source: Where it comes from, and where it deviates from that.
        cost: What a run costs, with the network and the machine.
        model: Network to train when none is asked for.
        dataset: Dataset to train on when none is asked for.
        image_side: Height and width of the images that the network sees.
        epochs: Passes over the training split.
        batch_size: Images a step, over all replicas together.
        optimizer: `"sgd"` or `"adam"`.
        learning_rate: Peak learning rate at `learning_rate_batch_size`.
        learning_rate_batch_size: The batch size that `learning_rate` is meant
            for; with another one the rate is scaled in proportion (Goyal et
            al., 2017). None: the rate is used as it is.
        schedule: How the learning rate falls from its peak.
        warmup_epochs: Epochs over which the rate first rises, linearly.
        warmup_start: Share of the peak rate that the rise begins with.
        momentum: Momentum of `"sgd"`.
        nesterov: Whether the momentum of `"sgd"` is Nesterov's.
        weight_decay: L2 penalty: this times a weight is added to its gradient.
        decay_normalization_and_bias: Whether that also holds for the scales
            and offsets of batch normalization and for biases.
        label_smoothing: Share of the target spread evenly over all classes.
        augmentation: What is done at random to a training image.
    """

    name: str
    source: str
    cost: str
    model: str
    dataset: str
    image_side: int
    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule
    augmentation: Augmentation
    optimizer: str = "sgd"
    learning_rate_batch_size: int | None = None
    warmup_epochs: float = 0
    warmup_start: float = 0.0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    decay_normalization_and_bias: bool = True
    label_smoothing: float = 0.0

    def peak_learning_rate(self) -> float:
        """Return the peak learning rate at this recipe's batch size."""
        if self.learning_rate_batch_size is None:
            return self.learning_rate
        return self.learning_rate * self.batch_size / self.learning_rate_batch_size

    def with_epochs(self, epochs: int) -> "Recipe":
        """Return the recipe for another number of epochs.

        What happens at an epoch, such as a drop of the rate or the end of the
        warm-up, moves in proportion.

        Raises:
            TypeError: If `epochs` is not an integer.
            ValueError: If it is not positive.
        """
        ratio = check_positive_integer("epochs", epochs) / self.epochs
        schedule = self.schedule
        if isinstance(schedule, PiecewiseConstant):
            schedule = dataclasses.replace(
                schedule, boundaries=tuple(b * ratio for b in schedule.boundaries)
            )
        elif isinstance(schedule, ExponentialPerEpoch):
            schedule = ExponentialPerEpoch(schedule.factor ** (1 / ratio))
        return dataclasses.replace(
            self,
            epochs=epochs,
            schedule=schedule,
            warmup_epochs=self.warmup_epochs * ratio,
        )

    def with_batch_size(self, batch_size: int) -> "Recipe":
        """Return the recipe for another batch size.

        Raises:
            TypeError: If `batch_size` is not an integer.
            ValueError: If it is not positive.
        """
        check_positive_integer("batch_size", batch_size)
        return dataclasses.replace(self, batch_size=batch_size)

    def with_image_side(self, image_side: int) -> "Recipe":
        """Return the recipe for images of another height and width.

        Raises:
            TypeError: If `image_side` is not an integer.
            ValueError: If it is not positive.
        """
        check_positive_integer("image_side", image_side)
        return dataclasses.replace(self, image_side=image_side)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="digits",
            source=(
                "This package's own, to see everything work without a download: "
                "Adam with a cosine, small shifts and rotations, no flips since "
                "a mirrored digit is none."
            ),
            cost="ResNet-8: about a minute on 2 CPU cores.",
            model="resnet8",
            dataset="digits",
            image_side=32,
            epochs=12,
            batch_size=32,
            optimizer="adam",
            learning_rate=3e-3,
            schedule=Cosine(),
            warmup_epochs=1,
            warmup_start=0.1,
            weight_decay=1e-4,
            decay_normalization_and_bias=False,
            augmentation=Augmentation(shift=0.06, rotation=8.0),
        ),
        Recipe(
            name="he2015_cifar10",
            source=(
                "He et al. (2015), Deep Residual Learning for Image Recognition, "
                "section 4.2: 64k steps of 128 images, the rate divided by 10 at "
                "32k and 48k, here as 164 epochs of 390 steps. Published error: "
                "ResNet-20 8.75 %, ResNet-56 6.97 %. Two deviations: all 50k "
                "images are trained on, and no slow start for ResNet-110, which "
                "the paper begins at a rate of 0.01."
            ),
            cost="ResNet-20: 64k steps of 128 images, 41 MMACs an image.",
            model="resnet20",
            dataset="cifar10",
            image_side=32,
            epochs=164,
            batch_size=128,
            learning_rate=0.1,
            schedule=PiecewiseConstant(boundaries=(82, 123), factors=(1, 0.1, 0.01)),
            weight_decay=1e-4,
            augmentation=Augmentation(padding=4, flip=True),
        ),
        Recipe(
            name="mlperf_tiny",
            source=(
                "MLPerf Tiny's reference for image classification (Banbury et "
                "al., 2021): Adam, 0.001 x 0.99^epoch, rotation by up to 15 "
                "degrees, shifts by up to a tenth, flips; target 85 %. Its l2(1e-4) "
                "penalty on the convolutions' kernels is a weight decay of 2e-4 in "
                "the gradient; here the last layer's kernel has it too."
            ),
            cost="ResNet-8: 781k steps of 32 images, 12.5 MMACs an image.",
            model="resnet8",
            dataset="cifar10",
            image_side=32,
            epochs=500,
            batch_size=32,
            optimizer="adam",
            learning_rate=1e-3,
            schedule=ExponentialPerEpoch(factor=0.99),
            weight_decay=2e-4,
            decay_normalization_and_bias=False,
            augmentation=Augmentation(flip=True, shift=0.1, rotation=15.0),
        ),
        Recipe(
            name="goyal2017_imagenet",
            source=(
                "Goyal et al. (2017), Accurate, Large Minibatch SGD, section 5.1: "
                "a rate of 0.1 for each 256 images, reached over 5 epochs, divided "
                "by 10 at 30, 60 and 80 of 90 epochs, Nesterov momentum, no decay "
                "on batch normalization. Published error: 23.74 +- 0.09 % "
                "(ResNet-50, batch 8192). Deviations: crops and flips without the "
                "changes of colour, biases are not decayed either."
            ),
            cost="ResNet-50: 90 epochs of 1.28 million images, 4.1 GMACs an image.",
            model="resnet50v1_5",
            dataset="imagenet2012",
            image_side=224,
            epochs=90,
            batch_size=256,
            learning_rate=0.1,
            learning_rate_batch_size=256,
            schedule=PiecewiseConstant(
                boundaries=(30, 60, 80), factors=(1, 0.1, 0.01, 0.001)
            ),
            warmup_epochs=5,
            nesterov=True,
            weight_decay=1e-4,
            decay_normalization_and_bias=False,
            augmentation=Augmentation(flip=True, resized_crop=True),
        ),
        Recipe(
            name="constant",
            source="This package's own, to try things: plain SGD at one rate.",
            cost="That of its epochs.",
            model="resnet8",
            dataset="digits",
            image_side=32,
            epochs=5,
            batch_size=64,
            learning_rate=0.05,
            schedule=Constant(),
            augmentation=Augmentation(),
        ),
    )
}


def list_recipes() -> list[str]:
    """Return the names of the recipes."""
    return list(RECIPES)


def get_recipe(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        ValueError: If there is no recipe of that name.
    """
    return RECIPES[check_choice("recipe", name, RECIPES)]
