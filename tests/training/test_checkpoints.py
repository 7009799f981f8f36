import keras
import numpy as np
import pytest

from keras_resnet.training.checkpoints import (
    Progress,
    differences,
    read_progress,
    restore_checkpoint,
    save_checkpoint,
)
from keras_resnet.training.history import Epoch
from keras_resnet.training.optimizers import AdamWithL2, SGDWithL2

PROGRESS = Progress(
    identity={"recipe": {"epochs": 4}, "seed": 0},
    history=(Epoch(1, 0.1, 2.0, 0.5, 1.5, 0.6, 3.0),),
)


def trained(small_network, seed, classes=3, optimizer=SGDWithL2, steps=3):
    keras.utils.set_random_seed(seed)
    model = small_network((16, 16, 1), classes, None)
    model.compile(
        optimizer(0.01) if optimizer is AdamWithL2 else optimizer(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.optimizer.build(model.trainable_variables)
    images = np.random.default_rng(0).uniform(0, 255, (8, 16, 16, 1)).astype("float32")
    for _ in range(steps):
        model.train_on_batch(images, np.arange(8) % classes)
    return model, images


def test_restores_model_optimizer_and_progress(small_network, tmp_path):
    path = tmp_path / "last.npz"
    model, images = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    other, _ = trained(small_network, 1, steps=0)
    assert restore_checkpoint(path, other, other.optimizer) == PROGRESS
    for _ in range(2):
        for each in (model, other):
            each.train_on_batch(images, np.arange(8) % 3)
    assert int(other.optimizer.iterations) == 5
    for expected, found in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-6)


def test_refuses_another_architecture_and_changes_nothing(small_network, tmp_path):
    path = tmp_path / "last.npz"
    model, _ = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    other, _ = trained(small_network, 1, classes=4)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"another architecture.*kernel.*3.*4"):
        restore_checkpoint(path, other, other.optimizer)
    for expected, found in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_refuses_a_model_with_more_variables(small_network, tmp_path):
    path = tmp_path / "last.npz"
    model, _ = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"another architecture: it has 14 .* has 2"):
        restore_checkpoint(path, small, model.optimizer)


def test_refuses_another_optimizer(small_network, tmp_path):
    path = tmp_path / "last.npz"
    model, _ = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    other, _ = trained(small_network, 0, optimizer=AdamWithL2)
    with pytest.raises(ValueError, match="another optimizer"):
        restore_checkpoint(path, other, other.optimizer)


@pytest.mark.parametrize("kept", [0, 10, 2000, -100])
def test_refuses_damaged_files(small_network, tmp_path, kept):
    path = tmp_path / "last.npz"
    model, _ = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"last\.npz' is damaged or no checkpoint"):
        read_progress(path)


def test_refuses_other_arrays(tmp_path):
    np.savez(tmp_path / "last.npz", weights=np.ones(3))
    with pytest.raises(ValueError, match="is damaged or no checkpoint"):
        read_progress(tmp_path / "last.npz")


def test_refuses_pickles(tmp_path):
    np.savez(tmp_path / "last.npz", head=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="is damaged or no checkpoint"):
        read_progress(tmp_path / "last.npz")


def test_an_older_checkpoint_survives_a_failure(small_network, tmp_path, monkeypatch):
    path = tmp_path / "last.npz"
    model, _ = trained(small_network, 0)
    save_checkpoint(path, model, model.optimizer, PROGRESS)
    before = path.read_bytes()

    def stop_halfway(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", stop_halfway)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, model, model.optimizer, PROGRESS)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["last.npz"]


def test_differences_are_named_by_their_path():
    before = {"recipe": {"epochs": 4, "rate": 0.1}, "seed": 0}
    now = {"recipe": {"epochs": 5, "rate": 0.1}, "seed": 0, "model": "x"}
    assert differences(before, now) == [
        "model: None before, 'x' now",
        "recipe.epochs: 4 before, 5 now",
    ]
