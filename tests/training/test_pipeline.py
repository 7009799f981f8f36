import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.training import datasets
from keras_resnet.training.augmentation import Augmentation
from keras_resnet.training.pipeline import steps_per_epoch, training_batches

SHAPE = (32, 32, 1)
SOME = Augmentation(padding=2, shift=0.05, rotation=5, flip=True)


@pytest.fixture(scope="module")
def split():
    return datasets.load("digits").test


def epochs_of(split, augmentation, **arguments):
    arguments = {"batch_size": 50, "seed": 0, "epochs": 3} | arguments
    batches = list(
        training_batches(
            split, SHAPE, augmentation=augmentation, **arguments
        ).as_numpy_iterator()
    )
    steps = split.size // arguments["batch_size"]
    return [
        [np.concatenate(part) for part in zip(*batches[i : i + steps], strict=True)]
        for i in range(0, len(batches), steps)
    ]


def test_every_batch_is_full(split):
    batches = training_batches(split, SHAPE, 100, Augmentation(), seed=0, epochs=2)
    # 360 examples: what is left of each epoch is dropped, not carried over.
    assert [len(labels) for _, labels in batches] == [100] * 6
    assert batches.element_spec[0].shape == (100, *SHAPE)


def test_an_epoch_has_each_example_at_most_once(split):
    examples = {image.tobytes() for image, _ in split.examples().as_numpy_iterator()}
    for images, labels in epochs_of(split, Augmentation()):
        assert images.shape == (350, *SHAPE)
        assert images.dtype == np.float32
        assert labels.dtype == np.int32
        seen = {image.astype("uint8").tobytes() for image in images}
        assert len(seen) == 350
        assert seen <= examples


def test_labels_stay_with_their_images(split):
    known = {
        image.tobytes(): label for image, label in split.examples().as_numpy_iterator()
    }
    images, labels = epochs_of(split, Augmentation())[1]
    assert [known[image.astype("uint8").tobytes()] for image in images] == list(labels)


def test_epochs_differ_in_order_and_augmentation(split):
    plain = epochs_of(split, Augmentation())
    assert not np.array_equal(plain[0][1], plain[1][1])
    changed = epochs_of(split, SOME)
    first = {image.tobytes() for image in changed[0][0]}
    second = {image.tobytes() for image in changed[1][0]}
    assert len(first & second) < 5


def test_an_epoch_is_the_same_wherever_the_training_begins(split):
    whole = epochs_of(split, SOME)
    rest = epochs_of(split, SOME, initial_epoch=1)
    assert len(rest) == 2
    for expected, found in zip(whole[1:], rest, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 3), (1, 6), (1, 7), (2, 0)])
def test_a_batch_is_the_same_wherever_the_training_begins(split, epoch, step):
    arguments = {"augmentation": SOME, "seed": 3, "epochs": 3}
    whole = list(training_batches(split, SHAPE, 50, **arguments).as_numpy_iterator())
    rest = training_batches(
        split, SHAPE, 50, **arguments, initial_epoch=epoch, initial_step=step
    )
    rest = list(rest.as_numpy_iterator())
    assert len(rest) == len(whole) - epoch * 7 - step
    for expected, found in zip(whole[-len(rest) :], rest, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


def test_what_is_left_out_is_not_decoded(split):
    decoded = []

    def note(image):
        decoded.append(1)
        return image

    def decode(image, label):
        image = tf.numpy_function(note, [image], image.dtype)
        return tf.ensure_shape(image, SHAPE), label

    noted = dataclasses.replace(split, decode=decode)
    batches = training_batches(
        noted, SHAPE, 50, Augmentation(), seed=0, epochs=1, initial_step=5
    )
    assert len(list(batches)) == 2
    # The ten behind the last batch may be decoded, too.
    assert 100 <= len(decoded) <= 110


@pytest.mark.parametrize("step", [-1, 8])
def test_refuses_a_step_that_is_none(split, step):
    with pytest.raises(ValueError, match=rf"7 steps .* initial_step={step}"):
        training_batches(
            split, SHAPE, 50, Augmentation(), seed=0, epochs=1, initial_step=step
        )


def test_an_epoch_does_not_depend_on_the_seed_of_the_process(split):
    keras.utils.set_random_seed(0)
    first = epochs_of(split, SOME, epochs=1)
    keras.utils.set_random_seed(5)
    again = epochs_of(split, SOME, epochs=1)
    np.testing.assert_array_equal(first[0][0], again[0][0])


@pytest.mark.parametrize("seed", [1, -1, 2**40])
def test_the_seed_changes_everything(split, seed):
    expected, found = (epochs_of(split, SOME, seed=s, epochs=1)[0] for s in (0, seed))
    assert not np.array_equal(expected[1], found[1])
    assert not np.array_equal(expected[0], found[0])


def test_steps_are_whole_batches(split):
    assert steps_per_epoch(split.size, 50) == 7
    assert steps_per_epoch(split.size, 360) == 1


def test_refuses_a_batch_larger_than_the_split(split):
    with pytest.raises(ValueError, match=r"360 training images.*batch_size=361"):
        training_batches(split, SHAPE, 361, Augmentation(), 0, 1)


def test_an_alternating_flip_shows_both_sides_in_turns(split):
    examples = [image for image, _ in split.examples().as_numpy_iterator()]
    sides = {}
    for number, image in enumerate(examples):
        sides[image.tobytes()] = (number, False)
        sides[image[:, ::-1].tobytes()] = (number, True)
    assert len(sides) == 2 * len(examples)

    alternating = Augmentation(alternating_flip=True)
    seen = [
        dict(sides[image.astype("uint8").tobytes()] for image in images)
        for images, _ in epochs_of(split, alternating, batch_size=40)
    ]
    assert len(seen[0]) == len(examples)
    mirrored = sum(seen[0].values())
    # Four standard deviations of the draws.
    assert abs(mirrored - len(examples) / 2) < 2 * np.sqrt(len(examples))
    assert seen[1] == {number: not was for number, was in seen[0].items()}
    assert seen[2] == seen[0]

    later = epochs_of(split, alternating, batch_size=40, initial_epoch=1)[0][0]
    again = dict(sides[image.astype("uint8").tobytes()] for image in later)
    assert again == seen[1]


def test_copies_of_an_image_alternate(split):
    alternating = Augmentation(alternating_flip=True)
    for images, _ in epochs_of(split, alternating, batch_size=40, repeats=2):
        assert np.array_equal(images[::2], images[1::2, :, ::-1])
