"""The sets of pretrained weights, as tables."""

from keras_resnet.weights.card_tables import keras_applications, timm
from keras_resnet.weights.card_tables.defaults import ALIASES, DEFAULTS, IMAGENET

CARDS = (*keras_applications.CARDS, *timm.CARDS)

__all__ = ["ALIASES", "CARDS", "DEFAULTS", "IMAGENET"]
