import importlib.metadata

import keras_resnet
from keras_resnet.versions import software_versions


def test_versions_and_what_is_absent():
    versions = software_versions("numpy", "no-such-distribution-here")
    assert versions == {
        "keras_resnet": keras_resnet.__version__,
        "numpy": importlib.metadata.version("numpy"),
        "no-such-distribution-here": "not installed",
    }
    assert next(iter(versions)) == "keras_resnet"
