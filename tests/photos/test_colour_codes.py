"""HEIC and AVIF that describe their colours by codes alone: kept in HEIC, AVIF and PNG, and said elsewhere."""

import av
import numpy as np
import pytest
from ffmpeg_avif import write_avif
from PIL import Image, ImageCms

from deblur_lightning.photos import PhotoRecord, read_photo, write_photo
from deblur_lightning.photos.avif import with_codes
from deblur_lightning.photos.heic import enable_heic
from deblur_lightning.photos.metadata import png_with_chunks
from deblur_lightning.photos.png_colour import png_colour

enable_heic()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PIXELS = np.full((48, 64, 3), (200, 100, 50), np.uint8)
P3, PQ, HLG = (12, 13), (9, 16), (9, 18)


def heic(path, primaries, transfer, **options):
    Image.fromarray(PIXELS).save(path, color_primaries=primaries, transfer_characteristics=transfer, **options)
    return path


def avif(path, primaries, transfer):
    return write_avif(path, PIXELS, primaries, transfer)


def codes_of(path):
    """Read the codes by other programs' eyes."""
    if path.suffix == ".heic":
        with Image.open(path) as picture:
            nclx = picture.info["nclx_profile"]
        return nclx["color_primaries"], nclx["transfer_characteristics"]
    with av.open(path) as container:
        codec = container.streams.video[0].codec_context
        return codec.color_primaries, codec.color_trc


MAKE = {".heic": heic, ".avif": avif}


@pytest.mark.parametrize("codes", [P3, PQ, HLG])
@pytest.mark.parametrize("suffix", MAKE)
def test_codes_come_back_as_they_were(tmp_path, suffix, codes):
    source = MAKE[suffix](tmp_path / f"in{suffix}", *codes)
    assert codes_of(source) == codes
    image, record = read_photo(source)
    for other in MAKE:
        write_photo(tmp_path / f"out{other}", image, record.for_name(f"out{other}"))
        assert codes_of(tmp_path / f"out{other}") == codes
        again, _ = read_photo(tmp_path / f"out{other}")
        assert (again - image).abs().max() < 0.02
    write_photo(tmp_path / "out.png", image, record.for_name("out.png"))
    assert png_colour(tmp_path / "out.png") == ((b"cICP", bytes((*codes, 0, 1))),)


@pytest.mark.parametrize(
    ("codes", "looked_at", "kept"),
    [
        ((1, 13), (), ()),
        ((2, 2), (), ()),
        (P3, (), ("its primaries are not kept, for JPEG holds none",)),
        (
            PQ,
            ("its transfer of light (PQ) is not looked at",),
            ("its transfer of light (PQ) and primaries are not kept, for JPEG holds none",),
        ),
    ],
)
@pytest.mark.parametrize("suffix", MAKE)
def test_what_is_not_looked_at_or_not_kept_is_said(tmp_path, suffix, codes, looked_at, kept):
    _, record = read_photo(MAKE[suffix](tmp_path / f"in{suffix}", *codes))
    assert record.notes == looked_at
    assert record.for_name(f"out{suffix}").notes == looked_at
    assert record.for_name("out.jpg").notes == looked_at + kept


def test_a_profile_stands_above_the_codes(tmp_path):
    heic(tmp_path / "in.heic", *P3, icc_profile=SRGB)
    Image.fromarray(PIXELS).save(tmp_path / "in.avif", icc_profile=SRGB)
    (tmp_path / "in.avif").write_bytes(with_codes((tmp_path / "in.avif").read_bytes(), *P3))
    for suffix in MAKE:
        _, record = read_photo(tmp_path / f"in{suffix}")
        assert (record.icc, record.png_colour) == (SRGB, ())


@pytest.mark.parametrize("suffix", MAKE)
def test_a_pngs_codes_stand_above_its_profile_in_heic_and_avif_too(tmp_path, suffix):
    image, _ = read_photo(heic(tmp_path / "in.heic", 1, 13))
    write_photo(tmp_path / "in.png", image, PhotoRecord(icc=SRGB))
    png = png_with_chunks((tmp_path / "in.png").read_bytes(), [(b"cICP", bytes((*P3, 0, 1)))])
    (tmp_path / "in.png").write_bytes(png)
    image, record = read_photo(tmp_path / "in.png")
    write_photo(tmp_path / f"out{suffix}", image, record.for_name(f"out{suffix}"))
    assert codes_of(tmp_path / f"out{suffix}") == P3
    with Image.open(tmp_path / f"out{suffix}") as back:
        assert "icc_profile" not in back.info
