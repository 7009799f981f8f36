"""Arrays to write with the library of each format, and to read back."""

import ml_dtypes
import numpy as np
import pytest


@pytest.fixture
def arrays(rng):
    """Arrays as a checkpoint has them, and the shapes and dtypes at the edge."""
    return {
        "conv1.weight": rng.normal(size=(8, 3, 3, 3)).astype("float32"),
        "bn1.weight": np.ones(8, "float32"),
        "bn1.num_batches_tracked": np.array(7),
        "half": rng.normal(size=(2, 5)).astype("float16"),
        "double": rng.normal(size=(3,)),
        "mask": np.array([True, False]),
        "bytes": np.arange(4, dtype="uint8"),
        "nothing": np.zeros((0, 4), "float32"),
    }


@pytest.fixture
def bfloat16(rng):
    """One array in bfloat16."""
    return rng.normal(size=(3, 4)).astype(ml_dtypes.bfloat16)


@pytest.fixture
def assert_equal():
    """Compare what a file holds with what was written, and read it all."""

    def check(opened, written):
        assert set(opened) == set(written)
        assert len(opened) == len(written)
        for name, array in opened.items():
            value, expected = array.read(), written[name]
            assert array.name == name
            assert array.shape == value.shape == expected.shape
            assert array.dtype == value.dtype == expected.dtype.newbyteorder("=")
            assert array.nbytes == value.nbytes
            np.testing.assert_array_equal(value, expected)

    return check
