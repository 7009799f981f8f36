"""The program `keras-resnet-study`: the studies, on datasets by name.

`study_degradation`, `study_block_variants` and `study_stochastic_depth` are
those that train networks, as functions.
"""

import importlib

# Loaded when they are asked for, as most studies train nothing.
_MODULES = {
    "BlockVariant": "block_variants_table",
    "Budget": "variant_training",
    "study_block_variants": "block_variants",
    "study_degradation": "degradation",
    "study_stochastic_depth": "stochastic_depth",
}
__all__ = list(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
