"""From an image to a network's input, and from its output to names."""

from keras_resnet.preprocessing.evaluation import evaluation_map, evaluation_transform
from keras_resnet.preprocessing.evaluation_layer import (
    EvaluationPreprocessing,
    model_preprocessing,
)
from keras_resnet.preprocessing.input_pixels import preprocess_input
from keras_resnet.preprocessing.predictions import decode_predictions

__all__ = [
    "EvaluationPreprocessing",
    "decode_predictions",
    "evaluation_map",
    "evaluation_transform",
    "model_preprocessing",
    "preprocess_input",
]
