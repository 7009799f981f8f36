"""Fetching files, from a server on this machine."""

import hashlib
import http.server
import sys
import threading
from pathlib import Path

import pytest

from keras_resnet.weights.card import File
from keras_resnet.weights.download import fetch, placed_path

CONTENT = bytes(range(256)) * 20_000
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WEB = "https://example.org/models/resnet.h5"
HUB = "hf://timm/resnet18.a1_in1k/model.safetensors"
HUB_PATH = "/timm/resnet18.a1_in1k/resolve/main/model.safetensors"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Server(http.server.ThreadingHTTPServer):
    """What a mirror has, and what was asked of it.

    Attributes:
        files: Content by path.
        headers: To send besides.
        broken: Answers that are to break off halfway.
        requests: Method, path and authorization of each request.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/models/resnet.h5": CONTENT, HUB_PATH: CONTENT}
        self.headers = {"ETag": f'"{SHA256}"', "X-Repo-Commit": COMMIT}
        self.broken = 0
        self.requests = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(b"")

    def do_GET(self):
        self.answer(self.server.files.get(self.path, b""))

    def answer(self, body):
        asked = (self.command, self.path, self.headers.get("Authorization"))
        self.server.requests.append(asked)
        found = self.server.files.get(self.path)
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Length", str(len(found or b"")))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.server.broken:
            self.server.broken -= 1
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://127.0.0.1:{running.server_address[1]}"
        monkeypatch.setenv("KERAS_RESNET_MIRROR", address)
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for variable in ("KERAS_RESNET_MIRROR", "KERAS_RESNET_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "keras"


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    return tmp_path / "hub"


def files_in(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def kept(folder):
    """List the large files of a folder."""
    return [path for path in files_in(folder) if path.stat().st_size > 1000]


def test_web_file_is_downloaded_once_and_kept_where_keras_keeps_it(server, home):
    path = fetch(File(WEB, MD5))
    assert path == home / "models" / "resnet.h5"
    assert path.read_bytes() == CONTENT
    assert fetch(File(WEB, MD5)) == path
    assert fetch(File(WEB, f"sha256:{SHA256}")) == path
    assert fetch(File(WEB)) == path
    assert server.requests == [("GET", "/models/resnet.h5", None)]


def test_wrong_hash_leaves_nothing(server, home):
    with pytest.raises(ValueError, match=rf"should be 'md5:0+'. Received: '{MD5}'"):
        fetch(File(WEB, f"md5:{'0' * 32}"))
    assert files_in(home) == []


def test_broken_connection_leaves_nothing_and_can_be_tried_again(server, home):
    server.broken = 1
    half = f"{len(CONTENT) // 2:,} of {len(CONTENT):,} bytes"
    with pytest.raises(OSError, match=rf"resnet.h5 could not .*broke off after {half}"):
        fetch(File(WEB))
    assert files_in(home) == []
    assert fetch(File(WEB, MD5)).read_bytes() == CONTENT


def test_damaged_file_is_downloaded_again(server, home):
    path = placed_path(File(WEB))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    assert fetch(File(WEB, MD5)).read_bytes() == CONTENT


def test_failed_download_leaves_the_file_that_was_there(server, home):
    path = placed_path(File(WEB))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other")
    with pytest.raises(ValueError, match="hash"):
        fetch(File(WEB, f"md5:{'0' * 32}"))
    assert path.read_bytes() == b"other"
    assert files_in(home) == [path]


def test_offline(server, home, monkeypatch):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "1")
    with pytest.raises(OSError, match="KERAS_RESNET_OFFLINE is set") as refused:
        fetch(File(WEB, MD5))
    message = str(refused.value)
    assert "/models/resnet.h5 could not be downloaded" in message
    assert str(home / "models" / "resnet.h5") in message
    path = placed_path(File(WEB))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with pytest.raises(OSError, match="is set.*is another one, md5:.* instead of md5:"):
        fetch(File(WEB, MD5))
    path.write_bytes(CONTENT)
    assert fetch(File(WEB, MD5)) == path
    assert server.requests == []


@pytest.mark.parametrize("value", ["0", "", "false", "No"])
def test_offline_that_is_not_set(server, monkeypatch, value):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", value)
    assert fetch(File(WEB, MD5)).is_file()


def test_variables_that_are_not_understood(monkeypatch):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "maybe")
    with pytest.raises(ValueError, match="Received: KERAS_RESNET_OFFLINE='maybe'"):
        fetch(File(WEB))
    monkeypatch.setenv("KERAS_RESNET_MIRROR", "ftp://mirror")
    with pytest.raises(ValueError, match="Received: KERAS_RESNET_MIRROR='ftp://mirror"):
        fetch(File(WEB))


def test_mirror_with_a_folder(server, monkeypatch):
    address = f"http://127.0.0.1:{server.server_address[1]}/deep/"
    monkeypatch.setenv("KERAS_RESNET_MIRROR", address)
    server.files["/deep/models/resnet.h5"] = CONTENT
    assert fetch(File(WEB, MD5)).is_file()


def test_file_that_the_server_lacks(server, home):
    with pytest.raises(OSError, match=r"absent.h5 .* answered 404 Not Found\); a copy"):
        fetch(File("https://example.org/absent.h5", MD5))
    assert files_in(home) == []


def test_server_that_is_not_there(server, home):
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match="resnet.h5 could not be downloaded") as refused:
        fetch(File(WEB, MD5))
    assert str(placed_path(File(WEB))) in str(refused.value)
    assert str(refused.value).count(". ") == 0
    assert files_in(home) == []


def test_file_of_this_machine(tmp_path):
    path = tmp_path / "a file.h5"
    path.write_bytes(CONTENT)
    address = path.as_uri()
    assert fetch(File(address)) == path
    assert fetch(File(address, MD5)) == path
    with pytest.raises(ValueError, match="Received: 'md5:"):
        fetch(File(address, f"md5:{'0' * 32}"))
    assert path.is_file()
    with pytest.raises(OSError, match=r"There is no file at file://.*absent"):
        fetch(File((tmp_path / "absent").as_uri()))


def test_hub_file_is_downloaded_once_without_the_token(server, hub_cache):
    path = fetch(File(HUB))
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(hub_cache)
    asked = len(server.requests)
    assert fetch(File(HUB)) == path
    assert fetch(File(HUB, f"sha256:{SHA256}")) == path
    assert len(server.requests) == asked
    assert {token for _, _, token in server.requests} == {None}
    assert {path for _, path, _ in server.requests} == {HUB_PATH}


def test_hub_file_that_the_hub_calls_right_is_kept(server, hub_cache):
    # It may be another user's, whom another hash does not concern.
    for _ in range(2):
        with pytest.raises(ValueError, match="not the one expected.*Received:"):
            fetch(File(HUB, f"md5:{'0' * 32}"))
        assert kept(hub_cache)


@pytest.mark.parametrize(
    ("announced", "known"),
    [
        ("0" * 64, None),
        ("0" * 40, None),
    ],
)
def test_hub_file_of_a_wrong_hash_leaves_nothing(server, hub_cache, announced, known):
    server.headers["ETag"] = f'"{announced}"'
    with pytest.raises(ValueError, match="damaged or not the one expected.*Received:"):
        fetch(File(HUB, known))
    assert kept(hub_cache) == []
    server.headers["ETag"] = f'"{SHA256}"'
    assert fetch(File(HUB)).read_bytes() == CONTENT


def test_small_hub_file_is_checked_by_the_hash_of_git(server, hub_cache):
    git = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    server.headers["ETag"] = f'"{git}"'
    assert fetch(File(HUB)).read_bytes() == CONTENT


def test_hub_file_without_a_hash_is_refused(server, hub_cache):
    server.headers["ETag"] = '"1234-5678"'
    with pytest.raises(ValueError, match="announces no hash.*Received: address='http"):
        fetch(File(HUB))
    assert kept(hub_cache) == []
    assert fetch(File(HUB, f"sha256:{SHA256}")).read_bytes() == CONTENT


def test_hub_file_whose_connection_broke(server, hub_cache):
    server.broken = 1
    # The hub's package tries again by itself.
    assert fetch(File(HUB)).read_bytes() == CONTENT


def test_damaged_hub_file_is_downloaded_again(server, hub_cache):
    path = fetch(File(HUB))
    path.write_bytes(CONTENT[::-1])
    assert fetch(File(HUB)).read_bytes() == CONTENT


def test_hub_file_offline(server, hub_cache, home, monkeypatch):
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "1")
    with pytest.raises(OSError, match="KERAS_RESNET_OFFLINE is set") as refused:
        fetch(File(HUB))
    placed = home / "models" / "timm" / "resnet18.a1_in1k" / "model.safetensors"
    assert str(placed) in str(refused.value)
    assert server.requests == []
    monkeypatch.delenv("KERAS_RESNET_OFFLINE")
    path = fetch(File(HUB))
    monkeypatch.setenv("KERAS_RESNET_OFFLINE", "1")
    assert fetch(File(HUB)) == path


def test_hub_file_offline_by_the_hub_s_own_variable(server, hub_cache, monkeypatch):
    path = fetch(File(HUB))
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch(File(HUB)) == path
    with pytest.raises(OSError, match="HF_HUB_OFFLINE is set"):
        fetch(File("hf://timm/resnet34.a1_in1k/model.safetensors"))


def test_hub_file_where_there_are_no_links(server, hub_cache, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True, raising=False)
    path = fetch(File(HUB))
    assert path.read_bytes() == CONTENT
    assert fetch(File(HUB)) == path
    path.unlink()
    server.headers["ETag"] = f'"{"0" * 64}"'
    with pytest.raises(ValueError, match="damaged or not the one expected"):
        fetch(File(HUB))
    assert not path.exists()


def test_hub_file_that_was_placed_by_hand(server, hub_cache):
    path = placed_path(File(HUB))
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert fetch(File(HUB)) == path
    assert fetch(File(HUB, MD5)) == path
    with pytest.raises(ValueError, match="Received: 'md5:"):
        fetch(File(HUB, f"md5:{'0' * 32}"))
    assert path.is_file()
    assert server.requests == []


def test_hub_file_that_the_hub_lacks(server, hub_cache):
    with pytest.raises(OSError, match=r"absent.safetensors could not be downloaded"):
        fetch(File("hf://timm/resnet18.a1_in1k/absent.safetensors"))


def test_hub_that_is_not_there(server, hub_cache):
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match=f"{HUB_PATH} could not be downloaded"):
        fetch(File(HUB))


def test_without_the_package_of_the_hub(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"keras-resnet-edge\[hub\]"):
        fetch(File(HUB))
