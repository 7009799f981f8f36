"""Residual networks for Keras 3, from the papers to the edge.

`keras_resnet.ResNet50()` and its siblings build models; `keras_resnet.layers`
has their blocks and `keras_resnet.weights` what fills them.
`keras_resnet.training`, `keras_resnet.export` and `keras_resnet.benchmarks`
are imported when they are first used.
"""

import importlib

from keras_resnet import program
from keras_resnet.version import __version__

with program.quiet_start():
    from keras_resnet import layers, models, weights
    from keras_resnet.models import (
        ResNet8,
        ResNet18,
        ResNet20,
        ResNet50,
        ResNet50V1_5,
        ResNet56,
        ResNet110,
        create_model,
        list_models,
    )

_IMPORTED_WHEN_USED = ("benchmarks", "export", "training")

__all__ = [
    "ResNet8",
    "ResNet18",
    "ResNet20",
    "ResNet50",
    "ResNet50V1_5",
    "ResNet56",
    "ResNet110",
    "__version__",
    "create_model",
    "layers",
    "list_models",
    "models",
    "weights",
]


def __getattr__(name):
    if name in _IMPORTED_WHEN_USED:
        return importlib.import_module(f"keras_resnet.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_IMPORTED_WHEN_USED})
