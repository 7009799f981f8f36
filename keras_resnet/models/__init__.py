"""The networks: tables of specifications and the functions that build them."""

from keras_resnet.models.construction import build_model, create_model
from keras_resnet.models.constructors import (
    ResNet8,
    ResNet18,
    ResNet20,
    ResNet50,
    ResNet50V1_5,
    ResNet56,
    ResNet110,
)
from keras_resnet.models.registry import list_models, specification
from keras_resnet.models.specification import Normalization, Specification

__all__ = [
    "Normalization",
    "ResNet8",
    "ResNet18",
    "ResNet20",
    "ResNet50",
    "ResNet50V1_5",
    "ResNet56",
    "ResNet110",
    "Specification",
    "build_model",
    "create_model",
    "list_models",
    "specification",
]
