"""What a recipe is: everything that decides how a network is trained."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from keras_resnet.arguments import (
    check_choice,
    check_interval,
    check_positive_integer,
)
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.datasets.evaluation import CROP_SHARE
from keras_resnet.training.recipes.checks import check_instance, check_text
from keras_resnet.training.recipes.figures import Published, Reproduced
from keras_resnet.training.schedules import (
    SCHEDULES,
    ExponentialPerEpoch,
    PiecewiseConstant,
    Schedule,
)

OPTIMIZERS = ("sgd", "adam", "rmsprop", "lars", "lamb")
LOSSES = ("softmax", "sigmoid")
STOCHASTIC_DEPTH_MODES = ("batch", "sample")
INPUT_MEANS = ("channel", "pixel")
# Fields that say something about a recipe and decide nothing.
WORDS = ("source", "cost", "deviations", "published", "reproduced")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained.

    Attributes:
        name: The name to ask for it by.
        source: Where it comes from.
        cost: What a run costs, with the network and the data.
        model: Network to train when none is asked for.
        dataset: Dataset to train on when none is asked for.
        image_side: Height and width of the images that the network sees.
        epochs: Passes over the training split.
        batch_size: Images a step, over all replicas together.
        learning_rate: Peak learning rate at `learning_rate_batch_size`.
        schedule: How the learning rate falls from its peak.
        augmentation: What is done at random to a training image.
        optimizer: `"sgd"`, `"adam"`, `"rmsprop"`, `"lars"` or `"lamb"`.
        learning_rate_batch_size: The batch size that `learning_rate` is meant
            for; with another one the rate is scaled in proportion (Goyal et
            al., 2017). None: the rate is used as it is.
        warmup_epochs: Epochs over which the rate first rises, linearly.
        warmup_start: Share of the peak rate that the rise begins with.
        momentum: Momentum of `"sgd"`, `"rmsprop"` and `"lars"`.
        nesterov: Whether the momentum of `"sgd"` is Nesterov's.
        trust_coefficient: Of `"lars"`, eta (You et al., 2017).
        rms_decay: Of `"rmsprop"`, decay a step of the mean squared gradient.
        rms_epsilon: Of `"rmsprop"`, added to that before its root is taken.
        weight_decay: L2 penalty: this times a weight is added to its gradient.
            `"lars"` and `"lamb"` count it in as their papers do.
        decay_normalization_and_bias: Whether that also holds for the scales
            and offsets of batch normalization and for biases.
        clip_norm: Largest global norm of the gradients summed over replicas;
            longer ones are shortened to it. None: they are left alone.
        accumulation_steps: Parts in which the batch of a step is computed.
        ema_decay: Decay a step of the moving average of all variables that is
            evaluated and saved. None: there is no average.
        loss: `"softmax"` for cross entropy, or `"sigmoid"` for binary cross
            entropy of every class (Wightman et al., 2021).
        label_smoothing: Share of the target spread evenly over all classes.
        binary_threshold: With `"sigmoid"`, a class counts as present where
            its share in a mixed image is above this. None: the target is the
            share itself.
        mixup: Both parameters of the Beta distribution that two images are
            mixed by (Zhang et al., 2018); 0 for none.
        cutmix: Likewise for pasting a part of another image (Yun et al.,
            2019). With both, each batch gets one of the two at random.
        augmentation_repeats: Copies of an image that an epoch has, each
            augmented anew (Hoffer et al., 2020). The epoch stays as long, so
            it sees so many times fewer images.
        survival_probability: Of the last block in stochastic depth (Huang et
            al., 2016); 1 for none.
        stochastic_depth_mode: `"batch"`, one draw a batch, or `"sample"`.
        input_mean: What the network subtracts from an image: `"channel"`, the
            mean colour that it was made for, if any, or `"pixel"`, the mean
            image of the training split.
        synchronized_batch_norm: Whether several devices normalize by the whole
            batch (of one part of it, with `accumulation_steps`), as one device
            does. Otherwise each does by its own share, which saves the exchange
            in every layer. On JAX devices normalize by all of it in any case.
        model_options: More arguments of `keras_resnet.create_model`.
        evaluation_side: Height and width of test images. None: `image_side`.
        evaluation_crop: Share of the shorter side that the central crop of a
            larger test image keeps.
        progressive_sides: Pairs `(epoch, side)`: from that epoch, counted
            from 0, training images have that side instead of `image_side`.
        deviations: Where this differs from what the source did.
        published: Figures that the source reports.
        reproduced: Figures that a run of this package measured.

    Raises:
        TypeError: If a value is of the wrong type.
        ValueError: If a value is out of range or values do not fit together.
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
    trust_coefficient: float = 0.001
    rms_decay: float = 0.9
    rms_epsilon: float = 1e-7
    weight_decay: float = 0.0
    decay_normalization_and_bias: bool = True
    clip_norm: float | None = None
    accumulation_steps: int = 1
    ema_decay: float | None = None
    loss: str = "softmax"
    label_smoothing: float = 0.0
    binary_threshold: float | None = None
    mixup: float = 0.0
    cutmix: float = 0.0
    augmentation_repeats: int = 1
    survival_probability: float = 1.0
    stochastic_depth_mode: str = "batch"
    input_mean: str = "channel"
    synchronized_batch_norm: bool = False
    model_options: Mapping[str, Any] = dataclasses.field(
        default_factory=dict, hash=False
    )
    evaluation_side: int | None = None
    evaluation_crop: float = CROP_SHARE
    progressive_sides: tuple[tuple[int, int], ...] = ()
    deviations: str = ""
    published: tuple[Published, ...] = ()
    reproduced: tuple[Reproduced, ...] = ()

    def __post_init__(self):
        """Refuse what cannot be trained by."""
        self._check_words()
        for field in ("image_side", "epochs", "batch_size", "accumulation_steps"):
            check_positive_integer(field, getattr(self, field))
        check_positive_integer("augmentation_repeats", self.augmentation_repeats)
        for field in ("learning_rate_batch_size", "evaluation_side"):
            if getattr(self, field) is not None:
                check_positive_integer(field, getattr(self, field))
        for field in (
            "nesterov",
            "decay_normalization_and_bias",
            "synchronized_batch_norm",
        ):
            check_instance(field, getattr(self, field), bool, "True or False")
        for field, allowed in (
            ("optimizer", OPTIMIZERS),
            ("loss", LOSSES),
            ("stochastic_depth_mode", STOCHASTIC_DEPTH_MODES),
            ("input_mean", INPUT_MEANS),
        ):
            check_choice(field, getattr(self, field), allowed)
        self._check_numbers()
        check_instance("schedule", self.schedule, SCHEDULES, "a schedule")
        check_instance(
            "augmentation", self.augmentation, Augmentation, "an `Augmentation`"
        )
        check_instance(
            "model_options", self.model_options, Mapping, "a mapping of arguments"
        )
        for key in self.model_options:
            check_text("model_options", key)
        self._check_that_parts_fit()
        # A copy that asdict and JSON can read, whatever mapping it was.
        object.__setattr__(self, "model_options", dict(self.model_options))

    def _check_words(self):
        for field in ("name", "source", "cost", "model", "dataset"):
            check_text(field, getattr(self, field))
        check_instance("deviations", self.deviations, str, "a string")
        for field, kind in (("published", Published), ("reproduced", Reproduced)):
            figures = getattr(self, field)
            check_instance(field, figures, tuple, f"a tuple of `{kind.__name__}`")
            for figure in figures:
                check_instance(field, figure, kind, f"a tuple of `{kind.__name__}`")

    def _check_numbers(self):
        for field, low, high, include_low in (
            ("learning_rate", 0, math.inf, False),
            ("warmup_epochs", 0, math.inf, True),
            ("warmup_start", 0, 1, True),
            ("momentum", 0, 1, True),
            ("trust_coefficient", 0, math.inf, False),
            ("rms_decay", 0, 1, True),
            ("rms_epsilon", 0, math.inf, False),
            ("weight_decay", 0, math.inf, True),
            ("label_smoothing", 0, 1, True),
            ("mixup", 0, math.inf, True),
            ("cutmix", 0, math.inf, True),
            ("survival_probability", 0, 1, False),
            ("evaluation_crop", 0, 1, False),
        ):
            value = getattr(self, field)
            check_interval(field, value, low, high, include_low=include_low)
        for field, high, include_low in (
            ("clip_norm", math.inf, False),
            ("ema_decay", 1, False),
            ("binary_threshold", 1, True),
        ):
            if getattr(self, field) is not None:
                value = getattr(self, field)
                check_interval(field, value, 0, high, include_low=include_low)

    def _check_that_parts_fit(self):
        if self.batch_size % self.accumulation_steps:
            raise ValueError(
                "`batch_size` must be a multiple of `accumulation_steps`. Received: "
                f"batch_size={self.batch_size}, "
                f"accumulation_steps={self.accumulation_steps}"
            )
        if self.binary_threshold is not None and self.loss != "sigmoid":
            raise ValueError(
                "Only the loss 'sigmoid' has a `binary_threshold`. Received: "
                f"loss={self.loss!r}, binary_threshold={self.binary_threshold}"
            )
        message = (
            "`progressive_sides` must be pairs (epoch, side) of integers with rising "
            f"epochs. Received: progressive_sides={self.progressive_sides!r}"
        )
        check_instance(
            "progressive_sides",
            self.progressive_sides,
            tuple,
            "a tuple of pairs (epoch, side)",
        )
        last = -1
        for pair in self.progressive_sides:
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise ValueError(message)
            epoch, side = pair
            check_positive_integer("progressive_sides", side)
            check_instance("progressive_sides", epoch, int, "pairs of integers")
            if epoch <= last:
                raise ValueError(message)
            last = epoch
        if self.input_mean == "pixel" and len(self.sides()) > 1:
            raise ValueError(
                "A mean image fits images of one side alone. Received: "
                f"input_mean='pixel', sides of {sorted(self.sides())}"
            )

    def peak_learning_rate(self) -> float:
        """Return the peak learning rate at this recipe's batch size."""
        if self.learning_rate_batch_size is None:
            return self.learning_rate
        return self.learning_rate * self.batch_size / self.learning_rate_batch_size

    def images_at_a_time(self) -> int:
        """Return how many images all replicas compute with at a time."""
        return self.batch_size // self.accumulation_steps

    def sides(self) -> set[int]:
        """Return all sides of images that the network sees."""
        return {
            self.image_side,
            self.evaluation_side or self.image_side,
            *(side for _, side in self.progressive_sides),
        }

    def side_of_epoch(self, epoch: int) -> int:
        """Return the side of training images in an epoch.

        Args:
            epoch: Counted from 0.
        """
        side = self.image_side
        for first, later in self.progressive_sides:
            if epoch >= first:
                side = later
        return side

    def published_for(self, model: str) -> tuple[Published, ...]:
        """Return the published figures of a network."""
        return tuple(figure for figure in self.published if figure.model == model)

    def reproduced_for(self, model: str) -> tuple[Reproduced, ...]:
        """Return the measured figures of a network."""
        return tuple(figure for figure in self.reproduced if figure.model == model)

    def with_epochs(self, epochs: int) -> "Recipe":
        """Return the recipe for another number of epochs.

        What happens at an epoch, such as a drop of the rate, another side or
        the end of the warm-up, moves in proportion.

        Raises:
            TypeError: If `epochs` is not an integer.
            ValueError: If it is not positive, or too small for
                `progressive_sides`.
        """
        ratio = check_positive_integer("epochs", epochs) / self.epochs
        schedule = self.schedule
        if isinstance(schedule, PiecewiseConstant):
            schedule = dataclasses.replace(
                schedule, boundaries=tuple(b * ratio for b in schedule.boundaries)
            )
        elif isinstance(schedule, ExponentialPerEpoch):
            # In whole epochs; the factor makes up for what that rounds off.
            every = max(1, round(schedule.every * ratio))
            power = every / (schedule.every * ratio)
            schedule = dataclasses.replace(
                schedule, factor=schedule.factor**power, every=every
            )
        return dataclasses.replace(
            self,
            epochs=epochs,
            schedule=schedule,
            warmup_epochs=self.warmup_epochs * ratio,
            progressive_sides=tuple(
                (round(epoch * ratio), side) for epoch, side in self.progressive_sides
            ),
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

        Other sides that the recipe names, for evaluation or from some epoch
        on, change in proportion.

        Raises:
            TypeError: If `image_side` is not an integer.
            ValueError: If it is not positive.
        """
        ratio = check_positive_integer("image_side", image_side) / self.image_side

        def scaled(side: int) -> int:
            return max(round(side * ratio), 1)

        return dataclasses.replace(
            self,
            image_side=image_side,
            evaluation_side=self.evaluation_side and scaled(self.evaluation_side),
            progressive_sides=tuple(
                (epoch, scaled(side)) for epoch, side in self.progressive_sides
            ),
        )

    def adapted(
        self,
        epochs: int | None = None,
        batch_size: int | None = None,
        image_side: int | None = None,
    ) -> "Recipe":
        """Return the recipe with what is not None changed, each as by itself.

        Raises:
            TypeError: If a number is not an integer.
            ValueError: If one is not positive.
        """
        recipe = self
        if epochs is not None:
            recipe = recipe.with_epochs(epochs)
        if batch_size is not None:
            recipe = recipe.with_batch_size(batch_size)
        if image_side is not None:
            recipe = recipe.with_image_side(image_side)
        return recipe
