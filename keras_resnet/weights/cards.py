"""Sets of pretrained weights, as rows of a table."""

import dataclasses
from collections.abc import Mapping

KERAS_APPLICATIONS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
)


@dataclasses.dataclass(frozen=True)
class File:
    """A file of weights.

    Attributes:
        address: Where it is downloaded from.
        md5: Its MD5 hash, checked after the download.
    """

    address: str
    md5: str


@dataclasses.dataclass(frozen=True)
class Card:
    """A set of weights.

    Attributes:
        model: Name of the network.
        tag: What `weights=` calls the set.
        classes: Classes of its classifier.
        top: File with the classifier.
        no_top: File without it.
        source: Who trained it.
        renamed: Layers that have another name in the files: theirs to ours.
    """

    model: str
    tag: str
    classes: int
    top: File
    no_top: File
    source: str
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        """Network and set, for example `"resnet50.imagenet"`."""
        return f"{self.model}.{self.tag}"


def _keras_applications(model: str, md5_top: str, md5_no_top: str) -> Card:
    """Make the card of a network that keras.applications has weights for."""
    stem = f"{KERAS_APPLICATIONS}{model}_weights_tf_dim_ordering_tf_kernels"
    return Card(
        model=model,
        tag="imagenet",
        classes=1000,
        top=File(f"{stem}.h5", md5_top),
        no_top=File(f"{stem}_notop.h5", md5_no_top),
        source="keras.applications",
        # The files are older than the present name of the classifier, and
        # Keras loads them by order.
        renamed={"probs": "predictions"},
    )


# Network, MD5 with the classifier, MD5 without.
KERAS_APPLICATIONS_FILES = (
    (
        "resnet50",
        "2cb95161c43110f7111970584f804107",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    (
        "resnet101",
        "f1aeb4b969a6efcfb50fad2f0c20cfc5",
        "88cf7a10940856eca736dc7b7e228a21",
    ),
    (
        "resnet152",
        "100835be76be38e30d865e96f2aaae62",
        "ee4c566cf9a93f14d82f913c2dc6dd0c",
    ),
    (
        "resnet50v2",
        "3ef43a0b657b3be2300d5770ece849e0",
        "fac2f116257151a9d068a22e544a4917",
    ),
    (
        "resnet101v2",
        "6343647c601c52e1368623803854d971",
        "c0ed64b8031c3730f411d2eb4eea35b5",
    ),
    (
        "resnet152v2",
        "a49b44d1979771252814e80f8ec446f9",
        "ed17cf2e0169df9d443503ef94b23b33",
    ),
)

CARDS = tuple(_keras_applications(*row) for row in KERAS_APPLICATIONS_FILES)
