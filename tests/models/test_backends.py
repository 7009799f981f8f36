"""Every network on the JAX and PyTorch backends: the same numbers as on TensorFlow.

Networks that differ in depth and width alone are the same network when small,
and are computed once. A failure names all that it stands for.
"""

import runpy
from pathlib import Path

import numpy as np
import pytest

import keras_resnet

SCRIPT = Path(__file__).with_name("small_networks.py")
SMALL = runpy.run_path(str(SCRIPT))
STANDS_FOR = {
    specification.name: names for specification, names in SMALL["distinct_networks"]()
}


@pytest.fixture(scope="module")
def expected():
    return SMALL["results"]()


def largest(arrays):
    return max(np.abs(array).max() for array in arrays)


def faults_of(network, found, expected):
    """Say what differs in a network, the worst first."""
    keys = [key for key in expected if key.split("|")[0] == network]
    gradients = [expected[key] for key in keys if "|gradient|" in key]
    faults = []
    for key in keys:
        if key not in found:
            faults.append((np.inf, f"{key} is missing"))
            continue
        # A rectifier whose input rounds to the other side of zero moves
        # gradients, and a bias before a normalization has none but rounding.
        allowed = 1e-5 * np.abs(expected[key]).max()
        if "|gradient|" in key:
            allowed = 5e-2 * np.abs(expected[key]).max() + 1e-4 * largest(gradients)
        ratio = np.abs(found[key] - expected[key]).max() / allowed
        if not ratio <= 1:
            faults.append((ratio, f"{key} is {ratio:.3g} times what is allowed off"))
    return [text for _, text in sorted(faults, reverse=True)]


def test_small_networks_stand_for_all():
    stood_for = [name for names in STANDS_FOR.values() for name in names]
    assert sorted(stood_for) == sorted(keras_resnet.list_models())


def test_small_networks_are_worth_comparing(expected):
    gradients = {key for key in expected if "|gradient|" in key}
    for network in STANDS_FOR:
        logits = expected[f"{network}|logits"]
        # Images differ, so that what is compared is not the biases alone.
        assert np.ptp(logits, axis=0).max() > 1e-2 * np.abs(logits).max(), network
        model = keras_resnet.models.build_model(SMALL["small"](network))
        paths = {f"{network}|gradient|{v.path}" for v in model.trainable_variables}
        assert paths <= gradients, paths - gradients


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_numbers_and_gradients(tmp_path, run_python, expected, backend):
    path = tmp_path / "results.npz"
    code = SCRIPT.read_text(encoding="utf-8")
    run_python(code, path, backend=backend)
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    failed = {
        ", ".join(names): faults[:3]
        for network, names in STANDS_FOR.items()
        if (faults := faults_of(network, found, expected))
    }
    assert not failed, failed
    assert set(found) == set(expected)
