import numpy as np
import pytest

from keras_resnet.training import datasets


@pytest.mark.parametrize("name", ["no_such_dataset", "", "Digits!"])
def test_refuses_an_unknown_name(name):
    with pytest.raises(ValueError, match=r"Unknown dataset: .*Received: dataset="):
        datasets.load(name)


def test_refuses_a_name_that_is_no_string():
    with pytest.raises(TypeError, match="Received: name=3"):
        datasets.load(3)


def test_refuses_an_unknown_action():
    with pytest.raises(ValueError, match="Received: unreadable='ignore'"):
        datasets.load("digits", unreadable="ignore")


def test_classes_are_counted():
    assert datasets.load("digits").classes == 10


def test_a_subset_keeps_the_order_and_the_rest_as_it_is():
    split = datasets.load("digits").test
    every = list(split.examples().as_numpy_iterator())
    subset = split.subset(np.array([350, 2, 90]))
    assert subset.size == 3
    assert subset.shuffle_buffer <= 3
    assert subset.image_shape == split.image_shape
    found = list(subset.examples().as_numpy_iterator())
    for (image, label), index in zip(found, [2, 90, 350], strict=True):
        np.testing.assert_array_equal(image, every[index][0])
        assert label == every[index][1]
