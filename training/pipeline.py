"""Training batches: shuffled, augmented, and the same again on request."""

from typing import TYPE_CHECKING

from keras_resnet.training.augmentation import Augmentation, augment
from keras_resnet.training.datasets.dataset import Split
from keras_resnet.training.datasets.evaluation import check_image_shape
from keras_resnet.training.mixing import Mixing
from keras_resnet.training.repeated_augmentation import repeat_examples
from keras_resnet.wording import counted

if TYPE_CHECKING:
    import tensorflow as tf

# Tell the streams of random numbers that share a seed apart.
SHUFFLING, AUGMENTING, MIXING = 0, 1, 2


def steps_per_epoch(split: Split, batch_size: int) -> int:
    """Return how many full batches an epoch has.

    What is left over is dropped (`training_batches` says why); as every epoch
    shuffles anew, that is other examples each time.

    Raises:
        ValueError: If the split is smaller than one batch.
    """
    steps = split.size // batch_size
    if not steps:
        raise ValueError(
            f"`batch_size` must not exceed the {counted(split.size, 'training image')}"
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

    Returns:
        A `tf.data.Dataset` of `(images, labels)`: float32
        `(batch, height, width, channels)` in 0..255 and int32 `(batch,)`, or,
        where images are mixed, shares of the classes, float32
        `(batch, classes)`.

    Raises:
        ValueError: If the channels are not those of the images, the split is
            smaller than one batch, or an epoch has fewer than `initial_step`.
    """
    import tensorflow as tf

    height, width, _ = check_image_shape(image_shape, split)
    steps = steps_per_epoch(split, batch_size)
    if not 0 <= initial_step <= steps:
        raise ValueError(
            f"`initial_step` must be one of the {counted(steps, 'step')} of an "
            f"epoch. Received: initial_step={initial_step}"
        )
    streams = tf.random.split(
        tf.constant([seed & 0x7FFFFFFF, (seed >> 31) & 0x7FFFFFFF], "int32"), 3
    )

    def one_epoch(epoch):
        # `shuffle` mixes the process's global seed into its own, and fails on
        # a tensor as seed where that is 0. This graph is this function's own.
        tf.compat.v1.get_default_graph().seed = None
        epoch32 = tf.cast(epoch, "int32")
        fold = tf.random.experimental.stateless_fold_in
        order_seed = tf.random.stateless_uniform(
            (), fold(streams[SHUFFLING], epoch32), None, None, dtype="int64"
        )
        image_seed = fold(streams[AUGMENTING], epoch32)
        mixing_seed = fold(streams[MIXING], epoch32)
        left_out = tf.where(epoch == initial_epoch, initial_step * batch_size, 0)

        def prepare(copy, example):
            index, record = example
            image, label = split.decode(*record)
            image_index_seed = fold(image_seed, tf.cast(index, "int32"))
            if repeats > 1:
                image_index_seed = fold(image_index_seed, copy)
            image = augment(image, image_index_seed, augmentation, height, width)
            return image, tf.cast(label, "int32")

        shuffled = (
            split.records()
            .enumerate()
            .shuffle(
                min(split.shuffle_buffer, split.size),
                seed=order_seed,
                reshuffle_each_iteration=False,
            )
        )
        batches = (
            repeat_examples(shuffled, split.size, repeats)
            .skip(tf.cast(left_out, "int64"))
            .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .batch(batch_size, drop_remainder=True)
        )
        if mixing is None or not mixing.changes:
            return batches
        first = tf.where(epoch == initial_epoch, initial_step, 0)

        def mix(step, batch):
            step_seed = fold(mixing_seed, tf.cast(step, "int32"))
            return mixing.mix(*batch, step_seed)

        return batches.enumerate(tf.cast(first, "int64")).map(
            mix, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )

    return (
        tf.data.Dataset.range(initial_epoch, epochs)
        .flat_map(one_epoch)
        .prefetch(tf.data.AUTOTUNE)
    )
