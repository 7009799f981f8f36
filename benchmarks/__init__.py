"""Measurements: LiteRT files on this machine, and the package against its peers.

Importing this module loads neither TensorFlow nor LiteRT.
"""

from keras_resnet.benchmarks.litert_host import measure_files
from keras_resnet.export.operators import FileDescription, describe_file
from keras_resnet.benchmarks.results import HostResult, Latency, write_json

__all__ = [
    "FileDescription",
    "HostResult",
    "Latency",
    "describe_file",
    "measure_files",
    "write_json",
]
