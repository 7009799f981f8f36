import pytest

from keras_resnet.wording import counted


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0, "epoch"), "0 epochs"),
        ((1, "epoch"), "1 epoch"),
        ((2, "class", "classes"), "2 classes"),
        ((1, "class", "classes"), "1 class"),
        ((12345, "training image"), "12,345 training images"),
    ],
)
def test_counted(arguments, said):
    assert counted(*arguments) == said
