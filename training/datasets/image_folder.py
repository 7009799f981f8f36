"""Images in folders: `PATH/train/<class>/*` and `PATH/test/<class>/*`."""

import sys
from pathlib import Path

import numpy as np

from keras_resnet.training.datasets.content import content_hash
from keras_resnet.training.datasets.dataset import ImageDataset, Split
from keras_resnet.training.datasets.image_scan import (
    CHANNELS,
    Scanned,
    decode_image,
    scan,
)
from keras_resnet.wording import counted

SUFFIXES = (".jpg", ".jpeg", ".png")
SPLITS = ("train", "test")
NAMED_AT_MOST = 10


def _class_names(root: Path) -> tuple[str, ...]:
    names = {}
    for split in SPLITS:
        folder = root / split
        if not folder.is_dir():
            raise FileNotFoundError(
                "An image folder must have the folders 'train' and 'test', and "
                f"there is no '{folder}'."
            )
        names[split] = sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )
        if not names[split]:
            raise ValueError(f"'{folder}' must have one folder a class, and has none.")
    different = sorted(set(names["train"]) ^ set(names["test"]))
    if different:
        raise ValueError(
            f"'{root / 'train'}' and '{root / 'test'}' must have folders for the "
            "same classes. Only one of them has: "
            f"{', '.join(repr(name) for name in different[:NAMED_AT_MOST])}."
        )
    return tuple(names["train"])


def _image_files(folder: Path) -> list[Path]:
    files = sorted(
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in SUFFIXES
        and not entry.name.startswith(".")
        and entry.is_file()
    )
    if not files:
        raise ValueError(
            f"The class folder '{folder}' must have at least one image "
            f"({', '.join(SUFFIXES)}), and has none."
        )
    return files


def _split(examples: list[tuple[Path, int]], image_shape) -> Split:
    import tensorflow as tf

    # Files lie sorted by class; mixed once and for all, so that any so many in
    # a row are a fair sample.
    order = np.random.default_rng(0).permutation(len(examples))
    paths = np.array([str(examples[index][0]) for index in order])
    labels = np.array([examples[index][1] for index in order], dtype="int32")

    def decode(path, label):
        image = decode_image(tf.io.read_file(path))
        return tf.ensure_shape(image, image_shape), label

    return Split(
        size=len(examples),
        image_shape=image_shape,
        records=lambda: tf.data.Dataset.from_tensor_slices((paths, labels)),
        decode=decode,
        shuffle_buffer=len(examples),
    )


def _content(root: Path, examples: dict[str, list[tuple[Path, int]]]) -> str:
    files = [file for some in examples.values() for file, _ in some]
    return content_hash(
        part
        for file in files
        for part in (file.relative_to(root).as_posix(), file.stat().st_size)
    )


def _report(unreadable: list[Scanned], action: str) -> None:
    named = "\n".join(f"  {s.path}: {s.reason}" for s in unreadable[:NAMED_AT_MOST])
    more = len(unreadable) - NAMED_AT_MOST
    rest = f"\n  and {more:,} more" if more > 0 else ""
    message = (
        f"{counted(len(unreadable), 'image file')} cannot be read"
        f"{':' if action == 'error' else ' and will be left out:'}\n{named}{rest}"
    )
    if action == "error":
        raise ValueError(f"{message}\nReceived: unreadable='error'")
    print(message, file=sys.stderr)


def load(name: str, path: str, unreadable: str) -> ImageDataset:
    """Return the images below `path`.

    Every file is decoded once to see that it can be; sizes and counts are
    those of the files that can. Images are RGB; the rotation that a camera
    may have noted in a file (EXIF) is not applied. The examples of a split
    are in a mixed order that is always the same.

    Args:
        name: Name of the dataset.
        path: The folder.
        unreadable: `"skip"`: leave out files that cannot be decoded, naming
            up to ten; `"error"`: raise.

    Raises:
        FileNotFoundError: If `path`, or `train` or `test` in it, is missing.
        ValueError: If there are no classes, the splits differ in them, a
            class has no image, or a file cannot be decoded and that is an
            error.
    """
    if not path:
        raise ValueError(
            "The name of an image folder is 'image_folder:PATH'. "
            f"Received: name={name!r}"
        )
    root = Path(path).expanduser().absolute()
    class_names = _class_names(root)
    files = {
        (split, label): _image_files(root / split / class_name)
        for split in SPLITS
        for label, class_name in enumerate(class_names)
    }
    scanned = dict.fromkeys(file for some in files.values() for file in some)
    scanned = dict(zip(scanned, scan(root, list(scanned)), strict=True))
    bad = [finding for finding in scanned.values() if finding.reason]
    if bad:
        _report(bad, unreadable)
    examples = {split: [] for split in SPLITS}
    for (split, label), some in files.items():
        good = [file for file in some if not scanned[file].reason]
        if not good:
            raise ValueError(
                f"The class folder '{root / split / class_names[label]}' must have "
                "at least one image that can be read, and has none."
            )
        examples[split] += [(file, label) for file in good]
    sizes = {(s.height, s.width) for s in scanned.values() if not s.reason}
    height, width = sizes.pop() if len(sizes) == 1 else (None, None)
    image_shape = (height, width, CHANNELS)
    return ImageDataset(
        name=name,
        class_names=class_names,
        image_shape=image_shape,
        train=_split(examples["train"], image_shape),
        test=_split(examples["test"], image_shape),
        unreadable=tuple(f"{s.path}: {s.reason}" for s in bad),
        content=_content(root, examples),
    )
