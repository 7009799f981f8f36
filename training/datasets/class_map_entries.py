"""Reading the lines of a class map: text, CSV and JSON."""

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

SYNSET = re.compile(r"(n\d{8})(?:[\s,:]+(.*))?")
NUMBERED = re.compile(r"(\d+)[\s,:]+(.+)")
COLUMNS = ("folder", "label", "name")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One class, as a file has it.

    Attributes:
        line: Where it stands, from 1.
        folder: Its folder.
        label: Its label, or None: that of its place.
        name: What it is called, or `""`: as its folder.
    """

    line: int
    folder: str
    label: int | None
    name: str


def read_entries(path: Path) -> list[Entry]:
    """Read the classes of a file, in its order.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not as `read_class_map` says; the line is named.
    """
    try:
        # Some editors begin a file with a mark of its encoding.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"'{path}' is no text in UTF-8.") from error
    kinds = {".json": _from_json, ".csv": _from_csv}
    return kinds.get(path.suffix.lower(), _from_text)(text, path)


def _from_text(text: str, path: Path) -> list[Entry]:
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    numbered = [NUMBERED.fullmatch(line) for _, line in lines]
    has_labels = bool(lines) and all(numbered)
    entries = []
    for (number, line), match in zip(lines, numbered, strict=True):
        label, rest = (int(match[1]), match[2]) if has_labels else (None, line)
        synset = SYNSET.fullmatch(rest)
        folder, name = (synset[1], synset[2] or "") if synset else (rest, "")
        entries.append(Entry(number, folder, label, name.strip()))
    return entries


def _from_csv(text: str, path: Path) -> list[Entry]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    heads = reader.fieldnames or []
    if "folder" not in heads or not set(heads) <= set(COLUMNS):
        raise ValueError(
            f"Line 1 of '{path}' must have the headings 'folder' and, as far as they "
            f"are there, 'label' and 'name'. Received: {','.join(heads)}"
        )
    entries = []
    for row in reader:
        line = reader.line_num
        if None in row or None in row.values() or not row["folder"].strip():
            raise ValueError(
                f"Line {line} of '{path}' must have {len(heads)} values, the folder "
                "among them."
            )
        label = _label(row["label"], line, path) if "label" in row else None
        name = (row.get("name") or "").strip()
        entries.append(Entry(line, row["folder"].strip(), label, name))
    return entries


def _label(value, line: int, path: Path) -> int:
    text = str(value).strip()
    if not text.isdecimal():
        raise ValueError(
            f"Line {line} of '{path}' must have a label that is a number from 0 on. "
            f"Received: {value!r}"
        )
    return int(text)


def _from_json(text: str, path: Path) -> list[Entry]:
    try:
        # Pairs, as a dictionary would drop what comes twice.
        read = json.loads(text, object_pairs_hook=lambda pairs: pairs)
    except json.JSONDecodeError as error:
        raise ValueError(f"'{path}' is not JSON: {error}.") from error
    entries, begin = [], 0

    def line_of(key) -> int:
        # JSON's reader does not tell lines: keys are looked for in their order.
        nonlocal begin
        found = text.find(json.dumps(key, ensure_ascii=False), begin)
        begin = found + 1 if found >= 0 else begin
        return text.count("\n", 0, begin) + 1

    for item in read if isinstance(read, list) else [None]:
        # The members of an object are read as tuples.
        is_member = isinstance(item, tuple)
        match item:
            case str(folder):
                entries.append(Entry(line_of(folder), folder, None, ""))
            case (str(number), [str(folder), str(name)]) if (
                is_member and number.isdecimal()
            ):
                line = line_of(number)
                entries.append(Entry(line, folder, int(number), name))
            case (str(number), str(folder)) if is_member and number.isdecimal():
                entries.append(Entry(line_of(number), folder, int(number), ""))
            case (str(folder), int(label)) if is_member:
                line = line_of(folder)
                entries.append(Entry(line, folder, _label(label, line, path), ""))
            case (str(folder), str(label)) if is_member and label.isdecimal():
                entries.append(Entry(line_of(folder), folder, int(label), ""))
            case [str(folder), str(name)] if not is_member:
                entries.append(Entry(line_of(folder), folder, None, name))
            case _:
                raise ValueError(
                    f"'{path}' must be a list of folders, or an object of labels and "
                    f"folders. Received: {json.dumps(item)[:80]}"
                )
    return entries
