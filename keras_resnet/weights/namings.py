"""What other libraries call the layers of a residual network, as data.

A rule is a pattern of this package's layer names and the names that the layer
has elsewhere, of which a file has one. In those, `{stage}` counts from 0 at
the first stage of blocks, `{block}` from 0 in its stage, `{part}` from 1 in
its block, and `+1` or `-1` changes a count.
"""

import dataclasses

BLOCK = r"conv(?P<stage>\d+)_block(?P<block>\d+)"


@dataclasses.dataclass(frozen=True)
class Naming:
    """How a library names the layers of a residual network.

    Attributes:
        name: What this package calls the naming.
        users: Who names layers like that.
        marks: Patterns, each of which some name of such a file has.
        rules: Pairs of a pattern of our layers and of their names.
        convolutional_classifier: Whether the classifier is a 1x1 convolution.
    """

    name: str
    users: str
    marks: tuple[str, ...]
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    convolutional_classifier: bool = False


def _torch_rules(projection: tuple[str, ...], projection_bn: tuple[str, ...]):
    """Say the names of torchvision and timm, which differ in the projection."""
    inside = "layer{stage+1}.{block}"
    return (
        ("conv1_conv", ("conv1",)),
        ("conv1(_3)?_bn", ("bn1",)),
        ("conv1_1_conv", ("conv1.0",)),
        ("conv1_1_bn", ("conv1.1",)),
        ("conv1_2_conv", ("conv1.3",)),
        ("conv1_2_bn", ("conv1.4",)),
        ("conv1_3_conv", ("conv1.6",)),
        ("pool1_conv", ("maxpool.0",)),
        ("pool1_bn", ("maxpool.1",)),
        (f"{BLOCK}_0_conv", tuple(f"{inside}.{name}" for name in projection)),
        (f"{BLOCK}_0_bn", tuple(f"{inside}.{name}" for name in projection_bn)),
        (f"{BLOCK}_(?P<part>[1-9])_conv", (inside + ".conv{part}",)),
        (f"{BLOCK}_(?P<part>[1-9])_bn", (inside + ".bn{part}",)),
        (f"{BLOCK}_se_squeeze", (f"{inside}.se.fc1",)),
        (f"{BLOCK}_se_excite", (f"{inside}.se.fc2",)),
        ("predictions", ("fc", "linear")),
    )


FIRST_CONVOLUTION = r"(^|\.)layer1\.0\.conv1\.weight$"
PYTORCH_POOLED = Naming(
    name="timm, pooled shortcuts",
    users="timm's D and RS networks",
    marks=(FIRST_CONVOLUTION, r"\.downsample\.2\.weight$"),
    rules=_torch_rules(("downsample.1",), ("downsample.2",)),
)
PYTORCH = Naming(
    name="torchvision",
    users="torchvision, timm, and most CIFAR networks in PyTorch",
    marks=(FIRST_CONVOLUTION,),
    rules=_torch_rules(("downsample.0", "shortcut.0"), ("downsample.1", "shortcut.1")),
)
TIMM_V2 = Naming(
    name="timm v2",
    users="timm's pre-activation networks",
    marks=(r"(^|\.)stages\.0\.blocks\.0\.conv1\.weight$",),
    rules=(
        ("conv1_conv", ("stem.conv",)),
        (f"{BLOCK}_preact_bn", ("stages.{stage}.blocks.{block}.norm1",)),
        (f"{BLOCK}_0_conv", ("stages.{stage}.blocks.{block}.downsample.conv",)),
        (
            f"{BLOCK}_(?P<part>[1-9])_conv",
            ("stages.{stage}.blocks.{block}.conv{part}",),
        ),
        (
            f"{BLOCK}_(?P<part>[1-9])_bn",
            ("stages.{stage}.blocks.{block}.norm{part+1}",),
        ),
        ("post_bn", ("norm",)),
        ("predictions", ("head.fc",)),
    ),
    convolutional_classifier=True,
)
HUGGING_FACE_LAYER = "encoder.stages.{stage}.layers.{block}"
HUGGING_FACE_BODY = (
    ("conv1_conv", "embedder.embedder.convolution"),
    ("conv1_bn", "embedder.embedder.normalization"),
    (f"{BLOCK}_0_conv", f"{HUGGING_FACE_LAYER}.shortcut.convolution"),
    (f"{BLOCK}_0_bn", f"{HUGGING_FACE_LAYER}.shortcut.normalization"),
    (
        f"{BLOCK}_(?P<part>[1-9])_conv",
        HUGGING_FACE_LAYER + ".layer.{part-1}.convolution",
    ),
    (
        f"{BLOCK}_(?P<part>[1-9])_bn",
        HUGGING_FACE_LAYER + ".layer.{part-1}.normalization",
    ),
)
HUGGING_FACE = Naming(
    name="transformers",
    users="transformers' ResNetForImageClassification",
    marks=(r"(^|\.)encoder\.stages\.0\.layers\.0\.layer\.0\.convolution\.weight$",),
    rules=(
        # Saved without its classifier, the body loses its prefix.
        *((ours, (f"resnet.{theirs}", theirs)) for ours, theirs in HUGGING_FACE_BODY),
        ("predictions", ("classifier.1",)),
    ),
)

# The first whose marks a file has is the one it is read by.
NAMINGS = (PYTORCH_POOLED, PYTORCH, TIMM_V2, HUGGING_FACE)

# What PyTorch calls the variables of a layer, by what Keras calls them.
VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# Counts the batches that batch normalization has seen; nothing here uses it.
IGNORED = "num_batches_tracked"
# What wrappers of PyTorch models put before every name.
PREFIXES = ("module.", "model.", "backbone.", "_orig_mod.")
