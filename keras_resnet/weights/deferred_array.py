"""An array that is read when it is needed."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class DeferredArray:
    """An array of a file or model, known by its shape until it is read.

    Attributes:
        shape: Its shape.
        dtype: Its NumPy dtype.
        read: Function of no arguments that returns the array.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]

    @classmethod
    def of(cls, array) -> "DeferredArray":
        """Make one of an array in memory, or of anything that reads alike."""
        if isinstance(array, np.ndarray):
            return cls(array.shape, array.dtype, lambda: array)
        return cls(tuple(array.shape), np.dtype(array.dtype), array.read)

    @classmethod
    def of_variable(cls, variable) -> "DeferredArray":
        """Make one of a Keras variable."""
        import keras

        def read():
            return keras.ops.convert_to_numpy(variable.value)

        return cls(tuple(variable.shape), as_dtype(variable.dtype), read)

    def then(
        self, change: Callable[[np.ndarray], np.ndarray], shape
    ) -> "DeferredArray":
        """Make one that is changed after it is read.

        Args:
            change: Function of the array that returns the changed one.
            shape: Shape of the changed one.
        """
        return DeferredArray(tuple(shape), self.dtype, lambda: change(self.read()))


def as_dtype(name: str) -> np.dtype:
    """Give the NumPy dtype of a Keras dtype, bfloat16 included."""
    import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def is_floating(dtype: np.dtype) -> bool:
    """Say whether a dtype is one of real numbers."""
    # NumPy counts the bfloat16 of ml_dtypes among the kinds that it has not.
    return dtype.kind == "f" or dtype.name == "bfloat16"
