"""Training batches: shuffled, augmented, and the same again on request."""

from typing import TYPE_CHECKING

from keras_resnet.training.augmentation import Augmentation, augment, augment_file
from keras_resnet.training.augmentation.geometry import is_mirrored
from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.datasets.evaluation import check_image_shape
from keras_resnet.training.epoch_order import examples_in_order
from keras_resnet.training.input.data_service import DataService, serve, turns_of
from keras_resnet.training.input.share import WHOLE, Share, own_records
from keras_resnet.training.mixing import Mixing
from keras_resnet.wording import counted

if TYPE_CHECKING:
    import tensorflow as tf

# Tell the streams of random numbers that share a seed apart.
SHUFFLING, AUGMENTING, MIXING = 0, 1, 2
# Epochs count from 0: of this one is what all of them share.
EVERY_EPOCH = -1


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return how many full batches an epoch has.

    What is left over is dropped (`training_batches` says why); as every epoch
    shuffles anew, that is other examples each time.

    Raises:
        ValueError: If there are fewer training images than a batch has.
    """
    steps = images // batch_size
    if not steps:
        raise ValueError(
            f"`batch_size` must not exceed the {counted(images, 'training image')}"
            f". Received: batch_size={batch_size}"
        )
    return steps


def training_batches(
    split: Split,
    image_shape,
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
    epochs: int,
    initial_epoch: int = 0,
    initial_step: int = 0,
    *,
    repeats: int = 1,
    mixing: Mixing | None = None,
    share: Share = WHOLE,
    data_service: DataService | None = None,
) -> "tf.data.Dataset":
    """Return the batches from a place in `initial_epoch` up to epoch `epochs`.

    The order of an epoch is a function of `(seed, epoch)`, and what is done
    to an image one of `(seed, epoch, its place in the split)`. Step 20 of epoch
    7 has therefore the same batch whether the training began there or at 0,
    and whatever the number of replicas. What comes before is passed over in
    the shuffled order, and no image of it is decoded.

    Every batch is full, and examples that would fill the last one of an epoch
    in part are dropped. Replicas must have equal shares of it; and a `fit` on
    a CPU that meets a smaller batch after larger ones makes TensorFlow 2.21's
    oneDNN kernels write past their memory, which may end the process.

    Workers that have a share each decode nothing of the others'. Their rows
    are those of one process, one below the other. Only mixed images differ:
    each worker mixes its own rows, by draws of its own.

    Args:
        split: The examples.
        image_shape: `(height, width, channels)` to deliver.
        batch_size: Images a batch, over all replicas.
        augmentation: What is done to the images.
        seed: Any integer of 64 bits.
        epochs: Where to stop.
        initial_epoch: Where to begin. Defaults to 0.
        initial_step: How many batches of that epoch to leave out, at most all
            of them. Defaults to 0.
        repeats: Copies of an image in an epoch (see `repeat_examples`).
            Defaults to 1.
        mixing: How the images of a batch are mixed. Defaults to not at all.
        share: Which rows of each batch to return. Defaults to all.
        data_service: A tf.data service, in its context, that prepares the
            batches: the same ones in the same order, to be iterated over once.
            Defaults to none: this process does.

    Returns:
        A `tf.data.Dataset` of `(images, labels)`: float32
        `(batch, height, width, channels)` in 0..255 and int32 `(batch,)`, or,
        where images are mixed, shares of the classes, float32
        `(batch, classes)`.

    Raises:
        ValueError: If the channels are not those of the images, the split is
            smaller than one batch, an epoch has fewer than `initial_step`, or
            workers would not have equal shares.
        RuntimeError: If the service is not in its context.
    """
    import tensorflow as tf

    shape = check_image_shape(image_shape, split)
    rows = share.of(batch_size)
    steps = steps_per_epoch(split.size, batch_size)
    if not 0 <= initial_step <= steps:
        raise ValueError(
            f"`initial_step` must be one of the {counted(steps, 'step')} of an "
            f"epoch. Received: initial_step={initial_step}"
        )
    streams = tf.random.split(
        tf.constant([seed & 0x7FFFFFFF, (seed >> 31) & 0x7FFFFFFF], "int32"), 3
    )
    fold = tf.random.experimental.stateless_fold_in

    def of_epoch(stream, epoch):
        return fold(streams[stream], tf.cast(epoch, "int32"))

    def examples_of(epoch):
        ordered = examples_in_order(split, of_epoch(SHUFFLING, epoch), repeats)
        left_out = tf.where(epoch == initial_epoch, initial_step * batch_size, 0)
        return (
            ordered.take(steps * batch_size)
            .skip(tf.cast(left_out, "int64"))
            .map(lambda copy, example: (epoch, copy, *example))
        )

    def prepare(epoch, copy, index, record):
        place = tf.cast(index, "int32")
        image_seed = fold(of_epoch(AUGMENTING, epoch), place)
        if repeats > 1:
            image_seed = fold(image_seed, copy)
        mirrored = None
        if augmentation.alternating_flip:
            own_seed = fold(of_epoch(AUGMENTING, EVERY_EPOCH), place)
            mirrored = is_mirrored(own_seed, epoch + tf.cast(copy, epoch.dtype))
        image, label = augmented(
            split, record, image_seed, augmentation, shape, mirrored
        )
        return image, tf.cast(label, "int32")

    def mix(step, batch):
        epoch, step = initial_epoch + step // steps, step % steps
        step_seed = fold(of_epoch(MIXING, epoch), tf.cast(step, "int32"))
        if share.count > 1:
            step_seed = fold(step_seed, share.index)
        return mixing.mix(*batch, step_seed)

    def batches(stream: int = 0, count: int = 1):
        """Return every batch, or those in the places `stream` modulo `count`."""
        # What is one after another here is prepared side by side, across the
        # ends of epochs, too.
        examples = tf.data.Dataset.range(initial_epoch, epochs).flat_map(examples_of)
        examples = turns_of(examples, batch_size, stream, count)
        made = (
            own_records(examples, batch_size, share)
            .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .batch(rows, drop_remainder=True)
        )
        if mixing is None or not mixing.changes:
            return made
        places = tf.data.Dataset.counter(initial_step + stream, count, "int64")
        return tf.data.Dataset.zip(places, made).map(
            mix, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )

    if data_service is None:
        return batches().prefetch(tf.data.AUTOTUNE)
    total = (epochs - initial_epoch) * steps - initial_step
    return serve(batches, total, data_service).prefetch(tf.data.AUTOTUNE)


def augmented(
    split: Split, record, seed, augmentation: Augmentation, shape, mirrored=None
):
    """Return the image of a record, changed at random, and its label.

    Args:
        split: The split that the record is of.
        record: Its tensors.
        seed: Two integers, which decide everything that is random.
        augmentation: What is done to the image.
        shape: `(height, width, channels)` to deliver.
        mirrored: As of `augment`. Defaults to a draw.
    """
    if split.encoded is None:
        image, label = split.decode(*record)
        return augment(image, seed, augmentation, *shape[:2], mirrored), label
    contents, label = split.encoded(*record)
    return augment_file(contents, seed, augmentation, *shape, mirrored), label
