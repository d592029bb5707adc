"""A PNG's gamma, primaries and transfer beside its profile: kept in PNGs, and said where they are not looked at."""

import struct

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from deblur_lightning.photos import PhotoRecord, read_photo, write_photo
from deblur_lightning.photos.metadata import png_with_chunks

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
WIDE = struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)  # of BT.2020


def gamma(number):
    return b"gAMA", struct.pack(">I", round(number * 1e5))


def chunks_of(png):
    """Cut a PNG into its chunks, in order."""
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def colourful(path, bits, *chunks, icc=None):
    write_photo(path, torch.rand(1, 3, 7, 11), PhotoRecord(bits=bits, icc=icc))
    path.write_bytes(png_with_chunks(path.read_bytes(), chunks))
    return path


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    "chunks",
    [
        (gamma(1.0), (b"cHRM", WIDE)),
        (gamma(0.45455), (b"cHRM", struct.pack(">8I", *PRIMARIES)), (b"sRGB", b"\0")),
        ((b"cICP", bytes((9, 16, 0, 1))),),
    ],
)
def test_a_png_keeps_what_it_says_of_its_colours(tmp_path, bits, chunks):
    source = colourful(tmp_path / "in.png", bits, *chunks)
    image, record = read_photo(source)
    write_photo(tmp_path / "out.png", image, record)
    found = chunks_of((tmp_path / "out.png").read_bytes())
    kinds = [kind for kind, _ in found]
    for chunk in chunks:
        assert found.count(chunk) == 1
        assert 0 < kinds.index(chunk[0]) < kinds.index(b"IDAT")
    with Image.open(tmp_path / "out.png") as back, Image.open(source) as before:
        assert np.array_equal(back, before)
        assert back.info.get("gamma") == before.info.get("gamma")
        assert back.info.get("chromaticity") == before.info.get("chromaticity")


@pytest.mark.parametrize(
    ("chunks", "icc", "looked_at", "kept"),
    [
        ((), None, None, None),
        ((gamma(0.45455), (b"cHRM", struct.pack(">8I", *PRIMARIES))), None, None, None),
        ((gamma(0.46),), None, None, None),
        ((gamma(0),), None, None, None),
        ((gamma(1),), None, "its gamma of 1 is not looked at", "its gamma of 1 is not kept"),
        ((gamma(1), (b"cHRM", WIDE)), None, "its gamma of 1 is", "its gamma of 1 and primaries are not kept"),
        (((b"cHRM", WIDE),), None, None, "its primaries are not kept"),
        ((gamma(1), (b"cHRM", WIDE), (b"sRGB", b"\0")), None, None, None),  # which stands above them
        ((gamma(1), (b"cHRM", WIDE)), SRGB, None, None),  # so does a profile
        (((b"cICP", bytes((1, 13, 0, 1))), gamma(1)), None, None, None),
        (((b"cICP", bytes((9, 16, 0, 1))),), SRGB, "(PQ) is not looked at", "(PQ) and primaries are not kept"),
        (((b"cICP", bytes((1, 8, 0, 1))),), None, "(linear light) is not looked at", "(linear light) is not kept"),
        (((b"cICP", bytes((1, 17, 0, 1))),), None, "its transfer of light (17) is", "(17) is not kept"),
        (((b"cICP", b"short"),), None, None, None),
    ],
)
def test_odd_values_and_what_another_format_loses_are_said(tmp_path, chunks, icc, looked_at, kept):
    _, record = read_photo(colourful(tmp_path / "in.png", 8, *chunks, icc=icc))
    assert len(record.notes) == (looked_at is not None)
    assert (looked_at or "") in "".join(record.notes)
    assert record.for_name("out.png") == record
    other = record.for_name("out.jpg")
    added = set(other.notes) - set(record.notes)
    assert len(added) == (kept is not None)
    assert (kept or "") in "".join(added)
    write_photo(tmp_path / "out.jpg", torch.rand(1, 3, 7, 11), other)
