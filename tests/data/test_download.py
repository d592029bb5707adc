import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deblur_lightning.data.download import download, unpack
from deblur_lightning.data.kohler import data_module as kohler
from deblur_lightning.data.kohler.data_module import download_kohler

CONTENT = bytes(range(256)) * 9000
MD5 = hashlib.md5(CONTENT).hexdigest()  # noqa: S324 - what is published


class Server(ThreadingHTTPServer):
    """Serves ``files``, with ranges or without, and can break off after some bytes."""

    files: dict[str, bytes]
    resumes = True
    stop_after: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {"/file": CONTENT}, []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range"))
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = 0
        wanted = self.headers.get("Range")
        if wanted and self.server.resumes:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : self.server.stop_after])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_download_is_checked_and_shown(server: Server, tmp_path: Path) -> None:
    seen = []
    download(f"{server.address}/file", tmp_path / "new" / "a.zip", MD5, lambda *progress: seen.append(progress))
    assert (tmp_path / "new" / "a.zip").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [there for there, _ in seen] == sorted({there for there, _ in seen})


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    download(f"{server.address}/file", tmp_path / "a.zip", MD5)
    assert server.asked == []


@pytest.mark.parametrize("resumes", [True, False])
def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, tmp_path: Path, resumes: bool) -> None:
    server.resumes, server.stop_after = resumes, 1_200_000
    with pytest.raises(OSError, match="a new call resumes"):
        download(f"{server.address}/file", tmp_path / "a.zip", MD5)
    assert not (tmp_path / "a.zip").exists()
    server.stop_after = None
    download(f"{server.address}/file", tmp_path / "a.zip", MD5)
    assert server.asked == [None, "bytes=1200000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_part_that_is_whole_already_needs_no_bytes(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.zip.part").write_bytes(CONTENT)
    download(f"{server.address}/file", tmp_path / "a.zip", MD5)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a.zip came with md5 .* but 0123 is published.*fetch it again"):
        download(f"{server.address}/file", tmp_path / "a.zip", "0123")
    assert list(tmp_path.iterdir()) == []


def test_a_refusing_or_absent_server_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"the server answers 404.*Look whether it moved"):
        download(f"{server.address}/other", tmp_path / "a.zip", MD5)
    with pytest.raises(OSError, match="Check the connection"):
        download("http://127.0.0.1:9/file", tmp_path / "a.zip", MD5)
    with pytest.raises(ValueError, match="http or https"):
        download("file:///etc/hosts", tmp_path / "a.zip", MD5)


def test_archives_are_fetched_unpacked_and_not_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, member in (("BlurryImages.zip", "BlurryImages/Blurry1_1.png"), ("GroundTruth_pngs_Image1.zip", "b.png")):
        with zipfile.ZipFile(tmp_path / name, "w") as zipped:
            zipped.writestr(member, name)
            zipped.writestr("readme.txt", "not wanted")
        server.files[f"/{name}"] = (tmp_path / name).read_bytes()
        monkeypatch.setitem(kohler.ARCHIVES, name, hashlib.md5(server.files[f"/{name}"]).hexdigest())  # noqa: S324
    for _ in range(2):
        download_kohler(tmp_path / "out", server.address, ("BlurryImages.zip", "GroundTruth_pngs_Image1.zip"))
    assert (tmp_path / "out" / "BlurryImages" / "Blurry1_1.png").read_text() == "BlurryImages.zip"
    assert len(server.asked) == 2
    assert {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()} == {".png", ".unpacked"}
    (tmp_path / "sample.json").touch()
    with pytest.raises(ValueError, match=r"holds a sample set.*another folder"):
        download_kohler(tmp_path, server.address)


def test_a_zip_that_is_damaged_or_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match=r"a.zip is a damaged zip.*fetch it again"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as zipped:
        zipped.writestr("../c.png", "x")
    with pytest.raises(ValueError, match="leads out of"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    assert not (tmp_path / "c.png").exists()
