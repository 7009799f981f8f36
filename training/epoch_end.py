"""What happens when an epoch of `fit` ends: evaluate, record, save."""

import math
import time

import keras

from keras_resnet.training.checkpoints import Progress, save_checkpoint
from keras_resnet.training.distribution import merge_replicas
from keras_resnet.training.evaluator import Evaluator
from keras_resnet.training.history import Epoch, write_csv
from keras_resnet.training.run_folder import RunFolder


class EpochEnd(keras.callbacks.Callback):
    """Evaluates, records and saves, always in this order.

    The replicas' moving statistics are merged before anything is measured,
    so that what is reported is what the saved model reaches. The checkpoint
    is written before the files that only show what it holds.

    Args:
        folder: Where to write.
        strategy: The strategy of the training.
        evaluator: Scores the model on the test split.
        progress: How far the training came before.
        rate: Learning rate as a function of the step.
    """

    def __init__(
        self,
        folder: RunFolder,
        strategy,
        evaluator: Evaluator,
        progress: Progress,
        rate: keras.optimizers.schedules.LearningRateSchedule,
    ):
        super().__init__()
        self._rate = rate
        self._folder = folder
        self._strategy = strategy
        self._evaluator = evaluator
        self._identity = progress.identity
        self._writers = {}
        self._began = 0.0
        self.history = list(progress.history)

    def on_epoch_begin(self, epoch, logs=None):
        """Take the time."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Evaluate, record and save.

        Raises:
            RuntimeError: If the loss is no longer a number.
            OSError: If a file cannot be written.
        """
        if not math.isfinite(logs["loss"]):
            raise RuntimeError(
                f"The training loss became {logs['loss']} in epoch {epoch + 1}. "
                "A lower learning rate or a longer warm-up may help; the "
                f"checkpoint of epoch {epoch} is kept in '{self._folder.path}'."
            )
        merge_replicas(self.model, self._strategy)
        score = self._evaluator()
        # Callbacks after this one, the progress bar last, show these too.
        logs["val_loss"] = score.loss
        logs["val_accuracy"] = score.accuracy
        measured = Epoch(
            epoch=epoch + 1,
            learning_rate=float(self._rate((epoch + 1) * self.params["steps"] - 1)),
            train_loss=float(logs["loss"]),
            train_accuracy=float(logs["accuracy"]),
            test_loss=score.loss,
            test_accuracy=score.accuracy,
            seconds=time.perf_counter() - self._began,
        )
        self.history.append(measured)
        save_checkpoint(
            self._folder.checkpoint,
            self.model,
            self.model.optimizer,
            Progress(identity=self._identity, history=tuple(self.history)),
        )
        write_csv(self._folder.history, self.history)
        self._write_summaries(measured)

    def on_train_end(self, logs=None):
        """Close TensorBoard's event files."""
        for writer in self._writers.values():
            writer.close()

    def _write_summaries(self, measured: Epoch) -> None:
        import tensorflow as tf

        if not self._writers:
            self._writers = {
                split: tf.summary.create_file_writer(
                    str(self._folder.tensorboard / split)
                )
                for split in ("train", "test")
            }
        scalars = {
            "train": {
                "loss": measured.train_loss,
                "accuracy": measured.train_accuracy,
                "learning_rate": measured.learning_rate,
                "seconds": measured.seconds,
            },
            "test": {"loss": measured.test_loss, "accuracy": measured.test_accuracy},
        }
        for split, writer in self._writers.items():
            # Written as the protocol buffer that `tf.summary.scalar` would
            # make, which needs TensorBoard itself to be installed.
            summary = tf.compat.v1.Summary(
                value=[
                    tf.compat.v1.Summary.Value(tag=name, simple_value=value)
                    for name, value in scalars[split].items()
                ]
            )
            with writer.as_default():
                tf.summary.experimental.write_raw_pb(
                    summary.SerializeToString(), step=measured.epoch
                )
            writer.flush()
