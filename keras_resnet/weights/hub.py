"""Sets of weights from repositories of timm's kind on the Hugging Face hub."""

import json
import math
import re

from keras_resnet.normalization import Normalization
from keras_resnet.weights.card import HUB, INTERPOLATIONS, Card, Evaluation, File
from keras_resnet.weights.card_tables.timm import ARCHITECTURES, FIRST_CONVOLUTIONS
from keras_resnet.weights.download import fetch

REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
WEIGHTS = "model.safetensors"
CONFIGURATION = "config.json"
# timm's longest, with the names of 21,843 classes, has some 2 MB.
LARGEST_CONFIGURATION_BYTES = 16 * 2**20
LARGEST_SIZE = 4096
LARGEST_CLASSES = 10**6
LONGEST_TEXT = 200


def card_of_repository(repository: str) -> Card:
    """Make the card of a repository on the Hugging Face hub.

    Its `config.json` is downloaded, or taken from the hub's cache.

    Args:
        repository: `"OWNER/NAME"`, with the `config.json` and the
            `model.safetensors` that timm writes.

    Raises:
        ValueError: If it holds no network of this package, or not as timm
            writes them.
        OSError: If the configuration cannot be downloaded.
        ImportError: If the hub's package is not installed.
    """
    _check(
        isinstance(repository, str) and REPOSITORY.fullmatch(repository),
        repository,
        "a repository must be named 'OWNER/NAME'",
    )
    path = fetch(File(f"{HUB}{repository}/{CONFIGURATION}"))
    _check(
        path.stat().st_size <= LARGEST_CONFIGURATION_BYTES,
        repository,
        f"its {CONFIGURATION} is too long",
    )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    # Python gives up on brackets in brackets by a RecursionError.
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"The {CONFIGURATION} of the repository is not JSON. "
            f"Received: repository={repository!r}"
        ) from error
    return card_of_config(repository, config)


def card_of_config(repository: str, config: dict) -> Card:
    """Make the card of a repository from its configuration, as timm writes it.

    Every field that is used is checked. A field that makes another network of
    the named one is refused: the weights would not fit, or worse, they would.

    Args:
        repository: `"OWNER/NAME"`.
        config: What its `config.json` holds.

    Raises:
        ValueError: If a field is missing, of another type, outside its range,
            or means a network that this package does not have.
    """

    def check(accepted, reason: str) -> None:
        _check(accepted, repository, reason)

    check(
        isinstance(config, dict) and isinstance(config.get("pretrained_cfg"), dict),
        "its configuration is not of timm's kind, with `architecture` and "
        "`pretrained_cfg`",
    )
    name = config.get("architecture")
    check(
        isinstance(name, str) and name in ARCHITECTURES,
        f"its network {_shown(name)} is none of {', '.join(ARCHITECTURES)}",
    )
    fields = {"crop_mode": "center", **config["pretrained_cfg"]}
    for key, source, allowed in (
        ("model_args", config, (None, {})),
        ("global_pool", config, (None, "avg")),
        ("label_offset", config, (None, 0)),
        ("label_offset", fields, (None, 0)),
        ("custom_load", fields, (None, False)),
        ("crop_mode", fields, ("center",)),
        ("first_conv", fields, (None, _first_convolution(name))),
        ("interpolation", fields, INTERPOLATIONS),
    ):
        check(
            any(_same(source.get(key), value) for value in allowed),
            f"its `{key}` is {_shown(source.get(key))}, which this package cannot do",
        )
    size = _test_value(fields, "input_size")
    check(
        isinstance(size, list)
        and len(size) == 3
        and all(_is_integer(side, 1, LARGEST_SIZE) for side in size)
        and size[0] == 3
        and size[1] == size[2],
        f"its input size is {_shown(size)}, not three channels, height and the same "
        "width",
    )
    crop = _test_value(fields, "crop_pct")
    check(
        _is_number(crop) and 0 < crop <= 1,
        f"its crop fraction is {_shown(crop)}, not a number above 0 and at most 1",
    )
    for key in ("mean", "std"):
        values = fields.get(key)
        check(
            isinstance(values, list)
            and len(values) == 3
            and all(map(_is_number, values))
            and (key == "mean" or all(value > 0 for value in values)),
            f"its `{key}` is {_shown(values)}, not three numbers",
        )
    classes = config.get("num_classes", fields.get("num_classes"))
    check(
        _is_integer(classes, 1, LARGEST_CLASSES),
        f"its number of classes is {_shown(classes)}, and a set of weights must "
        "have a classifier",
    )
    licence = fields.get("license") or "not stated"
    check(
        isinstance(licence, str)
        and licence.isprintable()
        and len(licence) <= LONGEST_TEXT,
        f"its `license` is {_shown(licence)}, not a name",
    )
    return Card(
        model=name,
        tag=repository,
        architecture=ARCHITECTURES[name],
        top=File(f"{HUB}{repository}/{WEIGHTS}"),
        normalization=Normalization(
            mean=_in_pixels(fields["mean"]),
            standard_deviation=_in_pixels(fields["std"]),
        ),
        evaluation=Evaluation(size[1], float(crop), fields["interpolation"]),
        source=f"https://huggingface.co/{repository}",
        licence=licence,
        classes=classes,
    )


def _check(accepted, repository, reason: str) -> None:
    if not accepted:
        raise ValueError(
            f"The repository cannot be used: {reason}. "
            f"Received: repository={_shown(repository)}"
        )


def _test_value(fields: dict, key: str):
    """Give what timm evaluates with, which is by default what it trained with."""
    value = fields.get(f"test_{key}")
    return fields.get(key) if value is None else value


def _first_convolution(name: str) -> str:
    return next(first for first, names in FIRST_CONVOLUTIONS.items() if name in names)


def _in_pixels(values: list) -> tuple[float, ...]:
    return tuple(255 * float(value) for value in values)


def _is_integer(value, low: int, high: int) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


def _is_number(value) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # Longer integers than floats can be.
    return abs(value) < 1e6 and math.isfinite(value)


def _same(value, allowed) -> bool:
    return type(value) is type(allowed) and value == allowed


def _shown(value) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
