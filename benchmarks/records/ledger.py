"""A ledger: a file of JSON lines, a record each, that is only appended to."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from keras_resnet.benchmarks.output import check_writable
from keras_resnet.benchmarks.records.document import (
    RecordError,
    from_plain,
    to_plain,
)
from keras_resnet.benchmarks.records.schema import BenchmarkRecord
from keras_resnet.files import write_text

DOCUMENT_SCHEMA = "keras_resnet.benchmarks.records"
DOCUMENT_VERSION = 1
NEW_LINE = b"\n"
# Windows locks bytes, not files: one far beyond any content.
LOCKED_BYTE = 2**40


@dataclasses.dataclass(frozen=True)
class Contents:
    """What a file of records holds.

    Attributes:
        records: Its records in the order of the file.
        faults: What could not be read, as sentences.
    """

    records: tuple[BenchmarkRecord, ...]
    faults: tuple[str, ...] = ()


def check_appendable(path: str | os.PathLike) -> None:
    """Find out whether records can be appended, and leave nothing behind.

    Args:
        path: The ledger. Missing folders above it are made.

    Raises:
        OSError: If they cannot; the message names the ledger.
    """
    try:
        if Path(path).exists():
            # A file may be read-only in a folder that is not.
            with Path(path).open("ab"):
                return
        check_writable(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"Cannot write the ledger '{path}': {reason}.") from error


def append(path: str | os.PathLike, records: Iterable[BenchmarkRecord]) -> None:
    """Append records to a ledger, each as a whole line.

    Several processes may append to one ledger: it is locked while a line is
    written. After a line that was torn by a lost machine a new one is begun.

    Args:
        path: The ledger. It is made where it is not there yet, and so are
            folders above it.
        records: The records.

    Raises:
        OSError: If it cannot be written; the message names it.
        ValueError: If a record holds a number that is not finite.
    """
    lines = [
        json.dumps(to_plain(record), allow_nan=False).encode("utf-8") + NEW_LINE
        for record in records
    ]
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream, _locked(stream):
            if stream.seek(0, os.SEEK_END):
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != NEW_LINE:
                    lines.insert(0, NEW_LINE)
            stream.write(b"".join(lines))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"Cannot write the ledger '{path}': {reason}.") from error


def read(path: str | os.PathLike, *, may_be_empty: bool = False) -> Contents:
    """Read a ledger, or a file that `write` has written.

    A line that is no record, as the last one of a process that was ended, is
    passed over and told.

    Args:
        path: The file.
        may_be_empty: Whether it is accepted that no line of it is a record, as
            in a ledger whose very first line was torn. Defaults to no.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If no line of it is a record, unless that is accepted.
        OSError: If it cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no file '{path}'.")
    if path.is_dir():
        raise ValueError(f"Expected a ledger, not a folder. Received: '{path}'")
    content = path.read_bytes()
    whole = _document_records(content)
    if whole is not None:
        pairs = [(f"record {number}", value) for number, value in enumerate(whole, 1)]
        found = Contents(*_sort_out(pairs, path))
    else:
        lines = content.split(NEW_LINE)
        pairs = [
            (f"line {number}", line)
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
        found = Contents(*_sort_out(pairs, path))
    if found.faults and not found.records and not may_be_empty:
        raise ValueError(
            f"'{path}' holds no benchmark record. {found.faults[0]} Received: '{path}'"
        )
    return found


def write(path: str | os.PathLike, records: Iterable[BenchmarkRecord]) -> None:
    """Write records as one JSON document, aside first and then renamed."""
    document = {
        "schema": DOCUMENT_SCHEMA,
        "schema_version": DOCUMENT_VERSION,
        "records": [to_plain(record) for record in records],
    }
    write_text(path, json.dumps(document, indent=2, allow_nan=False) + "\n")


def _document_records(content: bytes) -> list | None:
    """Return the records of a document of `write`; None for anything else."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and document.get("schema") == DOCUMENT_SCHEMA:
        records = document.get("records")
        return records if isinstance(records, list) else []
    return None


def _sort_out(pairs, path: Path) -> tuple[tuple, tuple]:
    """Tell records from what is none."""
    records, faults = [], []
    for place, value in pairs:
        try:
            if isinstance(value, bytes):
                value = _parsed(value)
            records.append(from_plain(value))
        except RecordError as error:
            faults.append(f"{place.capitalize()} of '{path}' is passed over: {error}.")
    return tuple(records), tuple(faults)


def _parsed(line: bytes):
    try:
        return json.loads(line)
    # Deep nesting is refused by Python's own limit.
    except (ValueError, RecursionError) as error:
        raise RecordError("it is no JSON, and may have been cut short") from error


@contextlib.contextmanager
def _locked(stream) -> Iterator[None]:
    """Hold an exclusive lock on an open file, whichever the system's way."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        stream.seek(LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            stream.seek(LOCKED_BYTE)
            msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)
        return
    fcntl.flock(stream, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)
