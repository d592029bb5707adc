"""EXIF as another reader finds it: entries byte by byte, by a parser of a few lines, and by tifffile."""

import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, TiffImagePlugin

from deblur_lightning.photos import PhotoRecord, read_photo, write_photo
from deblur_lightning.photos.heic import enable_heic
from deblur_lightning.photos.tiff_words import tiff_with_words
from deblur_lightning.photos.transparency import Transparency

enable_heic()
ARTIST, COPYRIGHT, LENS = 315, 33432, 42036
TEXTS = {
    "utf-8": {ARTIST: "Jörg Muller".encode(), COPYRIGHT: "© 2024 Anna".encode(), LENS: "Ø 50 mm".encode()},
    "latin-1": {ARTIST: "Jörg Muller".encode("latin-1"), COPYRIGHT: "© 2024".encode("latin-1"), LENS: b"\xd8 50 mm"},
}


def entries(tiff, place=None):
    """Parse a TIFF directory to ``{tag: bytes}`` by the letter of the specification."""
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    place = struct.unpack_from(order + "I", tiff, 4)[0] if place is None else place
    found = {}
    for number in range(struct.unpack_from(order + "H", tiff, place)[0]):
        at = place + 2 + 12 * number
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, at)
        size = count * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}[kind]
        start = at + 8 if size <= 4 else struct.unpack_from(order + "I", tiff, at + 8)[0]
        assert start + size <= len(tiff)
        found[tag] = tiff[start : start + size]
    assert list(found) == sorted(found)
    return found


def raw_exif(path):
    """Give a file's main, exposure and place entries as they are stored."""
    with Image.open(path) as picture:
        tiff = path.read_bytes() if picture.format == "TIFF" else picture.info["exif"].removeprefix(b"Exif\0\0")
    main = entries(tiff)
    others = (entries(tiff, int.from_bytes(main[tag], "little" if tiff[:2] == b"II" else "big")) for tag in main
              if tag in (34665, 34853))  # fmt: skip
    return main, *others


def exif_of(texts):
    """Write EXIF whose texts are any bytes: big-endian, two directories, by the letter of the specification."""
    behind = 8 + 2 + 3 * 12 + 4
    data, rows = b"", []
    for tag in (ARTIST, COPYRIGHT):
        text = texts[tag] + b"\0"
        rows.append(struct.pack(">HHII", tag, 2, len(text), behind + len(data)))
        data += text + bytes(len(text) % 2)
    lens, place = texts[LENS] + b"\0", behind + len(data)
    rows.append(struct.pack(">HHII", 34665, 4, 1, place))
    data += struct.pack(">HHHII", 1, LENS, 2, len(lens), place + 18) + bytes(4) + lens
    rows.sort(key=lambda row: row[:2])
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 3) + b"".join(rows) + bytes(4) + data


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".heic"])
def test_texts_beyond_ascii_come_back_byte_by_byte(tmp_path, suffix, encoding):
    texts = TEXTS[encoding]
    Image.new("RGB", (32, 24), "gray").save(tmp_path / f"in{suffix}", exif=exif_of(texts))
    write_photo(tmp_path / f"out{suffix}", *read_photo(tmp_path / f"in{suffix}"))
    main, exposure = raw_exif(tmp_path / f"out{suffix}")
    assert {ARTIST: main[ARTIST], COPYRIGHT: main[COPYRIGHT], LENS: exposure[LENS]} == {
        tag: text + b"\0" for tag, text in texts.items()
    }


def described():
    """Give EXIF with a date, every kind of number, and a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2024:05:06 07:08:09"
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.ExposureTime: 0.125,
        ExifTags.Base.DateTimeOriginal: "2024:05:06 07:08:09",
        ExifTags.Base.ExposureBiasValue: TiffImagePlugin.IFDRational(-1, 3),
        ExifTags.Base.ISOSpeedRatings: 400,
        ExifTags.Base.ExifVersion: b"0232",
    }
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSVersionID: b"\2\3\0\0",
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (52.0, 31.0, 12.5),
    }
    return exif.tobytes()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_keeps_exposure_date_and_place_beside_its_pixels(tmp_path, bits, channels):
    import tifffile

    image = torch.rand(1, 1 if channels < 3 else 3, 7, 11)
    clear = Transparency(np.full((7, 11), 100, f"uint{bits}")) if channels in (2, 4) else None
    record = PhotoRecord("TIFF", bits=bits, transparency=clear, dpi=(300, 150), icc=b"a profile")
    write_photo(tmp_path / "plain.tif", image, record)
    write_photo(tmp_path / "out.tif", image, replace(record, exif=described()))
    plain, kept = tifffile.TiffFile(tmp_path / "plain.tif"), tifffile.TiffFile(tmp_path / "out.tif")
    with plain, kept:
        assert len(kept.pages) == 1
        assert np.array_equal(kept.asarray(), plain.asarray())
        tags = kept.pages.first.tags
        assert {tag.code for tag in plain.pages.first.tags} == {tag.code for tag in tags} - {306, 34665, 34853}
        assert tags["ExifTag"].value["DateTimeOriginal"] == "2024:05:06 07:08:09"
        assert tags["ExifTag"].value["ExposureTime"] == 0.125
        assert tags["ExifTag"].value["ExposureBiasValue"] == (-1, 3)
        assert tags["GPSTag"].value["GPSLatitude"] == (52, 1, 31, 1, 25, 2)
        assert (tags["InterColorProfile"].value, tags["XResolution"].value) == (b"a profile", (300, 1))
    again, same = read_photo(tmp_path / "out.tif")
    write_photo(tmp_path / "twice.tif", again, same)
    assert (tmp_path / "twice.tif").read_bytes() == (tmp_path / "out.tif").read_bytes()
    if (bits, channels) == (16, 2):  # which Pillow does not open
        return
    with Image.open(tmp_path / "out.tif") as back:
        exif = back.getexif()
        assert exif[ExifTags.Base.DateTime] == "2024:05:06 07:08:09"
        exposure = exif.get_ifd(ExifTags.IFD.Exif)
        assert (exposure[ExifTags.Base.ISOSpeedRatings], exposure[ExifTags.Base.ExifVersion]) == (400, b"0232")
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (52, 31, 12.5)
        back.load()


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiffs_texts_beyond_ascii_come_back_byte_by_byte(tmp_path, bits, encoding):
    texts = TEXTS[encoding]
    write_photo(tmp_path / "in.tif", torch.rand(1, 3, 7, 11), PhotoRecord("TIFF", bits=bits, exif=exif_of(texts)))
    write_photo(tmp_path / "out.tif", *read_photo(tmp_path / "in.tif"))
    for name in ("in.tif", "out.tif"):
        main, exposure = raw_exif(tmp_path / name)
        assert {ARTIST: main[ARTIST], COPYRIGHT: main[COPYRIGHT], LENS: exposure[LENS]} == {
            tag: text + b"\0" for tag, text in texts.items()
        }


def test_what_a_tiff_says_of_its_storage_is_not_replaced_and_damaged_exif_is_left_out(tmp_path):
    write_photo(tmp_path / "plain.tif", torch.rand(1, 3, 7, 11), PhotoRecord("TIFF", bits=16))
    tiff = (tmp_path / "plain.tif").read_bytes()
    exif = Image.Exif()
    exif[ExifTags.Base.ImageWidth], exif[ExifTags.Base.Make] = 5, "Maker"
    found, before = entries(tiff_with_words(tiff, exif.tobytes())), entries(tiff)
    assert found == before | {int(ExifTags.Base.Make): b"Maker\0"}
    for nothing in (None, b"", b"Exif\0\0", b"Exif\0\0 garbage", Image.Exif().tobytes()):
        assert tiff_with_words(tiff, nothing) == tiff
    assert tiff_with_words(b"MM\0*" + tiff[4:], exif.tobytes()) == b"MM\0*" + tiff[4:]


def test_what_windows_writes_into_exif_is_kept(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.XPTitle], exif[ExifTags.Base.HostComputer] = "Küste\0".encode("utf-16-le"), "Desk"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    image, record = read_photo(tmp_path / "a.jpg")
    write_photo(tmp_path / "b.jpg", image, record)
    with Image.open(tmp_path / "b.jpg") as picture:
        assert bytes(picture.getexif()[ExifTags.Base.XPTitle]).decode("utf-16-le") == "Küste\0"
        assert picture.getexif()[ExifTags.Base.HostComputer] == "Desk"
