"""The live page over real HTTP, as `deblur demo` serves it."""

import asyncio
import contextlib
import errno
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from small_models import write_small_checkpoint

from deblur_lightning.commands import main
from deblur_lightning.commands.demo.desk import WAITING, Busy, PhotoDesk, expected_seconds, plain_name
from deblur_lightning.commands.demo.jobs import Cancelled, Job, Queue, Turns
from deblur_lightning.commands.demo.kept import read_mask
from deblur_lightning.commands.demo.models import BundledModels
from deblur_lightning.commands.demo.requests import while_wanted
from deblur_lightning.commands.demo.server import listen
from deblur_lightning.deblurring.bundled import BUNDLED
from deblur_lightning.deblurring.deblurrer import Deblurred

pytest.importorskip("uvicorn", reason="the demo is not installed: pip install -e '.[demo]'")
pytest.importorskip("starlette", reason="the demo is not installed: pip install -e '.[demo]'")
build_demo = pytest.importorskip("deblur_lightning.commands.demo.site").build_demo


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
    assert re.fullmatch(r"my photo\.jpg: 90 × 70, restored by Adaptive in \d+\.\d s", told["said"])
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
    assert told["error"].startswith("notes.jpg is not a picture that can be read (JPEG, PNG")


@pytest.mark.parametrize(
    ("name", "data", "status", "sentence"),
    [
        ("big.png", b"\0" * 300_000, 413, "big.png has more than 0.2 MB, but no more is taken. Make it smaller first."),
        ("wide.png", photo(500, 400, colour="red"), 422, "wide.png has 500 x 400 pixels, but at most 0.05 million"),
        ("cut.png", photo()[:200], 422, "cut.png is damaged"),
        ("none.png", b"", 422, "none.png is empty"),
        ("a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 60, 422, "a.heic is damaged (it begins as HEIC"),
        ("..%2F..%2Fetc%2Fpasswd", b"root:x:0:0", 422, "passwd is not a picture"),
    ],
)
def test_what_cannot_be_taken_is_said(port, name, data, status, sentence):
    answered, told = send(port, name, data)
    assert answered == status
    assert told["error"].startswith(sentence)


@pytest.mark.parametrize(
    ("host", "asked", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.2", "127.0.0.2:8000", 200),
        ("127.0.0.2", "evil.example", 400),
        ("0:0:0:0:0:0:0:1", "[::1]:8000", 200),
        ("0:0:0:0:0:0:0:1", "evil.example", 400),
        ("192.0.2.7", "photos.example", 200),
        ("photos.example", "photos.example", 200),
    ],
)
def test_on_every_address_of_its_own_machine_only_requests_to_its_names_are_answered(tmp_path, host, asked, status):
    site = build_demo(PhotoDesk({"negative": Inverting()}, tmp_path / "photos"), {"negative": "Negative"}, host)
    with serving(site) as port:
        assert ask(port, "GET", "/", Host=asked)[0] == status


def test_a_body_of_untold_length_is_stopped_at_the_limit(port):
    head = (
        "POST /restore?name=endless.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head.encode())
        for size in (66_000, 66_000, 66_000, 12_000):  # the last one passes the limit; no end follows
            connection.sendall(f"{size:x}\r\n".encode() + b"\0" * size + b"\r\n")
        parts = []
        with contextlib.suppress(ConnectionResetError):  # where the server closes before it has read the last bytes
            while part := connection.recv(65_536):
                parts.append(part)
    answer = b"".join(parts)
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
    monkeypatch.setattr(desk, "_show", lambda photo, model, job: (entered.release(), go_on.wait(30)))
    with ThreadPoolExecutor(WAITING + 1) as pool:
        sent = [pool.submit(desk.show, "a", photo()) for _ in range(WAITING + 1)]
        assert entered.acquire(timeout=30)
        while desk._places._value:  # until the last of them waits
            threading.Event().wait(0.01)
        with pytest.raises(Busy, match="Send yours again in a minute"):
            desk.show("b", photo())
        go_on.set()
        assert all(one.result(30) for one in sent)
    assert desk.show("c", photo())


def test_old_photos_are_removed_and_that_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("deblur_lightning.commands.demo.desk.KEPT", 3)
    desk = PhotoDesk({}, tmp_path)
    shown = [desk.show("a.png", photo(16, 16)) for _ in range(5)]
    slugs = [one.picture["slug"] for one in shown]
    assert {path.name for path in tmp_path.iterdir()} == set(slugs[2:])
    assert [one.gone for one in shown] == [(), (), (), (slugs[0],), (slugs[0], slugs[1])]


def test_another_run_has_other_addresses(tmp_path):
    slugs = [PhotoDesk({}, tmp_path).show("a.png", photo(16, 16)).picture["slug"] for _ in range(2)]
    assert slugs[0] != slugs[1]


@pytest.mark.parametrize("mask", [b"\x89PNG\r\n\x1a\n\0\0\0\x05IHDR\0\0\0\0\0\0\0\0\0", b"\x89PNG\r\n\x1a\n"])
def test_a_truncated_mask_is_said(desk, mask):
    shown = desk.show("a.png", photo(16, 16))
    with pytest.raises(ValueError, match="Send a gray PNG"):
        desk.save(shown.picture["slug"], "negative", 1.0, mask)


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
        ("𝄞" * 61 + "." + "𝄞" * 12, "𝄞" * 60 + "." + "𝄞" * 3),
    ],
)
def test_a_name_stays_a_name(name, plain):
    assert plain_name(name) == plain


class Inverting:
    """Stands where a model would: answers with the negative, in as many steps as told."""

    sees_motion = estimates_whole = False

    def __init__(self, steps=1, go_on=None, pause=0.0):
        self.steps, self.go_on, self.pause, self.entered = steps, go_on, pause, threading.Semaphore(0)

    def __call__(self, blurry, progress, with_field):
        for step in range(self.steps):
            self.entered.release()
            progress(step / self.steps)
            time.sleep(self.pause)
            if self.go_on:
                assert self.go_on.wait(30)
        return Deblurred(1 - blurry)


@pytest.fixture
def desk(tmp_path):
    return PhotoDesk({"negative": Inverting(), "slow": Inverting(1000, threading.Event())}, tmp_path)


def tagged(width, height, kind="JPEG"):
    """A large photo of two halves, dark above and bright below, with a camera's name, date and profile."""
    picture = Image.new("RGB", (width, height), (40, 60, 80))
    picture.paste((200, 180, 160), (0, height // 2, width, height))
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.DateTime] = "Maker", "2026:07:08 09:10:11"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.25
    file = io.BytesIO()
    picture.save(
        file, kind, exif=exif.tobytes(), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    return file.getvalue()


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_the_full_size_photo_is_saved_in_its_format_with_its_exif(tmp_path, monkeypatch, kind, name):
    monkeypatch.setattr("deblur_lightning.commands.demo.desk.VIEWED", 5000)
    desk, sent = PhotoDesk({"negative": Inverting()}, tmp_path), tagged(190, 150, kind)
    shown = desk.show(name, sent)
    assert (shown.picture["width"], shown.picture["height"]) == (47, 37)
    assert "190 × 150, shown at 47 × 37, saved at its size" in shown.said
    file, data = desk.save(shown.picture["slug"], "negative")
    assert file == shown.file == f"a restored{name[1:]}"
    saved, source = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(sent))
    assert (saved.format, saved.size) == (kind, (190, 150))
    assert saved.getexif()[ExifTags.Base.Make] == "Maker"
    assert saved.getexif()[ExifTags.Base.DateTime] == "2026:07:08 09:10:11"
    assert float(saved.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime]) == 0.25
    assert saved.info["icc_profile"] == source.info["icc_profile"]
    negative = 255 - np.asarray(source.convert("RGB"), int)
    np.testing.assert_allclose(
        np.asarray(saved.convert("RGB"), int), negative, atol={"JPEG": 3, "WEBP": 6}.get(kind, 0)
    )


def test_a_turned_photo_is_saved_upright_and_its_mask_lies_upright(desk):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by a quarter clockwise
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (50, 50, 50)).save(file, "PNG", exif=exif)
    shown = desk.show("a.png", file.getvalue())
    mask = Image.new("L", (4, 6), 0)
    mask.paste(255, (0, 0, 4, 3))  # the upper half of the picture as people see it
    mask = mask.resize((40, 60), Image.Resampling.NEAREST)
    part = io.BytesIO()
    mask.save(part, "PNG")
    saved = Image.open(io.BytesIO(desk.save(shown.picture["slug"], "negative", 1.0, part.getvalue())[1]))
    assert saved.size == (40, 60)
    assert saved.getpixel((20, 10)) == (205, 205, 205)
    assert saved.getpixel((20, 50)) == (50, 50, 50)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_the_saved_photo_is_the_blend_that_strength_and_mask_ask_for(desk, strength):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    file, mask_file = io.BytesIO(), io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    slug = desk.show("a.png", file.getvalue()).picture["slug"]
    mask = np.tile(np.linspace(0, 255, 70).astype(np.uint8), (50, 1))
    Image.fromarray(mask).save(mask_file, "PNG")
    saved = np.asarray(Image.open(io.BytesIO(desk.save(slug, "negative", strength, mask_file.getvalue())[1])))
    blend = pixels + strength * (mask[..., None] / 255) * ((255.0 - pixels) - pixels)
    np.testing.assert_allclose(saved, blend, atol=0.51)
    plain = np.asarray(Image.open(io.BytesIO(desk.save(slug, "negative", strength)[1])))
    np.testing.assert_allclose(plain, pixels + strength * (255.0 - 2.0 * pixels), atol=0.51)


def test_the_bundled_models_are_offered_and_save_what_deblur_restore_writes(tmp_path):
    models = BundledModels()
    assert list(models) == list(BUNDLED)
    source = tmp_path / "a.png"
    source.write_bytes(photo())
    with pytest.raises(SystemExit) as stopped:
        main(["restore", str(source), "-o", str(tmp_path / "out"), "--checkpoint", "direct"])
    assert stopped.value.code == 0
    desk = PhotoDesk(models, tmp_path / "photos")
    slug = desk.show("a.png", source.read_bytes(), "direct").picture["slug"]
    saved = Image.open(io.BytesIO(desk.save(slug, "direct")[1]))
    np.testing.assert_array_equal(np.asarray(saved), np.asarray(Image.open(tmp_path / "out" / "a.png")))


def test_a_small_mask_is_laid_over_the_whole_photo(desk):
    slug = desk.show("a.jpg", tagged(700, 300)).picture["slug"]
    mask, file = Image.new("L", (70, 30), 0), io.BytesIO()
    mask.paste(255, (35, 0, 70, 30))
    mask.save(file, "PNG")
    saved = Image.open(io.BytesIO(desk.save(slug, "negative", 1.0, file.getvalue())[1]))
    assert saved.size == (700, 300)
    left, right = (np.array(saved.getpixel((x, 40))) for x in (100, 600))
    np.testing.assert_allclose(left, (40, 60, 80), atol=3)
    np.testing.assert_allclose(right, (215, 195, 175), atol=3)


@pytest.mark.parametrize("level", [5000, 32768, 65535])
def test_a_mask_of_sixteen_bits_is_read_as_such(level):
    file = io.BytesIO()
    Image.fromarray(np.full((4, 5), level, np.uint16)).save(file, "PNG")
    np.testing.assert_allclose(read_mask(file.getvalue(), (8, 10)), level / 65535, atol=1e-6)


def test_sixteen_bits_stay_sixteen(desk):
    file = io.BytesIO()
    Image.fromarray(np.full((40, 50), 12345, np.uint16)).save(file, "PNG")
    slug = desk.show("deep.png", file.getvalue()).picture["slug"]
    saved = Image.open(io.BytesIO(desk.save(slug, "negative", 1.0)[1]))
    assert set(np.unique(np.asarray(saved))) == {65535 - 12345}


@pytest.mark.parametrize(
    ("slug", "version", "strength", "mask", "sentence"),
    [
        ("nowhere", "negative", 1.0, b"", "no longer kept"),
        (None, "other", 1.0, b"", "not restored by other"),
        (None, "negative", 1.5, b"", "Pass 0"),
        (None, "negative", float("nan"), b"", "Pass 0"),
        (None, "negative", 1.0, b"no picture", "Send a gray PNG"),
    ],
)
def test_what_cannot_be_saved_is_said(desk, slug, version, strength, mask, sentence):
    there = desk.show("a.png", photo()).picture["slug"]
    with pytest.raises(ValueError, match=sentence):
        desk.save(slug or there, version, strength, mask)


class Blackening(Inverting):
    """Answers with black."""

    def __call__(self, blurry, progress, with_field):
        return super().__call__(blurry, progress, with_field)._replace(picture=blurry * 0)


def test_each_version_keeps_its_own_pixels_whatever_is_restored_again(tmp_path):
    desk = PhotoDesk({"negative": Inverting(), "black": Blackening()}, tmp_path)
    slug = desk.show("a.png", photo(colour=(40, 60, 80))).picture["slug"]
    for model in ("negative", "black", "negative", "black"):
        desk.show_again(slug, model)
    colours = [Image.open(io.BytesIO(desk.save(slug, model)[1])).getpixel((5, 5)) for model in ("negative", "black")]
    assert colours == [(215, 195, 175), (0, 0, 0)]


def test_a_photo_that_goes_while_it_is_asked_for_is_said_to_be_gone(desk):
    slug = desk.show("a.png", photo()).picture["slug"]
    desk._kept[slug].remove()  # as another photo's restoration does, in between
    for ask in (desk.save, desk.show_again):
        with pytest.raises(ValueError, match=r"^a\.png is no longer kept, .* Drop it again\.$"):
            ask(slug, "negative")


def test_a_photo_is_restored_again_by_another_model_beside_the_first(tmp_path):
    desk = PhotoDesk({"negative": Inverting(), "other": Inverting()}, tmp_path)
    first = desk.show("a.png", photo())
    again = desk.show_again(first.picture["slug"], "other")
    assert again.picture["slug"] == first.picture["slug"]
    assert [one["title"] for one in again.picture["pictures"]] == ["Blurry", "negative", "other"]
    assert desk.save(again.picture["slug"], "negative") == desk.save(again.picture["slug"], "other")
    with pytest.raises(ValueError, match=r"there is no model third\. Choose one of negative, other"):
        desk.show_again(first.picture["slug"], "third")


def test_a_cancelled_photo_ends_and_the_next_one_is_restored(desk):
    slow, job = desk.methods["slow"], Job("a.png")
    with ThreadPoolExecutor(2) as pool:
        working = pool.submit(desk.show, "a.png", photo(), "slow", job)
        assert slow.entered.acquire(timeout=30)
        waiting = pool.submit(desk.show, "b.png", photo(), "negative", Job("b.png"))
        job.cancel()
        slow.go_on.set()
        with pytest.raises(Cancelled, match=r"a\.png was cancelled"):
            working.result(30)
        assert waiting.result(30).version == "negative"
    assert len(desk._kept) == 1  # of the cancelled one nothing is left
    assert len(list(desk._home.iterdir())) == 1


def test_a_cancelled_photo_waits_no_longer_and_gives_its_place_free(desk):
    slow, first, second, third = desk.methods["slow"], Job("a.png"), Job("b.png"), Job("c.png")
    with ThreadPoolExecutor(3) as pool:
        working = pool.submit(desk.show, "a.png", photo(), "slow", first)
        assert slow.entered.acquire(timeout=30)
        waiting = pool.submit(desk.show, "b.png", photo(), "negative", second)
        last = pool.submit(desk.show, "c.png", photo(), "negative", third)
        while len(desk._turns._jobs) < 3:  # until both wait, and so have taken their places
            time.sleep(0.001)
        places = desk._places._value
        second.cancel()
        with pytest.raises(Cancelled, match=r"b\.png was cancelled"):
            waiting.result(5)  # while the first is still in work
        assert not working.done()
        assert desk._places._value == places + 1
        slow.go_on.set()
        assert working.result(30).version == "slow"
        assert last.result(30).version == "negative"


def test_turns_come_in_the_order_asked_for():
    turns, order = Turns(), []

    def work(number):
        with turns.turn(Job(str(number))):
            order.append(number)

    with ThreadPoolExecutor(8) as pool, turns.turn(Job("first")):
        doing = []
        for number in range(8):
            doing.append(pool.submit(work, number))
            while len(turns._jobs) < number + 2:
                time.sleep(0.001)
    assert all(one.exception(30) is None for one in doing)
    assert order == list(range(8))


def test_what_a_tiny_photo_took_tells_of_no_long_time(desk):
    desk.show("a.png", photo(1, 1), "negative")
    job = Job("b.png")
    desk.show("b.png", photo(400, 300), "negative", job)
    assert 0 < job.expected < 30


def test_a_small_photo_tells_no_time_of_a_large_one_nor_a_large_one_of_a_small_one(desk):
    def expected(width, height):
        job = Job()
        desk.show("a.png", photo(width, height), "negative", job)
        return job.expected

    assert expected(400, 500) == 0
    assert expected(2000, 2500) == 0  # 25 times as many pixels took 5 times as long, not 25 times, by `blind`
    assert expected(2000, 2500) > 0
    assert expected(1000, 1000) == 0
    assert expected(1000, 1001) > 0


@pytest.mark.parametrize(("work", "seconds"), [(4, 0.0), (5, 5.0), (10, 10.0), (15, 15.0), (40, 0.0), (90, 270.0)])
def test_a_photo_takes_as_long_a_pixel_as_the_one_most_alike_in_size(work, seconds):
    assert expected_seconds({10: 10.0, 100: 300.0}, work) == pytest.approx(seconds)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_no_photo_is_left_on_disk_whatever_ends_it(checkpoint, tmp_path, number):
    code = "import sys; from deblur_lightning.commands import main; main(sys.argv[1:])"
    server = subprocess.Popen(
        [sys.executable, "-c", code, "demo", "--checkpoint", str(checkpoint), "--port", "0"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    found = re.search(r"127\.0\.0\.1:(\d+)/", server.stdout.readline())
    assert send(int(found[1]), "a.png", photo())[0] == 200
    assert list(tmp_path.iterdir())
    server.send_signal(number)
    server.communicate(timeout=60)
    assert server.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())


def test_a_waiting_photo_can_be_cancelled_too(desk):
    slow, first, second = desk.methods["slow"], Job("a.png"), Job("b.png")
    with ThreadPoolExecutor(2) as pool:
        working = pool.submit(desk.show, "a.png", photo(), "slow", first)
        assert slow.entered.acquire(timeout=30)
        waiting = pool.submit(desk.show, "b.png", photo(), "slow", second)
        second.cancel()
        first.cancel()
        slow.go_on.set()
        for one in (working, waiting):
            with pytest.raises(Cancelled):
                one.result(30)
    assert not list(desk._home.iterdir())


def test_the_queue_tells_who_is_ahead_and_how_long_it_takes(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("deblur_lightning.commands.demo.jobs.time.monotonic", lambda: now[0])
    queue, first, second = Queue(), Job("a"), Job("b")
    queue.add("one", first)
    queue.add("two", second)
    assert queue.told("two") == {"ahead": 1, "share": 0.0, "left": None}
    first.begin()
    now[0] += 5
    first.tell(0.25)
    assert queue.told("one") == {"ahead": 0, "share": 0.25, "left": 15.0}
    second.expected = 8.0
    assert queue.told("two")["left"] == 15.0 + 8.0
    queue.remove("one", first)
    assert queue.told("two") == {"ahead": 0, "share": 0.0, "left": 8.0}
    assert queue.told("one") is None
    second.begin()
    now[0] += 9  # longer than expected: nobody knows how much longer
    assert queue.told("two") == {"ahead": 0, "share": 0.0, "left": None}
    second.tell(0.0)  # its motion is known; tiles are counted from here
    now[0] += 2
    second.tell(0.5)
    assert queue.told("two") == {"ahead": 0, "share": 0.5, "left": 2.0}


def test_who_hangs_up_cancels():
    job = Job("a.png")

    class Gone:
        async def is_disconnected(self):
            return True

    async def work():
        while True:
            job.tell(0.5)
            await asyncio.sleep(0.01)

    with pytest.raises(Cancelled):
        asyncio.run(while_wanted(Gone(), job, work()))


def test_saving_over_http_answers_with_the_file(port):
    _, told = send(port, "my%20photo.jpg", photo(kind="JPEG"))
    path = f"/save?photo={told['picture']['slug']}&version={told['version']}&strength=0.5"
    status, headers, data = ask(port, "POST", path, b"", Content_Type="application/octet-stream")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''my%20photo%20restored.jpg"
    assert told["file"] == "my photo restored.jpg"
    assert Image.open(io.BytesIO(data)).size == (90, 70)
    status, _, text = ask(port, "POST", path.replace("0.5", "much"), b"", Content_Type="application/octet-stream")
    assert (status, json.loads(text)["error"]) == (422, "strength is much, but it is a number. Pass 0 to 1.")
    assert ask(port, "POST", path, b"")[0] == 415  # other sites cannot
    assert ask(port, "GET", "/progress?job=unknown")[::2] == (200, b"null")


@pytest.fixture
def open_page():
    """Open an address in a browser, and fail in the end if the page complained or asked for anything from elsewhere."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
    asked, errors, addresses = [], [], []

    def open_page(port):
        page = driver.chromium.launch(executable_path=browser, args=flags).new_page()
        page.set_default_timeout(120_000)  # on a busy machine
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        addresses.append(f"http://127.0.0.1:{port}/")
        page.goto(addresses[-1])
        pages.append(page)
        return page

    with playwright.sync_playwright() as driver:
        pages = []
        yield open_page
        for page in pages:
            page.context.browser.close()
    assert errors == []
    assert all(one.startswith((*addresses, "data:", f"blob:{addresses[0]}")) for one in asked)


def test_the_page_works_in_a_browser(port, tmp_path, open_page):
    (tmp_path / "hand.png").write_bytes(photo())
    (tmp_path / "notes.jpg").write_text("just text")
    page = open_page(port)
    page.set_input_files("#file", tmp_path / "hand.png")
    page.locator("[data-part=said]", has_text="Pixel 22, 23").wait_for()
    page.locator("[data-part=probe]").press("ArrowRight")
    page.locator("[data-part=said]", has_text="Pixel 23, 23").wait_for()
    page.set_input_files("#file", tmp_path / "notes.jpg")
    page.locator("#failure", has_text="notes.jpg is not a picture").wait_for()
    assert page.locator("#gallery li").count() == 1


SENT = "application/octet-stream"


class Broken:
    """A model of one's own with a fault."""

    sees_motion = estimates_whole = False

    def __call__(self, blurry, progress, with_field):
        raise RuntimeError("sizes do not match")


@contextlib.contextmanager
def serving(site):
    """Serve a site on a port of its own, which is given."""
    import uvicorn

    taken = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield taken.getsockname()[1]
    server.should_exit = True
    thread.join(60)


@pytest.fixture
def served(tmp_path):
    """Serve models that need no time, or far too much; give the port, and the files that were saved."""
    models = {"negative": Inverting(), "slow": Inverting(600, pause=0.05), "broken": Broken()}
    desk = PhotoDesk(models, tmp_path / "photos")
    saved, save = [], desk.save
    desk.save = lambda *asked: saved.append(save(*asked)) or saved[-1]
    with serving(build_demo(desk, {"negative": "Negative", "slow": "Slow"})) as port:
        yield port, saved


def test_a_fault_of_a_model_is_said_and_the_next_photo_restored(served, caplog):
    port, _ = served
    status, _, answer = ask(port, "POST", "/restore?name=a.png&model=broken", photo(), Content_Type=SENT)
    said = "a.png failed: RuntimeError: sizes do not match. Where the demo runs stands more."
    assert (status, json.loads(answer)) == (500, {"error": said})
    assert "test_demo.py" in caplog.text  # the whole of it, for who wrote the model
    assert ask(port, "POST", "/restore?name=a.png&model=negative", photo(), Content_Type=SENT)[0] == 200


def test_a_full_disk_is_said_to_be(served, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    status, _, answer = ask(served[0], "POST", "/restore?name=a.png&model=negative", photo(), Content_Type=SENT)
    said = "The disk where the demo runs takes no file (No space left on device). Free space there, and try again."
    assert (status, json.loads(answer)) == (507, {"error": said})


def shown_at(page, x, y):
    """The gray that the stage shows at a share of its width and height."""
    shown = Image.open(io.BytesIO(page.locator("[data-part=stage]").screenshot())).convert("L")
    return shown.getpixel((int(x * shown.width), int(y * shown.height)))


def test_strength_and_brush_are_seen_at_once_and_saved(served, tmp_path, open_page):
    port, saved = served
    (tmp_path / "gray.png").write_bytes(photo(colour=(100, 100, 100)))
    page = open_page(port)
    page.set_input_files("#file", tmp_path / "gray.png")
    page.locator("#gallery li").wait_for()
    page.locator("[data-part=right-tag]", has_text="Restored").wait_for()
    until = time.monotonic() + 10  # the picture is drawn a moment after its labels
    while shown_at(page, 0.1, 0.2) == 0 and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert shown_at(page, 0.1, 0.2) == 100  # left of the divider
    assert shown_at(page, 0.95, 0.2) == 155
    page.locator("#strength").fill("40")
    assert shown_at(page, 0.95, 0.2) == pytest.approx(122, abs=1)
    assert page.locator("#strength-said").inner_text() == "40%"
    page.locator("#brush").select_option("protect")
    box = page.locator("[data-part=stage]").bounding_box()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=8)
    page.mouse.up()
    page.mouse.move(1, 1)
    assert shown_at(page, 0.7, 0.45) == pytest.approx(100, abs=1)
    assert shown_at(page, 0.95, 0.2) == pytest.approx(122, abs=1)
    page.locator("#save").click()
    page.locator("#status", has_text="Saved as gray restored.png").wait_for()
    page.locator("#clear").click()
    page.locator("#brush").select_option("restore")
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(1, 1)
    assert shown_at(page, 0.95, 0.1) == pytest.approx(100, abs=1)  # restored only where painted
    page.locator("#save").click()
    page.wait_for_timeout(200)
    page.locator("#save:not([aria-disabled])").wait_for()
    (name, first), (_, second) = saved
    assert name == "gray restored.png"
    for data, painted, elsewhere in ((first, 100, 122), (second, 122, 100)):
        file = Image.open(io.BytesIO(data))
        assert (file.format, file.size) == ("PNG", (90, 70))
        assert file.getpixel((63, 35))[0] == pytest.approx(painted, abs=1)
        assert file.getpixel((85, 7))[0] == pytest.approx(elsewhere, abs=1)
        assert file.getpixel((5, 35))[0] == pytest.approx(elsewhere, abs=1)


def await_paint(page):
    """Wait for the restored picture of a test's photo: no brush paints before it is there."""
    from playwright import sync_api

    # Not by wait_for_function, whose polling evaluates a string: the page's own policy forbids that.
    painted_with = page.locator("[data-part=right-half] > img").first
    sync_api.expect(painted_with).to_have_js_property("naturalWidth", 90, timeout=120_000)


def test_each_failure_is_said_the_brush_says_what_it_does_and_nothing_unsaved_is_lost_unasked(
    served, tmp_path, open_page
):
    port, _ = served
    (tmp_path / "gray.png").write_bytes(photo())
    for name in ("one.jpg", "two.png"):
        (tmp_path / name).write_text("no picture")
    page, asked = open_page(port), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.set_input_files("#file", [tmp_path / name for name in ("one.jpg", "gray.png", "two.png")])
    page.locator("#failure", has_text="two.png is not a picture").wait_for()
    assert [line.split()[0] for line in page.locator("#failure").inner_text().splitlines()] == ["one.jpg", "two.png"]
    page.locator("#brush").select_option("protect")
    assert page.locator("#brush option").all_inner_texts() == ["off", "keeps the original", "restores only there"]
    await_paint(page)
    box = page.locator("[data-part=stage]").bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    assert page.locator("#brush option").all_inner_texts()[2] == "restores there too"
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.locator("#gallery li").count() == 1  # the dialog was answered by staying
    page.locator("#save").click()
    page.locator("#status", has_text="Saved as").wait_for()
    assert len(page.locator("#failure").inner_text().splitlines()) == 2
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"])
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"] * 2  # what was painted since is not saved
    page.locator("#status").evaluate("(said) => { said.textContent = ''; }")
    page.locator("#save").click()
    page.locator("#status", has_text="Saved as").wait_for()
    page.reload()
    page.locator("#gallery li").wait_for(state="detached")
    assert asked == ["beforeunload"] * 2


def choose(page, model, folder, *names):
    """Choose a model, and photos for it, which are made."""
    for name in names:
        (folder / name).write_bytes(photo())
    page.locator("#model").select_option(model)
    page.set_input_files("#file", [folder / name for name in names])


def test_a_photo_is_cancelled_in_the_browser_and_the_next_one_restored(served, tmp_path, open_page):
    port, _ = served
    page = open_page(port)
    choose(page, "slow", tmp_path, "slow.png", "waits.png")
    page.locator("#queue li", has_text=re.compile(r"slow\.png: about \d+ s left")).wait_for()
    assert page.locator("#queue li").all_inner_texts()[1].startswith("waits.png: waits")
    assert 0 < float(page.locator("#queue progress").first.get_attribute("value")) < 0.9
    page.get_by_role("button", name="Cancel waits.png").click()
    page.get_by_role("button", name="Cancel slow.png").click()
    page.locator("#queue li").first.wait_for(state="detached")
    choose(page, "negative", tmp_path, "next.png")
    page.locator("#gallery li", has_text="next.png").wait_for()
    assert page.locator("#gallery li").count() == 1
    assert page.locator("#failure").inner_text() == ""


def test_the_focus_stays_in_the_queue_when_a_line_goes(served, tmp_path, open_page):
    port, _ = served
    page = open_page(port)
    choose(page, "slow", tmp_path, "slow.png", "second.png", "third.png")
    focus = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"
    page.get_by_role("button", name="Cancel second.png").focus()
    for then in ("Cancel third.png", "Cancel slow.png", "file"):
        page.keyboard.press("Enter")
        assert page.evaluate(focus) == then
    held = []
    page.route("**/restore?*", lambda route: held.append(route))
    with page.expect_request("**/restore?*"):
        choose(page, "negative", tmp_path, "second.png", "third.png")
    page.get_by_role("button", name="Cancel second.png").focus()
    held[0].continue_()
    page.locator("#queue li", has_text="second.png").wait_for(state="detached")
    assert page.evaluate(focus) == "file"  # not the next one's, which a key in the air would cancel


def paint(page, *places, up=True):
    """Draw a stroke through shares of the stage's width and height."""
    box = page.locator("[data-part=stage]").bounding_box()
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not number:
            page.mouse.down()
    if up:
        page.mouse.up()
        page.mouse.move(1, 1)


def with_a_gray_photo(served, tmp_path, open_page):
    """Open the page, wait for an even photo, restored, and for the picture to paint with: no brush paints before."""
    (tmp_path / "gray.png").write_bytes(photo(colour=(100, 100, 100)))
    page = open_page(served[0])
    page.set_input_files("#file", tmp_path / "gray.png")
    page.locator("#shown", has_text="gray.png").wait_for()
    await_paint(page)
    return page


def test_a_photo_that_is_done_takes_nobodys_brush_away(served, tmp_path, open_page):
    page = with_a_gray_photo(served, tmp_path, open_page)
    for name, level in (("next.png", 30), ("last.png", 60)):
        (tmp_path / name).write_bytes(photo(colour=(level,) * 3))
    page.locator("#brush").select_option("protect")
    paint(page, (0.3, 0.5), (0.5, 0.5), up=False)
    page.set_input_files("#file", tmp_path / "next.png")
    page.locator("#status", has_text="next.png: 90 × 70").wait_for()
    assert page.locator("#status").inner_text().endswith(". It is among the photos below.")
    assert page.locator("#shown").inner_text() == "gray.png"
    paint(page, (0.7, 0.5))
    assert shown_at(page, 0.7, 0.5) == pytest.approx(100, abs=1)
    page.locator("#gallery a", has_text="next.png").click()
    assert page.locator("#shown").inner_text() == "next.png"
    assert not page.locator("#painted").is_visible()
    page.set_input_files("#file", tmp_path / "last.png")  # nothing was changed in the one that is shown
    page.locator("#shown", has_text="last.png").wait_for()


def test_strokes_are_undone_one_by_one(served, tmp_path, open_page):
    page = with_a_gray_photo(served, tmp_path, open_page)
    page.locator("#brush").select_option("protect")
    assert shown_at(page, 0.1, 0.1) == 155  # all of it is seen, no half of it before
    paint(page, (0.25, 0.5))
    paint(page, (0.75, 0.5))

    def seen():
        return [shown_at(page, x, 0.5) for x in (0.25, 0.75)]

    assert seen() == pytest.approx([100, 100], abs=1)
    page.keyboard.press("Control+z")
    assert seen() == pytest.approx([100, 155], abs=1)
    page.locator("#clear").click()
    assert seen() == pytest.approx([155, 155], abs=1)
    page.locator("#undo").click()
    assert seen() == pytest.approx([100, 155], abs=1)
    page.locator("#undo").click()
    assert seen() == pytest.approx([155, 155], abs=1)
    assert not page.locator("#painted").is_visible()
    assert page.locator("#brush").evaluate("(one) => document.activeElement === one")


def test_what_is_painted_while_a_photo_is_saved_is_not_saved_yet(served, tmp_path, open_page):
    page, asked = with_a_gray_photo(served, tmp_path, open_page), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("#brush").select_option("protect")
    page.route("**/save?*", lambda route: (paint(page, (0.5, 0.5)), route.continue_()))
    page.locator("#save").focus()
    page.keyboard.press("Enter")
    page.locator("#status", has_text="Saved as").wait_for()
    assert page.locator("#save").evaluate("(one) => !one.ariaDisabled")
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]


def test_the_strength_has_a_name(served, tmp_path, open_page):
    port, _ = served
    (tmp_path / "gray.png").write_bytes(photo())
    page = open_page(port)
    page.set_input_files("#file", tmp_path / "gray.png")
    page.get_by_role("slider", name="Strength").fill("30")
    assert page.locator("#strength-said").inner_text() == "30%"


def test_a_dropped_folder_gives_its_photos(served, open_page):
    port, _ = served
    page = open_page(port)
    found = page.evaluate(
        """async () => {
          const made = (name, type) => new File(["x"], name, { type });
          const file = (name, type) => ({ isDirectory: false, name, file: (take) => take(made(name, type)) });
          const folder = (name, ...entries) => ({
            isDirectory: true, name, createReader() {
              const parts = [entries.slice(0, 2), entries.slice(2), []];
              return { readEntries: (take) => take(parts.shift() ?? []) };
            },
          });
          const deep = folder("deep", file("d.HEIC", ""), file(".hidden.jpg", "image/jpeg"));
          const trip = folder("trip", file("a.jpg", "image/jpeg"), file("notes.txt", "text/plain"), deep);
          const items = [folder("none", file("b.txt", "")), trip, null]
            .map((one) => ({ kind: "file", webkitGetAsEntry: () => one }));
          items.unshift({ kind: "string" });
          const said = [];
          const files = [new File([], "none"), new File([], "trip"), new File(["x"], "c.png", { type: "image/png" })];
          const taken = await droppedFiles({ items, files }, [".heic"], (sentence) => said.push(sentence));
          return [taken.map((one) => one.name), said];
        }"""
    )
    assert found == [["c.png", "a.jpg", "d.HEIC"], ["none is a folder without photos."]]


def test_an_answer_of_something_else_is_said(served, tmp_path, open_page):
    port, _ = served
    (tmp_path / "gray.png").write_bytes(photo())
    page = open_page(port)
    page.route("**/restore?*", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
    page.set_input_files("#file", tmp_path / "gray.png")
    page.locator("#failure", has_text="gray.png: the server answered 502. Try again in a while.").wait_for()


def test_a_photo_that_is_kept_no_longer_leaves_the_page(served, tmp_path, open_page, monkeypatch):
    monkeypatch.setattr("deblur_lightning.commands.demo.desk.KEPT", 2)
    port, _ = served
    for name in ("one.png", "two.png", "three.png"):
        (tmp_path / name).write_bytes(photo())
    page = open_page(port)
    page.set_input_files("#file", [tmp_path / name for name in ("one.png", "two.png", "three.png")])
    said = "one.png is no longer kept, for newer photos took its place. Drop it again to save it."
    page.locator("#failure", has_text=said).wait_for()
    assert [one.strip() for one in page.locator("#gallery li").all_text_contents()] == ["three.png", "two.png"]


def test_a_photo_is_offered_again_after_a_cancel_and_not_twice(served, tmp_path, open_page):
    page = with_a_gray_photo(served, tmp_path, open_page)
    page.locator("#model").select_option("slow")
    page.locator("#again").click()
    page.locator("#gallery a").click()
    assert not page.locator("#again").is_visible()
    page.get_by_role("button", name="Cancel gray.png").click()
    page.locator("#again").wait_for()


def test_no_browser_and_no_other_site_keeps_a_photo(port):
    _, told = send(port, "a.jpg", photo(kind="JPEG"))
    picture = told["picture"]
    _, headers, _ = ask(port, "GET", f"/photos/{picture['slug']}/{picture['pictures'][1]['file']}")
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"


TOUCH = """([kind, id, x, y]) => {
  const stage = document.querySelector("[data-part=stage]"), box = stage.getBoundingClientRect();
  stage.setPointerCapture = () => {};
  stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: id, isPrimary: id === 1, pointerType: "touch", buttons: kind === "pointerup" ? 0 : 1, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
}"""


def test_a_second_finger_neither_paints_nor_ends_a_stroke(served, tmp_path, open_page):
    page = with_a_gray_photo(served, tmp_path, open_page)
    page.locator("#brush").select_option("protect")
    page.locator("#size").fill("12")
    for kind, finger, x, y in (
        ("pointerdown", 1, 0.2, 0.3), ("pointermove", 1, 0.3, 0.3), ("pointerdown", 2, 0.5, 0.8),
        ("pointermove", 2, 0.6, 0.8), ("pointerup", 2, 0.6, 0.8), ("pointermove", 1, 0.8, 0.3),
        ("pointerup", 1, 0.8, 0.3),
    ):  # fmt: skip
        page.evaluate(TOUCH, [kind, finger, x, y])
    page.mouse.move(1, 1)
    assert shown_at(page, 0.25, 0.3) == shown_at(page, 0.7, 0.3) == pytest.approx(100, abs=2)
    assert shown_at(page, 0.55, 0.8) == pytest.approx(155, abs=1)


def test_undo_amid_a_stroke_ends_it(served, tmp_path, open_page):
    page = with_a_gray_photo(served, tmp_path, open_page)
    page.locator("#brush").select_option("protect")
    paint(page, (0.25, 0.5), (0.3, 0.5), up=False)
    page.keyboard.press("Control+z")
    box = page.locator("[data-part=stage]").bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    page.mouse.move(1, 1)
    assert [shown_at(page, x, 0.5) for x in (0.25, 0.7)] == pytest.approx([155, 155], abs=1)


def test_a_photo_that_is_kept_no_longer_is_shown_but_asks_for_nothing(served, tmp_path, open_page, monkeypatch):
    monkeypatch.setattr("deblur_lightning.commands.demo.desk.KEPT", 1)
    port, _ = served
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(photo(colour=(100, 100, 100)))
    page, asked = open_page(port), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.set_input_files("#file", tmp_path / "one.png")
    page.locator("#shown", has_text="one.png").wait_for()
    page.locator("#brush").select_option("protect")
    paint(page, (0.5, 0.5))
    page.set_input_files("#file", tmp_path / "two.png")
    page.locator("#failure", has_text="one.png is no longer kept").wait_for()
    assert page.locator("#shown").inner_text() == "one.png"
    paint(page, (0.7, 0.5))
    page.locator("#save").click()
    page.locator("#failure", has_text="That photo is no longer kept").wait_for()
    page.locator("#gallery a", has_text="two.png").click()
    assert (
        shown_at(page, 0.1, 0.1) == shown_at(page, 0.9, 0.1) == 155
    )  # the brush is on, so all that is painted is seen
    page.locator("#save").click()
    page.locator("#status", has_text="Saved as").wait_for()
    page.evaluate("setTimeout(() => location.reload())")
    page.locator("#gallery li").wait_for(state="detached")
    assert asked == []


def test_a_folder_without_photos_is_said_after_the_drop(served, open_page):
    port, _ = served
    page = open_page(port)
    page.evaluate(
        """() => {
          const none = { isDirectory: true, name: "none", createReader: () => ({ readEntries: (take) => take([]) }) };
          const transfer = { items: [{ kind: "file", webkitGetAsEntry: () => none }], files: [new File([], "none")] };
          dispatchEvent(Object.assign(new Event("drop", { cancelable: true }), { dataTransfer: transfer }));
        }"""
    )
    page.locator("#failure", has_text="none is a folder without photos.").wait_for()
