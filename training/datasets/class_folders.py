"""Which image files belong to which class of an image folder."""

from pathlib import Path

from keras_resnet.training.datasets.class_map import ClassMap

SUFFIXES = (".jpg", ".jpeg", ".png")
TRAIN, TEST = SPLITS = ("train", "test")
NAMED_AT_MOST = 10

Example = tuple[Path, int]


def examples_by_folder(root: Path) -> tuple[tuple[str, ...], dict[str, list[Example]]]:
    """Return the classes of a folder and the files with their labels, by split.

    A label is the place of the class's folder among their sorted names.

    Raises:
        FileNotFoundError: If `train` or `test` is missing.
        ValueError: If there are no classes, the splits differ in them, or a
            class has no image.
    """
    class_names = _class_names(root)
    examples = {
        split: [
            (file, label)
            for label, name in enumerate(class_names)
            for file in _image_files(root / split / name)
        ]
        for split in SPLITS
    }
    return class_names, examples


def examples_by_map(root: Path, class_map: ClassMap) -> dict[str, list[Example]]:
    """Return the files with the labels that a class map gives them, by split.

    A folder without `train` and `test` holds test images only.

    Raises:
        FileNotFoundError: If `root` is missing, or one of `train` and `test`.
        ValueError: If the map does not know a folder or file, or there is no
            image.
    """
    folders = {split: root / split for split in SPLITS}
    if not any(folder.is_dir() for folder in folders.values()):
        return {TRAIN: [], TEST: _mapped(root, class_map)}
    return {split: _mapped(folder, class_map) for split, folder in folders.items()}


def _mapped(folder: Path, class_map: ClassMap) -> list[Example]:
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder '{folder}'.")
    examples = []
    for entry in sorted(folder.iterdir(), key=_name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            label = class_map.label_of(entry.name)
            examples += [(file, label) for file in _image_files(entry)]
        elif entry.suffix.lower() in SUFFIXES:
            examples.append((entry, class_map.label_of(entry.stem)))
    if not examples:
        raise ValueError(f"'{folder}' must have images, and has none.")
    return examples


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
        (
            entry
            for entry in folder.iterdir()
            if entry.suffix.lower() in SUFFIXES
            and not entry.name.startswith(".")
            and entry.is_file()
        ),
        key=_name,
    )
    if not files:
        raise ValueError(
            f"The class folder '{folder}' must have at least one image "
            f"({', '.join(SUFFIXES)}), and has none."
        )
    return files


def _name(path: Path) -> str:
    """Return what a folder is sorted by: paths of Windows ignore case."""
    return path.name
