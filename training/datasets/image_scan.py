"""Finding out which image files can be decoded, and how large they are.

A training must not stop at its second hour because of one damaged file, and
the number of examples must be known beforehand. So every file is decoded once;
what was found is kept, and looked up again for files that did not change.
"""

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from keras_resnet.files import write_text
from keras_resnet.progress import Counter
from keras_resnet.training.datasets.decoding import decode_image

SIGNATURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
FORMAT = 1
# Files that wait for a thread at a time.
SUBMITTED = 4096


@dataclasses.dataclass(frozen=True)
class Scanned:
    """What was found in one file.

    Attributes:
        path: The file.
        height: Rows, or 0 if it cannot be decoded.
        width: Columns, or 0 if it cannot be decoded.
        reason: Why it cannot be decoded, or `""`.
        is_lasting: Whether that holds as long as the file does not change. A
            file that could not be opened may be opened the next time.
    """

    path: Path
    height: int
    width: int
    reason: str
    is_lasting: bool = True


def scan_file(path: Path) -> Scanned:
    """Decode one file."""
    import tensorflow as tf

    def unreadable(reason, is_lasting=True):
        return Scanned(path, 0, 0, reason, is_lasting)

    try:
        contents = path.read_bytes()
    except OSError as error:
        return unreadable(error.strerror or str(error), is_lasting=False)
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        # Neither TensorFlow nor a file of this package could name it.
        return unreadable("its name is not UTF-8")
    if not contents:
        return unreadable("empty file")
    kinds = [kind for start, kind in SIGNATURES.items() if contents.startswith(start)]
    if not kinds:
        return unreadable("neither JPEG nor PNG")
    try:
        height, width, _ = decode_image(contents).shape
    except tf.errors.InvalidArgumentError:
        return unreadable(f"damaged {kinds[0]}")
    return Scanned(path, height, width, "")


def cache_path(root: Path) -> Path:
    """Return where the findings about the folder `root` are kept."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    key = hashlib.sha256(str(root.resolve()).encode("utf-8")).hexdigest()[:24]
    return home / "keras_resnet" / "image_folders" / f"{key}.json"


def _read_cache(path: Path) -> dict:
    if not path.is_file():
        return {}
    try:
        cache = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        print(f"Scanning anew: '{path}' is unusable ({error}).", file=sys.stderr)
        return {}
    return cache["files"] if cache.get("format") == FORMAT else {}


def _write_cache(path: Path, files: dict) -> None:
    try:
        write_text(path, json.dumps({"format": FORMAT, "files": files}))
    except OSError as error:
        print(f"The next run will scan the images again: {error}", file=sys.stderr)


def scan(root: Path, files: Sequence[Path]) -> list[Scanned]:
    """Decode every file once, or look up what is known about it.

    Args:
        root: Folder that all files are below.
        files: The files.

    Returns:
        One finding a file, in the same order.
    """
    known = _read_cache(cache_path(root))
    keys, found = {}, {}
    for file in files:
        try:
            status = file.stat()
        except OSError as error:
            reason = error.strerror or str(error)
            found[file] = Scanned(file, 0, 0, reason, is_lasting=False)
            continue
        name = file.relative_to(root).as_posix()
        keys[file] = (name, status.st_size, status.st_mtime_ns)
        size, time, *finding = known.get(name, (None, None))
        if (size, time) == keys[file][1:]:
            found[file] = Scanned(file, *finding)
    new = [file for file in files if file not in found]
    try:
        with (
            Counter("images checked", len(new)) as counter,
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            # A pool takes in all that it is given: a million files by parts.
            for start in range(0, len(new), SUBMITTED):
                for finding in pool.map(scan_file, new[start : start + SUBMITTED]):
                    found[finding.path] = finding
                    counter()
    finally:
        if new:
            # Interrupted, it need not look at these again.
            _write_cache(
                cache_path(root),
                {
                    name: [size, time, found[f].height, found[f].width, found[f].reason]
                    for f, (name, size, time) in keys.items()
                    if f in found and found[f].is_lasting
                },
            )
    return [found[file] for file in files]
