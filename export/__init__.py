"""Exporting trained models to TFLite files and checking what came out."""

from keras_resnet.export.calibration import CalibrationSet
from keras_resnet.export.collapse import CollapsedModelError, VerificationError
from keras_resnet.export.converter import ConversionError
from keras_resnet.export.interpreter import LiteRTModel, TensorDescription
from keras_resnet.export.quantization import QUANTIZATIONS, Quantization
from keras_resnet.export.tflite import ExportedFile, to_tflite
from keras_resnet.export.verification import Verification, verify, verify_files

__all__ = [
    "QUANTIZATIONS",
    "CalibrationSet",
    "CollapsedModelError",
    "ConversionError",
    "ExportedFile",
    "LiteRTModel",
    "Quantization",
    "TensorDescription",
    "Verification",
    "VerificationError",
    "to_tflite",
    "verify",
    "verify_files",
]
