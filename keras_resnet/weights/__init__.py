"""Weights: where they come from and how they get into a model."""

from keras_resnet.weights.assignment import named_variables, transfer
from keras_resnet.weights.loading import find_card, load, load_card

__all__ = ["find_card", "load", "load_card", "named_variables", "transfer"]
