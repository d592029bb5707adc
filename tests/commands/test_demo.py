"""The live page over real HTTP, as `deblur demo` serves it."""

import http.client
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from small_models import write_small_checkpoint

from deblur_lightning.commands import main
from deblur_lightning.commands.demo.desk import KEPT, WAITING, Busy, PhotoDesk, plain_name

pytest.importorskip("uvicorn", reason="the demo is not installed: pip install -e '.[demo]'")
pytest.importorskip("starlette", reason="the demo is not installed: pip install -e '.[demo]'")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_small_checkpoint(tmp_path_factory.mktemp("model") / "tiny.ckpt")


@pytest.fixture(scope="module")
def port(checkpoint):
    """Run the command on a free port, and see that Ctrl-C ends it well."""
    code = "import sys; from deblur_lightning.commands import main; main(sys.argv[1:])"
    options = ("demo", "--checkpoint", str(checkpoint), "--port", "0", "--megabytes", "0.2", "--megapixels", "0.05")
    server = subprocess.Popen(
        [sys.executable, "-c", code, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = server.stdout.readline()
    found = re.search(r"Open http://127\.0\.0\.1:(\d+)/", line)
    assert found, line
    yield int(found[1])
    server.send_signal(signal.SIGINT)
    _, errors = server.communicate(timeout=60)
    assert server.returncode == 0
    assert "Traceback" not in errors


def photo(width=90, height=70, kind="PNG", colour=None):
    file = io.BytesIO()
    (Image.new("RGB", (width, height), colour) if colour else Image.effect_noise((width, height), 80)).save(file, kind)
    return file.getvalue()


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def send(port, name, data, **headers):
    headers = {"Content_Type": "application/octet-stream", **headers}
    status, _, text = ask(port, "POST", f"/restore?name={name}", data, **headers)
    return status, json.loads(text)


def test_a_photo_comes_back_restored_with_its_motion(port):
    status, told = send(port, "my%20photo.jpg", photo(kind="JPEG"))
    assert status == 200
    assert re.fullmatch(r"my photo\.jpg: 90 × 70, \d+\.\d s", told["said"])
    picture = told["picture"]
    assert [one["title"] for one in picture["pictures"]] == ["Blurry", "Adaptive"]
    for one in picture["pictures"]:
        status, headers, data = ask(port, "GET", f"/photos/{picture['slug']}/{one['file']}")
        assert (status, headers["content-type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(data)).size == (90, 70)
    status, headers, data = ask(port, "GET", f"/photos/{picture['slug']}/{picture['fields'][0]['file']}")
    assert status == 200
    assert "javascript" in headers["content-type"]
    assert data.startswith(f'deblurField("{picture["slug"]}/'.encode())


def test_the_page_asks_for_nothing_from_elsewhere(port):
    status, headers, page = ask(port, "GET", "/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"up to 0.2 MB and 0.05 megapixels" in page
    assert b"tiny.ckpt" in page


def test_a_text_named_jpg_is_refused_in_a_sentence(port):
    status, told = send(port, "notes.jpg", b"just text")
    assert status == 422
    assert told["error"].startswith("notes.jpg is no picture that is read (JPEG, PNG")


@pytest.mark.parametrize(
    ("name", "data", "status", "sentence"),
    [
        ("big.png", b"\0" * 300_000, 413, "big.png has more than 0.2 MB, but no more is taken. Make it smaller first."),
        ("wide.png", photo(500, 400, colour="red"), 422, "wide.png has 500 x 400 pixels, but at most 0.05 million"),
        ("cut.png", photo()[:200], 422, "cut.png is damaged"),
        ("none.png", b"", 422, "none.png is empty"),
        ("a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 60, 422, "a.heic is no picture that is read"),
        ("..%2F..%2Fetc%2Fpasswd", b"root:x:0:0", 422, "passwd is no picture"),
    ],
)
def test_what_cannot_be_taken_is_said(port, name, data, status, sentence):
    answered, told = send(port, name, data)
    assert answered == status
    assert told["error"].startswith(sentence)


def test_a_body_of_untold_length_is_stopped_at_the_limit(port):
    head = (
        "POST /restore?name=endless.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head.encode())
        for size in (66_000, 66_000, 66_000, 12_000):  # the last one passes the limit; no end follows
            connection.sendall(f"{size:x}\r\n".encode() + b"\0" * size + b"\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"endless.png has more than 0.2 MB" in answer


def test_a_sender_that_goes_away_does_no_harm(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = "POST /restore?name=a.png HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
        connection.sendall(f"{head}Content-Type: application/octet-stream\r\n\r\nhalf".encode())
    assert send(port, "b.png", photo())[0] == 200


def test_other_sites_cannot_use_it(port):
    assert ask(port, "GET", "/", Host="evil.example")[0] == 400
    status, told = send(port, "a.png", photo(), Content_Type="text/plain")
    assert (status, "only that is taken" in told["error"]) == (415, True)
    assert "access-control-allow-origin" not in ask(port, "OPTIONS", "/restore", Origin="http://evil.example")[1]
    assert ask(port, "GET", "/photos/../../etc/passwd")[0] == 404
    assert ask(port, "GET", "/photos/%2e%2e/%2e%2e/etc/passwd")[0] == 404


def test_photos_sent_at_once_are_all_restored_each_its_own(port):
    sizes = [(60 + number, 50) for number in range(5)]
    with ThreadPoolExecutor(len(sizes)) as pool:
        answers = list(pool.map(lambda size: send(port, "same.png", photo(*size)), sizes))
    assert [status for status, _ in answers] == [200] * len(sizes)
    assert [(told["picture"]["width"], told["picture"]["height"]) for _, told in answers] == sizes
    assert len({told["picture"]["slug"] for _, told in answers}) == len(sizes)


def test_a_taken_port_is_said_before_the_model_is_loaded(port, checkpoint):
    with pytest.raises(SystemExit, match=rf"port {port} of 127\.0\.0\.1 cannot be used.*Pass another --port"):
        main(["demo", "--checkpoint", str(checkpoint), "--port", str(port)])


def test_too_many_waiting_photos_are_turned_away(tmp_path, monkeypatch):
    desk, entered, go_on = PhotoDesk({}, tmp_path), threading.Semaphore(0), threading.Event()
    monkeypatch.setattr(desk, "_show", lambda name, data: (entered.release(), go_on.wait(30)))
    with ThreadPoolExecutor(WAITING + 1) as pool:
        sent = [pool.submit(desk.show, "a", b"") for _ in range(WAITING + 1)]
        assert entered.acquire(timeout=30)
        while desk._places._value:  # until the last of them waits
            threading.Event().wait(0.01)
        with pytest.raises(Busy, match="Send yours again in a minute"):
            desk.show("b", b"")
        go_on.set()
        assert all(one.result(30) for one in sent)
    assert desk.show("c", b"")


def test_old_photos_are_removed(tmp_path):
    desk = PhotoDesk({}, tmp_path)
    slugs = [desk.show("a.png", photo(16, 16)).picture["slug"] for _ in range(KEPT + 2)]
    assert {path.name for path in tmp_path.iterdir()} == set(slugs[2:])


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a b.jpg", "a b.jpg"),
        ("../../x.png", "x.png"),
        (r"C:\photos\x.png", "x.png"),
        ("..", "photo"),
        ("", "photo"),
        ("a\0\n\u2028b.png", "ab.png"),
        ("x" * 300 + ".jpeg", "x" * 60 + ".jpeg"),
        (".jpg", ".jpg"),
    ],
)
def test_a_name_stays_a_name(name, plain):
    assert plain_name(name) == plain


def test_the_page_works_in_a_browser(port, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    (tmp_path / "hand.png").write_bytes(photo())
    (tmp_path / "notes.jpg").write_text("just text")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
    asked, errors = [], []
    with playwright.sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=browser, args=flags).new_page()
        page.set_default_timeout(120_000)  # on a busy machine
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/")
        page.set_input_files("#file", tmp_path / "hand.png")
        page.locator("[data-part=said]", has_text="Pixel 22, 23").wait_for()
        page.locator("[data-part=probe]").press("ArrowRight")
        page.locator("[data-part=said]", has_text="Pixel 23, 23").wait_for()
        page.set_input_files("#file", tmp_path / "notes.jpg")
        page.locator("#failure", has_text="notes.jpg is no picture").wait_for()
        assert page.locator("#gallery li").count() == 1
        page.context.browser.close()
    assert errors == []
    assert all(one.startswith((f"http://127.0.0.1:{port}/", "data:")) for one in asked)
