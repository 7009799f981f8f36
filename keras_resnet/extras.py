"""Importing what only an extra of the package installs."""

import importlib
from types import ModuleType


def import_extra(module: str, extra: str) -> ModuleType:
    """Import `module`, or say which extra to install.

    Args:
        module: Dotted name of the module.
        extra: The package's extra that installs it.

    Raises:
        ImportError: If the module's package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        # A module missing further down is a broken installation, not ours.
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ImportError(
            f"{package} is not installed. Install it with: "
            f'pip install "keras-resnet-edge[{extra}]"',
            name=package,
        ) from error
