"""The sets of weights of timm, on the Hugging Face hub.

Most were trained for timm; it also hosts those of torchvision, GluonCV,
Facebook and Google.
"""

import dataclasses

from keras_resnet.normalization import TORCH, UNIT, Normalization
from keras_resnet.weights.card import Card, Evaluation, File

# timm's names of networks that this package has, under what timm calls their
# first convolution.
FIRST_CONVOLUTIONS = {
    "conv1": (
        *(f"resnet{depth}" for depth in (18, 34, 26, 50, 101, 152, 200)),
        *(f"seresnet{depth}" for depth in (18, 34, 50, 101, 152)),
        *(f"wide_resnet{depth}_2" for depth in (50, 101)),
        "resnext50_32x4d",
        "resnext101_32x4d",
        "resnext101_32x8d",
        "resnext101_64x4d",
    ),
    "conv1.0": (
        *(f"resnet{depth}d" for depth in (18, 34, 26, 50, 101, 152, 200)),
        *(f"resnetrs{depth}" for depth in (50, 101, 152, 200, 270, 350, 420)),
    ),
    "stem.conv": tuple(f"resnetv2_{depth}" for depth in (18, 34, 50, 101, 152)),
}
# Those that this package calls otherwise.
RENAMED = {f"resnet{depth}": f"resnet{depth}v1_5" for depth in (26, 50, 101, 152, 200)}
ARCHITECTURES = {
    name: RENAMED.get(name, name)
    for names in FIRST_CONVOLUTIONS.values()
    for name in names
}

TIMM = "Ross Wightman, timm"
TORCHVISION = "torchvision"
FACEBOOK = "Facebook AI Research"
PROCEDURES = "arXiv:2110.00476"
TRICKS = "arXiv:1812.01187"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What the sets of one tag have in common.

    Attributes:
        source: Who trained them.
        licence: SPDX identifier.
        sentence: How.
        paper: That describes it, or `None`.
        interpolation: See `Evaluation`.
        normalization: See `Card`.
        claimed_by: Where the accuracies were published.
    """

    source: str
    licence: str
    sentence: str
    paper: str | None = None
    interpolation: str = "bicubic"
    normalization: Normalization = TORCH
    claimed_by: str = "timm, results/results-imagenet.csv of 2024"


def _timm(sentence: str, paper: str | None = None, **others) -> Recipe:
    return Recipe(TIMM, "Apache-2.0", sentence, paper, **others)


def _torchvision(sentence: str) -> Recipe:
    return Recipe(
        TORCHVISION,
        "BSD-3-Clause",
        sentence,
        interpolation="bilinear",
        claimed_by="torchvision 0.28, metadata of its weights",
    )


def _facebook(sentence: str, paper: str) -> Recipe:
    return Recipe(FACEBOOK, "CC-BY-NC-4.0", sentence, paper, interpolation="bilinear")


RECIPES = {
    "a1_in1k": _timm("procedure A1: LAMB, 600 epochs at 224 pixels", PROCEDURES),
    "a1h_in1k": _timm("procedure A1 with stronger regularization", PROCEDURES),
    "a2_in1k": _timm("procedure A2: LAMB, 300 epochs at 224 pixels", PROCEDURES),
    "a3_in1k": _timm("procedure A3: LAMB, 100 epochs at 160 pixels", PROCEDURES),
    "b1k_in1k": _timm("procedure B: RMSProp, stepwise decay", PROCEDURES),
    "b2k_in1k": _timm("procedure B: RMSProp, stepwise decay", PROCEDURES),
    "c1_in1k": _timm("procedure C: SGD, adaptive gradient clipping", PROCEDURES),
    "c2_in1k": _timm("procedure C: SGD, adaptive gradient clipping", PROCEDURES),
    "d_in1k": _timm("procedure D", PROCEDURES),
    "am_in1k": _timm("AugMix", "arXiv:1912.02781"),
    "bt_in1k": _timm("bag of tricks", TRICKS),
    "ra_in1k": _timm("RandAugment", "arXiv:1909.13719"),
    "ra2_in1k": _timm("RandAugment, RMSProp, averaged weights", PROCEDURES),
    "racm_in1k": _timm("RandAugment, CutMix, mixup", PROCEDURES),
    "ram_in1k": _timm("RandAugment, AugMix", "arXiv:1912.02781"),
    "ra4_e3600_r224_in1k": _timm(
        "RandAugment, 3,600 epochs at 224 pixels, after MobileNetV4's",
        f"arXiv:2404.10518, {PROCEDURES}",
        normalization=UNIT,
    ),
    "gluon_in1k": Recipe("GluonCV", "Apache-2.0", "bag of tricks", TRICKS),
    "tf_in1k": Recipe("Google", "Apache-2.0", "as in the paper", "arXiv:2103.07579"),
    "tv_in1k": _torchvision("reference training of torchvision"),
    "tv2_in1k": _torchvision("second recipe of torchvision, trained at 176 pixels"),
    "fb_ssl_yfcc100m_ft_in1k": _facebook(
        "semi-supervised on YFCC100M, then ImageNet", "arXiv:1905.00546"
    ),
    "fb_swsl_ig1b_ft_in1k": _facebook(
        "semi-weakly supervised on 940 million images, then ImageNet",
        "arXiv:1905.00546",
    ),
    "fb_wsl_ig1b_ft_in1k": _facebook(
        "weakly supervised on 940 million images, then ImageNet", "arXiv:1805.00932"
    ),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A set of weights.

    Attributes:
        model: timm's name of the network.
        tag: Key of `RECIPES`.
        size: See `Evaluation`.
        crop_fraction: See `Evaluation`.
        claimed_top1: See `Card`.
        normalization: See `Card`. Defaults to the recipe's.
    """

    model: str
    tag: str
    size: int
    crop_fraction: float
    claimed_top1: float | None = None
    normalization: Normalization | None = None


ROWS = (
    Row("resnet18", "a1_in1k", 288, 1.0, 73.164),
    Row("resnet18", "a2_in1k", 288, 1.0, 72.362),
    Row("resnet18", "a3_in1k", 224, 0.95, 68.246),
    Row("resnet18", "fb_ssl_yfcc100m_ft_in1k", 224, 0.875, 72.636),
    Row("resnet18", "fb_swsl_ig1b_ft_in1k", 224, 0.875, 73.288),
    Row("resnet18", "gluon_in1k", 224, 0.875, 70.844),
    Row("resnet18", "tv_in1k", 224, 0.875, 69.758),
    Row("resnet34", "a1_in1k", 288, 1.0, 77.938),
    Row("resnet34", "a2_in1k", 288, 1.0, 77.148),
    Row("resnet34", "a3_in1k", 224, 0.95, 72.982),
    Row("resnet34", "bt_in1k", 288, 0.95, 76.508),
    Row("resnet34", "gluon_in1k", 224, 0.875, 74.574),
    Row("resnet34", "ra4_e3600_r224_in1k", 288, 1.0),
    Row("resnet34", "tv_in1k", 224, 0.875, 73.314),
    Row("resnet26", "bt_in1k", 288, 0.95, 76.378),
    Row("resnet50", "a1_in1k", 288, 1.0, 81.24),
    Row("resnet50", "a1h_in1k", 224, 1.0, 80.652),
    Row("resnet50", "a2_in1k", 288, 1.0, 80.78),
    Row("resnet50", "a3_in1k", 224, 0.95, 78.052),
    Row("resnet50", "am_in1k", 224, 0.875, 79.004),
    Row("resnet50", "b1k_in1k", 288, 1.0, 80.706),
    Row("resnet50", "b2k_in1k", 288, 1.0, 80.47),
    Row("resnet50", "bt_in1k", 288, 0.95, 79.652),
    Row("resnet50", "c1_in1k", 288, 1.0, 80.928),
    Row("resnet50", "c2_in1k", 288, 1.0, 80.856),
    Row("resnet50", "d_in1k", 288, 1.0, 81.012),
    Row("resnet50", "fb_ssl_yfcc100m_ft_in1k", 224, 0.875, 79.252),
    Row("resnet50", "fb_swsl_ig1b_ft_in1k", 224, 0.875, 81.146),
    Row("resnet50", "gluon_in1k", 224, 0.875, 77.58),
    Row("resnet50", "ra_in1k", 288, 0.95, 79.86),
    Row("resnet50", "ram_in1k", 288, 0.95, 79.974),
    Row("resnet50", "tv2_in1k", 224, 0.965, 80.858),
    Row("resnet50", "tv_in1k", 224, 0.875, 76.13),
    Row("resnet101", "a1_in1k", 288, 1.0, 82.322),
    Row("resnet101", "a1h_in1k", 288, 1.0, 82.802),
    Row("resnet101", "a2_in1k", 288, 1.0, 82.224),
    Row("resnet101", "a3_in1k", 224, 0.95, 79.82),
    Row("resnet101", "gluon_in1k", 224, 0.875, 79.306),
    Row("resnet101", "tv2_in1k", 224, 0.965, 81.886),
    Row("resnet101", "tv_in1k", 224, 0.875, 77.374),
    Row("resnet152", "a1_in1k", 288, 1.0, 82.744),
    Row("resnet152", "a1h_in1k", 288, 1.0, 83.494),
    Row("resnet152", "a2_in1k", 288, 1.0, 82.62),
    Row("resnet152", "a3_in1k", 224, 0.95, 80.548),
    Row("resnet152", "gluon_in1k", 224, 0.875, 79.712),
    Row("resnet152", "tv2_in1k", 224, 0.965, 82.284),
    Row("resnet152", "tv_in1k", 224, 0.875, 78.312),
    Row("resnet18d", "ra2_in1k", 288, 0.95, 73.794),
    Row("resnet18d", "ra4_e3600_r224_in1k", 288, 1.0),
    Row("resnet34d", "ra2_in1k", 288, 0.95, 78.44),
    Row("resnet26d", "bt_in1k", 288, 0.95, 77.424),
    Row("resnet50d", "a1_in1k", 288, 1.0, 81.444),
    Row("resnet50d", "a2_in1k", 288, 1.0, 81.168),
    Row("resnet50d", "a3_in1k", 224, 0.95, 78.742),
    Row("resnet50d", "gluon_in1k", 224, 0.875, 79.08),
    Row("resnet50d", "ra2_in1k", 288, 0.95, 81.35),
    Row("resnet50d", "ra4_e3600_r224_in1k", 288, 1.0, 81.83),
    Row("resnet101d", "gluon_in1k", 224, 0.875, 80.466),
    Row("resnet101d", "ra2_in1k", 320, 1.0, 83.018),
    Row("resnet152d", "gluon_in1k", 224, 0.875, 80.476),
    Row("resnet152d", "ra2_in1k", 320, 1.0, 83.684),
    Row("resnet200d", "ra2_in1k", 320, 1.0, 83.976),
    Row("wide_resnet50_2", "racm_in1k", 288, 0.95, 82.266),
    Row("wide_resnet50_2", "tv2_in1k", 224, 0.965, 81.602),
    Row("wide_resnet50_2", "tv_in1k", 224, 0.875, 78.468),
    Row("wide_resnet101_2", "tv2_in1k", 224, 0.965, 82.51),
    Row("wide_resnet101_2", "tv_in1k", 224, 0.875, 78.848),
    Row("resnext50_32x4d", "a1_in1k", 288, 1.0, 81.484),
    Row("resnext50_32x4d", "a1h_in1k", 288, 1.0, 82.012),
    Row("resnext50_32x4d", "a2_in1k", 288, 1.0, 81.298),
    Row("resnext50_32x4d", "a3_in1k", 224, 0.95, 79.252),
    Row("resnext50_32x4d", "fb_ssl_yfcc100m_ft_in1k", 224, 0.875, 80.316),
    Row("resnext50_32x4d", "fb_swsl_ig1b_ft_in1k", 224, 0.875, 82.162),
    Row("resnext50_32x4d", "gluon_in1k", 224, 0.875, 79.354),
    Row("resnext50_32x4d", "ra_in1k", 288, 0.95, 80.706),
    Row("resnext50_32x4d", "tv2_in1k", 224, 0.965, 81.198),
    Row("resnext50_32x4d", "tv_in1k", 224, 0.875, 77.618),
    Row("resnext101_32x4d", "fb_ssl_yfcc100m_ft_in1k", 224, 0.875, 80.936),
    Row("resnext101_32x4d", "fb_swsl_ig1b_ft_in1k", 224, 0.875, 83.268),
    Row("resnext101_32x4d", "gluon_in1k", 224, 0.875, 80.336),
    Row("resnext101_32x8d", "fb_ssl_yfcc100m_ft_in1k", 224, 0.875, 81.62),
    Row("resnext101_32x8d", "fb_swsl_ig1b_ft_in1k", 224, 0.875, 84.282),
    Row("resnext101_32x8d", "fb_wsl_ig1b_ft_in1k", 224, 0.875, 82.72),
    Row("resnext101_32x8d", "tv2_in1k", 224, 0.965, 82.834),
    Row("resnext101_32x8d", "tv_in1k", 224, 0.875, 79.312),
    Row("resnext101_64x4d", "c1_in1k", 288, 1.0, 83.158),
    Row("resnext101_64x4d", "gluon_in1k", 224, 0.875, 80.64),
    # torchvision's own crop, at which it measured this accuracy; timm has 0.875.
    Row("resnext101_64x4d", "tv_in1k", 224, 0.965, 83.246),
    Row("seresnet50", "a1_in1k", 288, 1.0, 81.104),
    Row("seresnet50", "a2_in1k", 288, 1.0, 81.092),
    Row("seresnet50", "a3_in1k", 224, 0.95, 77.036),
    Row("seresnet50", "ra2_in1k", 288, 0.95, 81.282),
    Row("resnetrs50", "tf_in1k", 224, 0.91, 79.916),
    Row("resnetrs101", "tf_in1k", 288, 0.94, 82.294),
    Row("resnetrs152", "tf_in1k", 320, 1.0, 83.71),
    Row("resnetrs200", "tf_in1k", 320, 1.0, 84.446),
    Row("resnetrs270", "tf_in1k", 352, 1.0, 84.44),
    Row("resnetrs350", "tf_in1k", 384, 1.0, 84.722),
    Row("resnetrs420", "tf_in1k", 416, 1.0, 85.014),
    Row("resnetv2_18", "ra4_e3600_r224_in1k", 288, 1.0),
    Row("resnetv2_34", "ra4_e3600_r224_in1k", 288, 1.0),
    Row("resnetv2_50", "a1h_in1k", 288, 1.0, 81.408, UNIT),
    Row("resnetv2_101", "a1h_in1k", 288, 1.0, 83.002, UNIT),
)


def _card(row: Row) -> Card:
    recipe = RECIPES[row.tag]
    paper = f" ({recipe.paper})" if recipe.paper else ""
    return Card(
        model=row.model,
        tag=row.tag,
        architecture=ARCHITECTURES[row.model],
        top=File(f"hf://timm/{row.model}.{row.tag}/model.safetensors"),
        normalization=row.normalization or recipe.normalization,
        evaluation=Evaluation(row.size, row.crop_fraction, recipe.interpolation),
        source=recipe.source,
        licence=recipe.licence,
        recipe=recipe.sentence + paper,
        claimed_top1=row.claimed_top1,
        claimed_by=None if row.claimed_top1 is None else recipe.claimed_by,
    )


CARDS = tuple(_card(row) for row in ROWS)
