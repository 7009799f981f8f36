import json

import pytest
from PIL import Image

from keras_resnet.training import measured_run
from keras_resnet.training.measured_run import measure_run
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.start import start

RECIPE = get_recipe("digits").with_batch_size(16)


def test_images_that_lie_here_are_measured_with_the_wait_for_them(small_network):
    found = measure_run(
        RECIPE, model=small_network, strategy="one_device", steps=3, steps_per_call=2
    )
    # In whole calls.
    assert found.steps == 4
    assert found.images == "images of digits"
    assert not found.is_stand_in
    lines = [text for _, text in found.facts()]
    assert any(line.startswith("waiting for images: ") for line in lines)
    assert found.estimate.seconds_a_step > 0


class Stopped(Exception):
    """Ends a measurement before its first step."""


def test_the_network_is_that_of_the_weights_which_are_not_read(monkeypatch):
    def stop(setup, *_, **__):
        raise Stopped(setup)

    monkeypatch.setattr(measured_run, "start", stop)
    with pytest.raises(Stopped) as stopped:
        measure_run(RECIPE, weights="resnet50.a1_in1k", strategy="one_device")
    network = stopped.value.args[0].network
    assert (network.name, network.weights) == ("resnet50", None)
    built = network.logits((32, 32, 1), 10, "float32", pretrained=True)
    # Version 1.5, as the card says: the 1x1 convolution has no stride.
    assert built.get_layer("conv3_block1_1_conv").strides == (1, 1)
    assert built.get_layer("conv3_block1_2_conv").strides == (2, 2)


def test_a_file_that_breaks_is_named(small_network, tmp_path, monkeypatch):
    for split in ("train", "test"):
        for name in ("a", "b"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(2):
                Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    (tmp_path / "train" / "b" / "2.png").write_bytes(b"no image")

    def after_a_loss(*arguments, **options):
        (tmp_path / "train" / "a" / "1.png").unlink()
        return start(*arguments, **options)

    recipe = get_recipe("constant").adapted(1, 2, 8)
    arguments = {
        "dataset": str(tmp_path),
        "model": small_network,
        "strategy": "one_device",
        "steps": 1,
    }
    with pytest.raises(ValueError, match="Received: unreadable='error'"):
        measure_run(recipe, unreadable="error", **arguments)
    monkeypatch.setattr(measured_run, "start", after_a_loss)
    with pytest.raises(OSError, match=r"1 image file can no .*\n.*a/1\.png: No such"):
        measure_run(recipe, **arguments)


@pytest.mark.parametrize("steps", [0, -1])
def test_refuses_a_number_of_steps_that_is_none(steps):
    with pytest.raises(ValueError, match=f"Received: steps={steps}"):
        measure_run(RECIPE, steps=steps)


@pytest.mark.parametrize("strategy", ["auto", "multi_worker"])
def test_refuses_several_workers(strategy, monkeypatch):
    workers = ["localhost:1", "localhost:2"]
    told = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(told))
    with pytest.raises(ValueError, match=f"several workers.*strategy='{strategy}'"):
        measure_run(RECIPE, strategy=strategy)
