"""Cards of repositories on the hub, from their configurations."""

import copy
import json

import pytest

from keras_resnet.models.registry import SPECIFICATIONS
from keras_resnet.normalization import Normalization
from keras_resnet.weights.card import Evaluation, File
from keras_resnet.weights.catalogue import find_card, get_card
from keras_resnet.weights.download import placed_path
from keras_resnet.weights.hub import card_of_config, card_of_repository

CONFIG = {
    "architecture": "resnet50",
    "num_classes": 5,
    "num_features": 2048,
    "global_pool": "avg",
    "pretrained_cfg": {
        "tag": "a1_in1k",
        "custom_load": False,
        "input_size": [3, 224, 224],
        "test_input_size": [3, 288, 288],
        "fixed_input_size": False,
        "interpolation": "bicubic",
        "crop_pct": 0.95,
        "test_crop_pct": 1.0,
        "crop_mode": "center",
        "mean": [0.5, 0.25, 0.5],
        "std": [0.2, 0.2, 0.4],
        "num_classes": 1000,
        "pool_size": [7, 7],
        "first_conv": "conv1",
        "classifier": "fc",
        "license": "apache-2.0",
    },
    "label_names": ["rose", "tulip"],
}
REMOVED = object()


def changed(key, value):
    config = copy.deepcopy(CONFIG)
    target = config if key in config or key == "model_args" else None
    target = config["pretrained_cfg"] if target is None else target
    if value is REMOVED:
        del target[key]
    else:
        target[key] = value
    return config


def test_card_of_a_configuration():
    card = card_of_config("someone/flowers", CONFIG)
    assert card.name == "resnet50.someone/flowers"
    assert card.architecture == "resnet50v1_5"
    assert card.top == File("hf://someone/flowers/model.safetensors")
    assert card.normalization == Normalization(
        mean=(127.5, 63.75, 127.5), standard_deviation=(51.0, 51.0, 102.0)
    )
    assert card.evaluation == Evaluation(288, 1.0, "bicubic")
    assert card.classes == 5
    assert card.licence == "apache-2.0"
    assert card.source == "https://huggingface.co/someone/flowers"
    assert card.claimed_top1 is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("test_input_size", None),
        ("test_input_size", REMOVED),
        ("test_crop_pct", None),
        ("global_pool", REMOVED),
        ("num_classes", REMOVED),
        ("crop_mode", REMOVED),
        ("license", REMOVED),
        ("license", None),
        ("first_conv", REMOVED),
        ("model_args", {}),
    ],
)
def test_what_may_be_absent(key, value):
    card = card_of_config("someone/flowers", changed(key, value))
    assert card.evaluation.size == (224 if key == "test_input_size" else 288)
    assert card.evaluation.crop_fraction == (0.95 if key == "test_crop_pct" else 1.0)
    assert card.classes == (1000 if key == "num_classes" else 5)
    assert card.licence == ("not stated" if key == "license" else "apache-2.0")


def test_configurations_of_timm_give_the_cards_of_the_tables(timm):
    for name in ("resnet18d.ra4_e3600_r224_in1k", "resnetv2_50.a1h_in1k"):
        theirs = timm.get_pretrained_cfg(name)
        pretrained = json.loads(json.dumps(theirs.to_dict()))
        config = {"architecture": theirs.architecture, "pretrained_cfg": pretrained}
        ours, table = card_of_config(f"timm/{name}", config), get_card(name)
        assert ours.architecture == table.architecture
        assert ours.top == table.top
        assert ours.evaluation == table.evaluation
        assert ours.normalization.mean == (table.normalization.mean,) * 3
        assert ours.classes == table.classes
        assert ours.licence.lower() == table.licence.lower()
        assert ours.architecture in SPECIFICATIONS


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("architecture", "resnet51q", "its network 'resnet51q' is none of resnet18"),
        ("architecture", ["resnet50"], "its network"),
        ("architecture", REMOVED, "its network None"),
        ("architecture", "x" * 10**6, "its network"),
        ("pretrained_cfg", None, "not of timm's kind"),
        ("pretrained_cfg", [], "not of timm's kind"),
        ("model_args", {"act_layer": "gelu"}, "`model_args` is {'act_layer'"),
        ("model_args", "none", "`model_args`"),
        ("global_pool", "catavgmax", "`global_pool` is 'catavgmax'"),
        ("label_offset", 1, "`label_offset` is 1"),
        ("label_offset", "0", "`label_offset`"),
        ("custom_load", "hf", "`custom_load` is 'hf'"),
        ("crop_mode", "squash", "`crop_mode` is 'squash'"),
        ("first_conv", "conv1.0", "`first_conv` is 'conv1.0'"),
        ("interpolation", "random", "`interpolation` is 'random'"),
        ("interpolation", None, "`interpolation` is None"),
        ("interpolation", {}, "`interpolation`"),
        ("test_input_size", [1, 28, 28], "its input size is \\[1, 28, 28\\]"),
        ("test_input_size", [3, 224, 192], "its input size"),
        ("test_input_size", [3, 0, 0], "its input size"),
        ("test_input_size", [3, 10**9, 10**9], "its input size"),
        ("test_input_size", [3, True, True], "its input size"),
        ("test_input_size", [3, 224.0, 224.0], "its input size"),
        ("test_input_size", "224", "its input size"),
        ("test_input_size", [], "its input size"),
        ("test_crop_pct", 0, "its crop fraction is 0"),
        ("test_crop_pct", 1.5, "its crop fraction"),
        ("test_crop_pct", float("nan"), "its crop fraction"),
        ("test_crop_pct", True, "its crop fraction"),
        ("test_crop_pct", "1", "its crop fraction"),
        ("crop_pct", REMOVED, None),
        ("mean", [0.5, 0.5], "its `mean`"),
        ("mean", [0.5, 0.5, float("inf")], "its `mean`"),
        ("mean", [0.5, 0.5, 10**400], "its `mean`"),
        ("mean", 0.5, "its `mean`"),
        ("mean", REMOVED, "its `mean` is None"),
        ("std", [0.5, 0.5, 0], "its `std`"),
        ("std", [0.5, 0.5, -1], "its `std`"),
        ("std", [0.5, None, 1], "its `std`"),
        ("num_classes", 0, "its number of classes is 0"),
        ("num_classes", -1, "its number of classes"),
        ("num_classes", 10**12, "its number of classes"),
        ("num_classes", "1000", "its number of classes"),
        ("num_classes", True, "its number of classes"),
        ("license", ["mit"], "its `license`"),
        ("license", "m\x1b[31mit", "its `license`"),
        ("license", "m" * 1000, "its `license`"),
    ],
)
def test_hostile_and_unfit_configurations(key, value, reason):
    config = changed(key, value)
    if reason is None:
        card_of_config("someone/flowers", config)
        return
    with pytest.raises(ValueError, match=reason) as refused:
        card_of_config("someone/flowers", config)
    message = str(refused.value)
    assert message.startswith("The repository cannot be used: ")
    assert message.endswith("Received: repository='someone/flowers'")
    assert len(message) < 1500
    assert "\x1b" not in message


@pytest.mark.parametrize("config", [None, [], "x", 3, {}, {"architecture": "resnet50"}])
def test_what_is_no_configuration(config):
    with pytest.raises(ValueError, match="not of timm's kind"):
        card_of_config("someone/flowers", config)


def test_offset_of_labels_beside_the_configuration():
    with pytest.raises(ValueError, match="`label_offset` is 1"):
        card_of_config("someone/flowers", {**CONFIG, "label_offset": 1})


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Place the configuration of a repository where it is looked for."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def apply(content, repository="someone/flowers"):
        path = placed_path(File(f"hf://{repository}/config.json"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return apply


def test_card_of_a_repository(place):
    place(json.dumps(CONFIG).encode())
    card = card_of_repository("someone/flowers")
    assert card == card_of_config("someone/flowers", CONFIG)
    assert get_card("someone/flowers") == card
    assert get_card(card.name) == card
    assert find_card("resnet50", "someone/flowers") == card


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{", b"[" * 200_000, b'{"architecture": "resnet50"}', b"1e999"],
    ids=lambda content: content[:20].hex(),
)
def test_files_that_are_no_configuration(place, content):
    place(content)
    with pytest.raises(ValueError, match="Received: repository='someone/flowers'"):
        card_of_repository("someone/flowers")


def test_overlong_file(place):
    place(b" " * (16 * 2**20 + 1))
    with pytest.raises(ValueError, match=r"its config.json is too long"):
        card_of_repository("someone/flowers")


@pytest.mark.parametrize(
    "repository", ["", "flowers", "a/b/c", "../x", "a/..", "a b/c", "a/b\n", None, 3]
)
def test_names_of_no_repository(repository):
    with pytest.raises(ValueError, match="must be named 'OWNER/NAME'"):
        card_of_repository(repository)
