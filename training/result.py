"""What a training returns."""

import dataclasses
from pathlib import Path

from keras_resnet.training.history import Epoch


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes:
        folder: The run's folder.
        model_path: The trained model in it: `.keras`, float32, softmax output,
            raw pixels 0..255 as input.
        history: What was measured, one entry an epoch.
        test_accuracy: Share of the test images that the model is right about.
        test_loss: Its cross entropy on them, in nats.
        test_count: How many test images there are.
        epochs_run: How many epochs this call trained; fewer than there are
            where a training was resumed.
    """

    folder: Path
    model_path: Path
    history: tuple[Epoch, ...]
    test_accuracy: float
    test_loss: float
    test_count: int
    epochs_run: int
