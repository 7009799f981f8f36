"""Which image files belong to which class of an image folder."""

from pathlib import Path

from keras_resnet.training.datasets.class_map import ClassMap

SUFFIXES = (".jpg", ".jpeg", ".png")
TRAIN, TEST = SPLITS = ("train", "test")
# What the folder of the test images, which no weight is learned from, may be
# called where there is no `test`.
OTHER_TEST_NAMES = ("val", "validation", "valid")
NAMED_AT_MOST = 10

Example = tuple[Path, int]


def split_folders(root: Path) -> dict[str, Path]:
    """Return the folders of the splits, whether or not they are there."""
    folders = {split: root / split for split in SPLITS}
    others = (root / name for name in OTHER_TEST_NAMES)
    if not folders[TEST].is_dir():
        folders[TEST] = next(filter(Path.is_dir, others), folders[TEST])
    return folders


def examples_by_folder(
    root: Path, passed_over: list[Path]
) -> tuple[tuple[str, ...], dict[str, list[Example]]]:
    """Return the classes of a folder and the files with their labels, by split.

    A label is the place of the class's folder among their sorted names.

    Args:
        root: The folder.
        passed_over: Receives what lies in a class's folder and is not taken for
            an image.

    Raises:
        FileNotFoundError: If `train` or `test` is missing.
        ValueError: If there are no classes, the splits differ in them, or a
            class has no image.
    """
    folders = split_folders(root)
    class_names = _class_names(folders)
    examples = {
        split: [
            (file, label)
            for label, name in enumerate(class_names)
            for file in _image_files(folder / name, passed_over)
        ]
        for split, folder in folders.items()
    }
    return class_names, examples


def examples_by_map(
    root: Path, class_map: ClassMap, passed_over: list[Path]
) -> dict[str, list[Example]]:
    """Return the files with the labels that a class map gives them, by split.

    A folder without `train` and `test` holds test images only.

    Args:
        root: The folder.
        class_map: Labels by the names of folders and files.
        passed_over: As of `examples_by_folder`.

    Raises:
        FileNotFoundError: If `root` is missing, or one of `train` and `test`.
        ValueError: If the map does not know a folder or file, or there is no
            image.
    """
    folders = split_folders(root)
    if not any(folder.is_dir() for folder in folders.values()):
        return {TRAIN: [], TEST: _mapped(root, class_map, passed_over)}
    return {
        split: _mapped(folder, class_map, passed_over)
        for split, folder in folders.items()
    }


def _mapped(folder: Path, class_map: ClassMap, passed_over) -> list[Example]:
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder '{folder}'.")
    examples = []
    for entry in sorted(folder.iterdir(), key=_name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            label = class_map.label_of(entry.name)
            files = _image_files(entry, passed_over)
            examples += [(file, label) for file in files]
        elif entry.suffix.lower() in SUFFIXES:
            examples.append((entry, class_map.label_of(entry.stem)))
        else:
            passed_over.append(entry)
    if not examples:
        raise ValueError(f"'{folder}' must have images, and has none.")
    return examples


def _class_names(folders: dict[str, Path]) -> tuple[str, ...]:
    names = {}
    for split, folder in folders.items():
        if not folder.is_dir():
            raise FileNotFoundError(
                "An image folder must have the folders 'train' and 'test' (or "
                f"'val'), with a folder for each class in both, and there is no "
                f"'{folder}'."
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
            f"'{folders[TRAIN]}' and '{folders[TEST]}' must have folders for the same "
            "classes. Only one of them has: "
            f"{', '.join(repr(name) for name in different[:NAMED_AT_MOST])}."
        )
    return tuple(names["train"])


def _image_files(folder: Path, passed_over: list[Path]) -> list[Path]:
    files = []
    for entry in sorted(folder.iterdir(), key=_name):
        if entry.name.startswith("."):
            continue
        is_image = entry.suffix.lower() in SUFFIXES and entry.is_file()
        (files if is_image else passed_over).append(entry)
    if not files:
        raise ValueError(
            f"The class folder '{folder}' must have at least one image "
            f"({', '.join(SUFFIXES)}), and has none."
        )
    return files


def _name(path: Path) -> str:
    """Return what a folder is sorted by: paths of Windows ignore case."""
    return path.name
