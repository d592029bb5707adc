import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from deblur_lightning.photos import read_photo, write_photo

WROTE = {"Title": "Küste", "Author": "漁師", "Comment": "by the sea", "Software": "GIMP"}


def picture():
    return Image.effect_noise((40, 30), 80).convert("RGB")


def save_png(path, texts, **options):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text, zip=len(text) > 100) if not text.isascii() else info.add_text(name, text)
    picture().save(path, pnginfo=info, **options)
    return path


def saved(path, to):
    image, record = read_photo(path)
    write_photo(to, image, record.for_name(to))
    with Image.open(to) as back:
        back.load()
        return back.info | dict(getattr(back, "text", {})), record.for_name(to)


def test_a_png_keeps_its_texts(tmp_path):
    long = WROTE | {"Description": "ä" * 5000}
    found, record = saved(save_png(tmp_path / "a.png", long), tmp_path / "b.png")
    assert {name: found[name] for name in long} == long
    assert record.notes == ()


def test_a_deep_png_keeps_its_texts(tmp_path):
    image = torch.rand(1, 1, 30, 40)
    deep = Image.fromarray((image[0, 0] * 65535).int().numpy().astype("uint16"))
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Deep")
    deep.save(tmp_path / "a.png", pnginfo=info)
    found, record = saved(tmp_path / "a.png", tmp_path / "b.png")
    assert found["Title"] == "Deep"
    assert record.bits == 16


@pytest.mark.parametrize("comment", ["by the sea", "an der Küste"])
def test_a_comment_stays_in_a_jpeg_and_goes_into_a_png(tmp_path, comment):
    picture().save(tmp_path / "a.jpg", comment=comment.encode())
    found, record = saved(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert found["comment"] == comment.encode()
    assert record.notes == ()
    found, _ = saved(tmp_path / "a.jpg", tmp_path / "b.png")
    assert found["Comment"] == comment


def test_a_comment_in_an_older_encoding_is_read(tmp_path):
    picture().save(tmp_path / "a.jpg", comment="Küste".encode("latin-1"))
    assert saved(tmp_path / "a.jpg", tmp_path / "b.png")[0]["Comment"] == "Küste"
    assert saved(tmp_path / "a.jpg", tmp_path / "b.jpg")[0]["comment"] == "Küste".encode("latin-1")


def test_a_name_cannot_write_to_a_terminal(tmp_path):
    texts = {"A\nsecond line\x1b[31mred": "x", "B" * 79: "y"}
    _, record = saved(save_png(tmp_path / "a.png", texts), tmp_path / "b.jpg")
    assert record.notes == (f"its Asecond line[31mred, {'B' * 79} are not kept, for JPEG has no place for them",)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("b.jpg", "its Title, Author are not kept, for JPEG has no place for them"),
        ("b.webp", "its Title, Author, Comment are not kept, for WEBP has no place for them"),
    ],
)
def test_what_a_format_has_no_place_for_is_said(tmp_path, name, said):
    found, record = saved(save_png(tmp_path / "a.png", WROTE), tmp_path / name)
    assert record.notes == (said,)
    assert found.get("comment") == (b"by the sea" if name == "b.jpg" else None)


def test_a_comment_too_long_for_a_jpeg_is_said(tmp_path):
    found, record = saved(save_png(tmp_path / "a.png", {"Comment": "a" * 65_534}), tmp_path / "b.jpg")
    assert record.notes == ("its Comment is not kept, for JPEG has no place for it",)
    assert "comment" not in found
    found, _ = saved(save_png(tmp_path / "a.png", {"Comment": "a" * 65_533}), tmp_path / "b.jpg")
    assert len(found["comment"]) == 65_533


def test_what_was_true_of_the_old_file_does_not_stay(tmp_path):
    stale = {"date:create": "2001-01-01", "Thumb::MTime": "3", "Raw profile type iptc": "\niptc\n 0\n\n"}
    assert read_photo(save_png(tmp_path / "a.png", stale | {"Title": "Sea"}))[1].texts == (("Title", "Sea"),)


def test_an_animation_is_read_with_texts(tmp_path):
    frames = [picture() for _ in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "a.png") as first:
        first_pixels = torch.from_numpy(np.array(first))
    image, record = read_photo(tmp_path / "a.png")
    assert torch.equal((image[0] * 255).round().byte(), first_pixels.permute(2, 0, 1))
    assert record.texts == ()


def test_a_text_that_is_not_utf_8_harms_nothing(tmp_path):
    path = save_png(tmp_path / "a.png", {})
    content, bad = path.read_bytes(), b"Title" + bytes(5) + b"\xff\xfe"
    chunk = struct.pack(">I", len(bad)) + b"iTXt" + bad + struct.pack(">I", zlib.crc32(b"iTXt" + bad))
    path.write_bytes(content[:33] + chunk + content[33:])
    assert read_photo(path)[1].texts == ()
