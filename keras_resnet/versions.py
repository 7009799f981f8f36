"""The versions of the software that a result came from."""

import importlib.metadata

from keras_resnet.version import __version__

NOT_INSTALLED = "not installed"


def software_versions(*distributions: str) -> dict[str, str]:
    """List the versions of this package and of others that took part.

    Args:
        *distributions: Names under which the others are installed.

    Returns:
        Name to version, this package first; `"not installed"` for one that is
        absent.
    """
    versions = {"keras_resnet": __version__}
    for name in distributions:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = NOT_INSTALLED
    return versions
