"""Fetching files of weights, once, and checking what came."""

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from keras_resnet.arguments import check_choice
from keras_resnet.extras import import_extra
from keras_resnet.files import write_aside
from keras_resnet.progress import ProgressLine
from keras_resnet.version import __version__
from keras_resnet.weights.card import HUB, File

MIRROR = "KERAS_RESNET_MIRROR"
OFFLINE = "KERAS_RESNET_OFFLINE"
YES = ("1", "true", "yes", "on")
NO = ("", "0", "false", "no", "off")

CHUNK_BYTES = 2**20
TIMEOUT_SECONDS = 30
# What the hub calls a file by: the SHA-256 of a large one, git's of a small one.
SHA256 = re.compile(r"[0-9a-f]{64}")
GIT_SHA1 = re.compile(r"[0-9a-f]{40}")


def fetch(file: File) -> Path:
    """Give the path of a file, downloaded and checked if need be.

    A file that has been downloaded before is used as it is, if its hash is
    right. A download that breaks off or has a wrong hash leaves nothing
    behind.

    `https://` files are kept in `KERAS_HOME/models` (`~/.keras/models` where
    `KERAS_HOME` is not set), where Keras itself keeps them. Files of the
    Hugging Face hub are kept in its own cache; a file that someone placed at
    `placed_path(file)` comes before that.

    Three environment variables are heeded:

    - `KERAS_RESNET_MIRROR`: what replaces `https://` and the host of every
      address. With `http://mirror:8000/models`,
      `https://storage.googleapis.com/tensorflow/x.h5` is downloaded from
      `http://mirror:8000/models/tensorflow/x.h5`, and
      `hf://timm/resnet18.a1_in1k/model.safetensors` from
      `http://mirror:8000/models/timm/resnet18.a1_in1k/resolve/main/model.safetensors`;
      for these the mirror must answer as the hub does, with the headers `ETag`
      and `X-Repo-Commit`. It is sent no token.
    - `KERAS_RESNET_OFFLINE`: `1` for only files that are there already.
    - `HF_HUB_OFFLINE`: the same for files of the hub, as it has it.

    Args:
        file: The file.

    Raises:
        OSError: If the file is not there and cannot be downloaded.
        ValueError: If what came is not what the hash says, or one of the
            variables has a value that is not understood.
        ImportError: If the file is on the hub and the hub's package is not
            installed.
    """
    if file.address.startswith(HUB):
        return _from_hub(file)
    if file.address.startswith("file://"):
        return _from_disk(file)
    return _from_web(file)


def placed_path(file: File) -> Path:
    """Say where a file is looked for that someone has placed by hand."""
    models = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    if file.address.startswith(HUB):
        return models.joinpath(*file.address.removeprefix(HUB).split("/"))
    return models / _address_path(file).rpartition("/")[2]


def _from_disk(file: File) -> Path:
    path = Path(urllib.request.url2pathname(_address_path(file)))
    if not path.is_file():
        raise OSError(f"There is no file at {file.address}.")
    if file.hash is not None:
        _check_hash(path, file.hash, file.address)
    return path


def _from_web(file: File) -> Path:
    path, address = placed_path(file), _mirrored(file.address)
    if path.is_file() and (file.hash is None or _digest(path, file.hash) == file.hash):
        return path
    if _is_set(OFFLINE):
        raise _unavailable(file, address, f"{OFFLINE} is set")
    with write_aside(path) as temporary:
        _download(file, address, temporary)
        if file.hash is not None:
            _check_hash(temporary, file.hash, address)
    return path


def _download(file: File, address: str, path: Path) -> None:
    request = urllib.request.Request(
        address, headers={"User-Agent": f"keras_resnet/{__version__}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            done, total = _copy(response, path, f"Downloading {placed_path(file).name}")
    except urllib.error.HTTPError as error:
        reason = f"the server answered {error.code} {error.reason}"
        raise _unavailable(file, address, reason) from error
    except urllib.error.URLError as error:
        raise _unavailable(file, address, _reason(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unavailable(file, address, _reason(error)) from error
    if total is not None and done != total:
        reason = f"it broke off after {done:,} of {total:,} bytes"
        raise _unavailable(file, address, reason)


def _copy(response, path: Path, doing: str) -> tuple[int, int | None]:
    """Write a response to a file; return its bytes, and those announced."""
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isdecimal() else None
    of = "" if total is None else f" of {total / 1e6:.0f}"
    done = 0
    with path.open("wb") as target, ProgressLine() as progress:
        while chunk := response.read(CHUNK_BYTES):
            target.write(chunk)
            done += len(chunk)
            progress(f"{doing}: {done / 1e6:.0f}{of} MB")
    return done, total


def _from_hub(file: File) -> Path:
    placed = placed_path(file)
    if placed.is_file():
        if file.hash is not None:
            _check_hash(placed, file.hash, str(placed))
        return placed
    hub = import_extra("huggingface_hub", "hub")
    repository, name = _hub_parts(file)
    cached = hub.try_to_load_from_cache(repository, name)
    # Else it is `None`, or a mark for a file that the repository lacks.
    if isinstance(cached, str):
        cached = Path(cached)
        announced = _announced_by_link(cached)
        if announced is None or _digest(cached, announced) == announced:
            if file.hash is not None:
                _check_hash(cached, file.hash, file.address)
            return cached
        if not _is_set(OFFLINE):
            _remove(cached)
    return _download_from_hub(file)


def _download_from_hub(file: File) -> Path:
    hub = import_extra("huggingface_hub", "hub")
    constants = import_extra("huggingface_hub.constants", "hub")
    repository, name = _hub_parts(file)
    endpoint = _mirror()
    address = hub.hf_hub_url(repository, name, endpoint=endpoint)
    for variable, is_set in (
        (OFFLINE, _is_set(OFFLINE)),
        ("HF_HUB_OFFLINE", constants.HF_HUB_OFFLINE),
    ):
        if is_set:
            raise _unavailable(file, address, f"{variable} is set")
    # A mirror is not given the user's token, which is the hub's alone.
    token = None if endpoint is None else False
    try:
        # Asked first, because without a network the download tries for long.
        announced = _as_hash(hub.get_hf_file_metadata(address, token=token).etag)
        path = Path(
            hub.hf_hub_download(repository, name, endpoint=endpoint, token=token)
        )
    # The hub's package raises errors of its own, of three HTTP libraries and of
    # the system, which have no base in common.
    except Exception as error:
        raise _unavailable(file, address, _reason(error)) from error
    try:
        if announced is None and file.hash is None:
            raise ValueError(
                "The server announces no hash, so that what came cannot be checked. "
                f"Received: address={address!r}"
            )
        if announced is not None:
            _check_hash(path, announced, address)
    except ValueError:
        _remove(path)
        raise
    # What the hub calls right is right, and may be another user's.
    if file.hash is not None:
        _check_hash(path, file.hash, address)
    return path


def _hub_parts(file: File) -> tuple[str, str]:
    """Split an address into the repository and the file in it."""
    owner, name, path = file.address.removeprefix(HUB).split("/", 2)
    return f"{owner}/{name}", path


def _announced_by_link(path: Path) -> str | None:
    """Read from the hub's cache which hash it announced for a file.

    A file there is a link to one that is named by its hash; where the file
    system has no links, it is the file itself and the hash is not kept.
    """
    return _as_hash(Path(os.readlink(path)).name) if path.is_symlink() else None


def _as_hash(etag: str | None) -> str | None:
    if etag and SHA256.fullmatch(etag):
        return f"sha256:{etag}"
    if etag and GIT_SHA1.fullmatch(etag):
        return f"git:{etag}"
    return None


def _remove(path: Path) -> None:
    """Remove a file and, if it is a link, all that it links to."""
    while path.is_symlink():
        target = path.parent / os.readlink(path)
        path.unlink()
        path = target
    path.unlink(missing_ok=True)


def _digest(path: Path, like: str) -> str:
    """Hash a file the way that another hash, `"algorithm:digits"`, was made."""
    algorithm = like.partition(":")[0]
    if algorithm == "git":
        hasher = hashlib.sha1(usedforsecurity=False)
        hasher.update(b"blob %d\0" % path.stat().st_size)
    else:
        hasher = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            hasher.update(chunk)
    return f"{algorithm}:{hasher.hexdigest()}"


def _check_hash(path: Path, expected: str, address: str) -> None:
    received = _digest(path, expected)
    if received != expected:
        raise ValueError(
            f"The file from {address} is damaged or not the one expected: its hash "
            f"should be {expected!r}. Received: {received!r}"
        )


def _address_path(file: File) -> str:
    return urllib.parse.urlsplit(file.address).path


def _mirror() -> str | None:
    mirror = os.environ.get(MIRROR, "").rstrip("/")
    if mirror and not mirror.startswith(("http://", "https://")):
        raise ValueError(
            f"The environment variable {MIRROR} must be an address with http:// or "
            f"https://. Received: {MIRROR}={mirror!r}"
        )
    return mirror or None


def _mirrored(address: str) -> str:
    """Put the mirror, if there is one, in place of the host."""
    mirror = _mirror()
    if mirror is None:
        return address
    return (
        mirror + urllib.parse.urlsplit(address)._replace(scheme="", netloc="").geturl()
    )


def _is_set(variable: str) -> bool:
    value = os.environ.get(variable, "").strip().lower()
    return check_choice(variable, value, (*YES, *NO)) in YES


def _unavailable(file: File, address: str, reason: str) -> OSError:
    path = placed_path(file)
    where = f"a copy that you get elsewhere is found if you place it at '{path}'"
    if path.is_file() and file.hash is not None:
        found = _digest(path, file.hash)
        where = f"the file at '{path}' is another one, {found} instead of {file.hash}"
    return OSError(f"{address} could not be downloaded ({reason}); {where}.")


def _reason(error) -> str:
    """Say an error in at most one line, without a full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0].rstrip(".") if lines else "") or type(error).__name__
