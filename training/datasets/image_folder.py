"""Images in folders: `PATH/train/<class>/*` and `PATH/test/<class>/*`."""

import functools
import sys
from pathlib import Path

import numpy as np

from keras_resnet.training.datasets.class_folders import (
    NAMED_AT_MOST,
    SUFFIXES,
    Example,
    examples_by_folder,
    examples_by_map,
)
from keras_resnet.training.datasets.class_map import ClassMap
from keras_resnet.training.datasets.content import content_hash
from keras_resnet.training.datasets.dataset import ImageDataset, ImageShape, Split
from keras_resnet.training.datasets.file_split import split_of_files
from keras_resnet.training.datasets.image_scan import Scanned, scan
from keras_resnet.wording import counted

CHANNELS = 3


def _split(
    root: Path, examples: list[Example], image_shape: ImageShape, unreadable
) -> Split:
    import tensorflow as tf

    # Files lie sorted by class; mixed once and for all, so that any so many in
    # a row are a fair sample.
    order = np.random.default_rng(0).permutation(len(examples))
    paths = np.array([str(examples[index][0]) for index in order], dtype=np.str_)
    labels = np.array([examples[index][1] for index in order], dtype="int32")
    return split_of_files(
        size=len(examples),
        image_shape=image_shape,
        records=lambda: tf.data.Dataset.from_tensor_slices((paths, labels)),
        encoded=lambda path, label: (tf.io.read_file(path), label),
        shuffle_buffer=len(examples),
        unreadable=unreadable,
        name_of=lambda place: Path(paths[place]).relative_to(root).as_posix(),
    )


def _unreadable(root: Path, files: list[Path]) -> list[str]:
    """Look at the files again; those that did not change are opened alone."""
    found = ((s.path, s.reason or _why_closed(s.path)) for s in scan(root, files))
    return [f"{path}: {reason}" for path, reason in found if reason]


def _why_closed(file: Path) -> str:
    """Say why a file cannot be opened, of which its size and date tell nothing."""
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _content(root: Path, examples: dict[str, list[Example]], mapped: bool) -> str:
    parts = []
    for file, label in (example for some in examples.values() for example in some):
        parts += [file.relative_to(root).as_posix(), file.stat().st_size]
        if mapped:
            parts.append(label)
    return content_hash(parts)


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


def _report_passed_over(root: Path, entries: list[Path]) -> None:
    folders = [entry for entry in entries if entry.is_dir()]
    files = [entry for entry in entries if not entry.is_dir()]
    found = []
    if files:
        endings = sorted({file.suffix.lower() or file.name for file in files})
        kinds = ", ".join(endings[:NAMED_AT_MOST])
        found.append(f"{counted(len(files), 'file')} of other kinds ({kinds})")
    if folders:
        first = folders[0].relative_to(root).as_posix()
        found.append(f"{counted(len(folders), 'folder')} within others ('{first}')")
    print(
        f"Passed over: {' and '.join(found)}. Images are JPEG and PNG files "
        f"({', '.join(SUFFIXES)}) that lie in the folder of their class.",
        file=sys.stderr,
    )


def load(
    name: str, path: str, unreadable: str, class_map: ClassMap | None = None
) -> ImageDataset:
    """Return the images below `path`.

    Every file is decoded once to see that it can be; sizes and counts are
    those of the files that can. Images are RGB; the rotation that a camera
    may have noted in a file (EXIF) is not applied. The examples of a split
    are in a mixed order that is always the same.

    A class map says which label a folder has. There may then be classes
    without a folder, and files that lie in none but begin with the name of
    theirs, as `n01440764_tench.JPEG`; a `path` without `train` and `test`
    holds test images only.

    Args:
        name: Name of the dataset.
        path: The folder.
        unreadable: `"skip"`: leave out files that cannot be decoded, naming
            up to ten; `"error"`: raise.
        class_map: The labels of the folders. Defaults to the order of their
            names.

    Raises:
        FileNotFoundError: If `path`, or `train` or `test` in it, is missing.
        ValueError: If there are no classes, the splits differ in them, a
            class has no image, the map does not know a folder, or a file
            cannot be decoded and that is an error.
    """
    if not path:
        raise ValueError(
            "The name of an image folder is 'image_folder:PATH'. "
            f"Received: name={name!r}"
        )
    root = Path(path).expanduser().absolute()
    passed_over: list[Path] = []
    if class_map is None:
        class_names, examples = examples_by_folder(root, passed_over)
    else:
        class_names = class_map.names
        examples = examples_by_map(root, class_map, passed_over)
    if passed_over:
        _report_passed_over(root, passed_over)
    files = dict.fromkeys(file for some in examples.values() for file, _ in some)
    scanned = dict(zip(files, scan(root, list(files)), strict=True))
    bad = [finding for finding in scanned.values() if finding.reason]
    if bad:
        _report(bad, unreadable)
    good = {
        split: [(file, label) for file, label in some if not scanned[file].reason]
        for split, some in examples.items()
    }
    for split, some in examples.items():
        lost = {label for _, label in some} - {label for _, label in good[split]}
        if lost:
            folder = next(file.parent for file, label in some if label == min(lost))
            raise ValueError(
                f"The class folder '{folder}' must have at least one image that can "
                "be read, and has none."
            )
    sizes = {(s.height, s.width) for s in scanned.values() if not s.reason}
    height, width = sizes.pop() if len(sizes) == 1 else (None, None)
    image_shape = (height, width, CHANNELS)
    known = [file for file in files if not scanned[file].reason]
    look_again = functools.partial(_unreadable, root, known)
    return ImageDataset(
        name=name,
        class_names=class_names,
        image_shape=image_shape,
        train=_split(root, good["train"], image_shape, look_again),
        test=_split(root, good["test"], image_shape, look_again),
        unreadable=tuple(f"{s.path}: {s.reason}" for s in bad),
        content=_content(root, good, class_map is not None),
        class_map=class_map,
    )
