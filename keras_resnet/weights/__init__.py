"""Weights: where they come from and how they get into a model."""

from keras_resnet.weights.adapted import AdaptedWeightsWarning
from keras_resnet.weights.assignment import named_variables, transfer
from keras_resnet.weights.card import Card, Evaluation
from keras_resnet.weights.catalogue import find_card, get_card, list_weights
from keras_resnet.weights.loading import load, load_card, naming_of
from keras_resnet.weights.saving import save

__all__ = [
    "AdaptedWeightsWarning",
    "Card",
    "Evaluation",
    "find_card",
    "get_card",
    "list_weights",
    "load",
    "load_card",
    "named_variables",
    "naming_of",
    "save",
    "transfer",
]
