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
