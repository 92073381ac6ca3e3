"""Downloads are checked, resumed, and fail with a way out. The server is on this machine."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

import pytest

from disbench.dsprites import download
from disbench.dsprites.download import fetch, official_file
from disbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 4096
CHECKSUM = "md5:" + hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
WAY_OUT = 'without any download by data = "rendered"'


class Handler(BaseHTTPRequestHandler):
    """Serve the content at /file; every answer may be cut short."""

    lengths: ClassVar[list[int]]  # how many bytes the next answers send; later ones send all
    ranges: ClassVar[list[str | None]]  # the Range headers of the requests so far
    has_ranges: ClassVar[bool]

    def do_GET(self) -> None:
        """Answer as a file server does."""
        wanted = self.headers["Range"]
        self.ranges.append(wanted)
        start = int(wanted[len("bytes=") : -1]) if wanted and self.has_ranges else 0
        if self.path != "/file":
            self.send_error(404)
        elif start >= len(CONTENT):
            self.send_error(416)
        else:
            self.send_content(start)

    def send_content(self, start: int) -> None:
        """Announce all from the start on, and send as much as is left of it."""
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        length = self.lengths.pop(0) if self.lengths else len(CONTENT)
        self.wfile.write(CONTENT[start : start + length])

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the content at an address, and do not wait between attempts."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    Handler.lengths, Handler.ranges, Handler.has_ranges = [], [], True
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_file_is_downloaded_once(address: str, tmp_path: Path) -> None:
    for _ in range(2):
        path = fetch(address, "file", CHECKSUM, tmp_path / "new")
        assert path == tmp_path / "new" / "file"
        assert path.read_bytes() == CONTENT
    assert Handler.ranges == [None]
    assert not path.with_name("file.part").exists()


def test_interrupted_download_is_resumed(address: str, tmp_path: Path) -> None:
    Handler.lengths = [600_000]
    assert fetch(address, "file", CHECKSUM, tmp_path).read_bytes() == CONTENT
    first, second = Handler.ranges
    assert first is None
    assert second is not None
    assert second != "bytes=0-"


def test_download_is_resumed_by_a_later_call(address: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    assert fetch(address, "file", CHECKSUM, tmp_path).read_bytes() == CONTENT
    assert Handler.ranges == ["bytes=1000-"]


def test_server_without_ranges_sends_it_all_again(address: str, tmp_path: Path) -> None:
    Handler.has_ranges = False
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    assert fetch(address, "file", CHECKSUM, tmp_path, retries=0).read_bytes() == CONTENT


def test_of_several_at_once_one_downloads(address: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        paths = threads.map(lambda _: fetch(address, "file", CHECKSUM, tmp_path), range(4))
        assert set(paths) == {tmp_path / "file"}
    assert Handler.ranges == [None]


@pytest.mark.parametrize("part", [b"of another file", CONTENT, CONTENT + b"more"])
def test_useless_part_is_thrown_away(address: str, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "file.part").write_bytes(part)
    assert fetch(address, "file", CHECKSUM, tmp_path).read_bytes() == CONTENT
    assert Handler.ranges == [f"bytes={len(part)}-", None]


def test_damaged_file_is_downloaded_again(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT[:-1])
    assert fetch(address, "file", CHECKSUM, tmp_path).read_bytes() == CONTENT


def test_wrong_checksum_is_refused_after_the_retries(address: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)hash .*" + WAY_OUT):
        fetch(address, "file", "md5:" + "0" * 32, tmp_path, retries=1)
    assert Handler.ranges == [None, None]
    assert {path.name for path in tmp_path.iterdir()} <= {"file.lock"}


def test_missing_file_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"404 .*" + WAY_OUT):
        fetch(address, "other", CHECKSUM, tmp_path)


@pytest.mark.usefixtures("address")
def test_without_a_connection_there_is_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as unheard:  # bound, so that nobody else is there, but not listening
        unheard.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unheard.getsockname()[1]}/"
        with pytest.raises(DataError, match=nobody + "file cannot be downloaded.*" + WAY_OUT):
            fetch(nobody, "file", CHECKSUM, tmp_path, retries=1)


def test_without_a_place_to_write_there_is_a_way_out(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=WAY_OUT):
        fetch(address, "file", CHECKSUM, tmp_path / "file" / "folder")


def test_progress_goes_to_stderr(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(address, "file", CHECKSUM, tmp_path, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "100%" in captured.err


def test_official_file_goes_to_the_cache(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(download, "ADDRESS", address)
    monkeypatch.setattr(download, "NAME", "file")
    monkeypatch.setattr(download, "MD5", CHECKSUM)
    assert official_file() == tmp_path / "file"


def test_official_address_and_checksum_are_the_published_ones() -> None:
    assert download.ADDRESS.startswith("https://")
    assert "google-deepmind/dsprites-dataset" in download.ADDRESS
    assert download.NAME == "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5"
    assert download.MD5 == "md5:b331c4447a651c44bf5e8ae09022e230"
