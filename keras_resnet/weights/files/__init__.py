"""Files of arrays: opened lazily, checked before anything in them is believed."""

from keras_resnet.weights.files.array_file import ArrayFile, LazyArray, UnreadableFile
from keras_resnet.weights.files.keras_weights_h5 import KerasWeightsFile
from keras_resnet.weights.files.opening import FORMATS, open_arrays
from keras_resnet.weights.files.safetensors_file import write_safetensors

__all__ = [
    "FORMATS",
    "ArrayFile",
    "KerasWeightsFile",
    "LazyArray",
    "UnreadableFile",
    "open_arrays",
    "write_safetensors",
]
