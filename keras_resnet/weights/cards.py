"""Sets of pretrained weights, as rows of a table."""

import dataclasses

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
    """

    model: str
    tag: str
    classes: int
    top: File
    no_top: File
    source: str

    @property
    def name(self) -> str:
        """Network and set, for example `"resnet50.imagenet"`."""
        return f"{self.model}.{self.tag}"


def _keras_applications(model: str, md5_top: str, md5_no_top: str) -> Card:
    stem = f"{KERAS_APPLICATIONS}{model}_weights_tf_dim_ordering_tf_kernels"
    return Card(
        model=model,
        tag="imagenet",
        classes=1000,
        top=File(f"{stem}.h5", md5_top),
        no_top=File(f"{stem}_notop.h5", md5_no_top),
        source="keras.applications",
    )


CARDS = (
    _keras_applications(
        "resnet50",
        "2cb95161c43110f7111970584f804107",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
)
