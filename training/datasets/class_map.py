"""Which folder has which label: files that put classes in an order.

A network's outputs have the order of the classes that it was trained with;
folders have that of their names. Where these differ, or folders are missing,
a file says which label a folder has.
"""

import dataclasses
import functools
import os
import re
from pathlib import Path

from keras_resnet.preprocessing.labels import imagenet_labels
from keras_resnet.training.datasets.class_map_entries import Entry, read_entries

IMAGENET = "imagenet"
# Networks of TensorFlow's early days have one more output, the first.
IMAGENET_1001 = "imagenet1001"
BACKGROUND = "background"
BACKGROUNDS = (BACKGROUND, "dummy")
WORDNET = re.compile(r"(n\d{8})_")


@dataclasses.dataclass(frozen=True)
class ClassMap:
    """Folders and names of the classes, by label.

    Attributes:
        folders: The folder of each class; `""` for the background, which has
            none.
        names: What each class is called.
        source: Where this was read.
    """

    folders: tuple[str, ...]
    names: tuple[str, ...]
    source: str

    @property
    def has_background(self) -> bool:
        """Whether label 0 stands for none of the classes."""
        return self.folders[0] == ""

    def label_of(self, name: str) -> int:
        """Return the label of a folder or file, by its name.

        Besides the folder's own name its beginning may have it, where that is
        an identifier of WordNet, as in `n01440764_tench`.

        Raises:
            ValueError: If the map has no such folder.
        """
        beginning = WORDNET.match(name)
        for known in (name, beginning and beginning[1]):
            if known in self._labels:
                return self._labels[known]
        raise ValueError(f"'{self.source}' has no line for {name!r}.")

    @functools.cached_property
    def _labels(self) -> dict[str, int]:
        return {f: label for label, f in enumerate(self.folders) if f}

    def for_classes(self, classes: int) -> "ClassMap":
        """Return the map with or without the background, as a network needs it.

        Args:
            classes: Outputs of the network.

        Raises:
            ValueError: If neither has so many classes.
        """
        own = len(self.folders)
        if classes == own:
            return self
        if self.has_background and classes == own - 1:
            return dataclasses.replace(
                self, folders=self.folders[1:], names=self.names[1:]
            )
        if not self.has_background and classes == own + 1:
            return self._with_background()
        raise ValueError(
            f"'{self.source}' has {own} classes. Received: classes={classes}"
        )

    def _with_background(self) -> "ClassMap":
        return dataclasses.replace(
            self, folders=("", *self.folders), names=(BACKGROUND, *self.names)
        )


def read_class_map(source: str | os.PathLike) -> ClassMap:
    """Read a class map.

    Args:
        source: `"imagenet"`, the 1000 WordNet identifiers in their order, or
            `"imagenet1001"`, the same after a background; or a file:

            - `.json`: `{"0": ["n01440764", "tench"], ...}`,
              `{"n01440764": 0, ...}` or a list of folders or of pairs of a
              folder and a name.
            - `.csv`: columns with the headings `folder` and, as far as they
              are there, `label` and `name`.
            - else text: a class a line, in the order of the labels, as
              `n01440764 tench`, as `tench` for a folder of that name, or
              with its label as `0 tench`.

            A first class that is called `background` or `dummy` has no
            folder; neither has label 0 where the labels begin with 1.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is none of that, a folder or a label comes twice, or
            a label is missing. The line is named.
    """
    if str(source) in (IMAGENET, IMAGENET_1001):
        folders, names = zip(*imagenet_labels(), strict=True)
        known = ClassMap(folders, names, str(source))
        return known if str(source) == IMAGENET else known._with_background()
    path = Path(source)
    return _in_order(read_entries(path), str(path))


def _in_order(entries: list[Entry], source: str) -> ClassMap:
    if not entries:
        raise ValueError(f"'{source}' has no class.")
    given = [entry for entry in entries if entry.label is not None]
    if given and len(given) < len(entries):
        without = next(entry for entry in entries if entry.label is None)
        raise ValueError(
            f"Line {without.line} of '{source}' has no label, and others have one."
        )
    if not given:
        entries = [
            dataclasses.replace(entry, label=label)
            for label, entry in enumerate(entries)
        ]
    by_label: dict[int, Entry] = {}
    by_folder: dict[str, Entry] = {}
    for entry in entries:
        if entry.label == 0 and entry.folder.lower() in BACKGROUNDS:
            entry = dataclasses.replace(entry, folder="", name=BACKGROUND)
        for what, value, known in (
            ("label", entry.label, by_label),
            ("folder", entry.folder, by_folder),
        ):
            if value in known:
                raise ValueError(
                    f"Line {entry.line} of '{source}' has the {what} {value!r}, as "
                    f"line {known[value].line} has."
                )
            known[value] = entry
    if 0 not in by_label:
        by_label[0] = Entry(line=0, folder="", label=0, name=BACKGROUND)
    last = max(by_label.values(), key=lambda entry: entry.label)
    missing = next(
        (label for label in range(last.label) if label not in by_label), None
    )
    if missing is not None:
        raise ValueError(
            f"Line {last.line} of '{source}' has the label {last.label}, and no line "
            f"has {missing}."
        )
    ordered = [by_label[label] for label in range(len(by_label))]
    return ClassMap(
        folders=tuple(entry.folder for entry in ordered),
        names=tuple(entry.name or entry.folder for entry in ordered),
        source=source,
    )


def as_class_map(class_map: "ClassMap | str | os.PathLike | None") -> ClassMap | None:
    """Return a class map that may be told by its source."""
    if class_map is None or isinstance(class_map, ClassMap):
        return class_map
    return read_class_map(class_map)
