"""What goes in comes out: pixels, depth, transparency, colour profile, EXIF, print size."""

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from ffmpeg_avif import write_avif
from PIL import ExifTags, Image, ImageCms

from deblur_lightning.photos import PhotoRecord, photo_format, photo_size, read_photo, write_photo
from deblur_lightning.photos.avif import avif_depth
from deblur_lightning.photos.heic import enable_heic
from deblur_lightning.photos.transparency import Transparency

enable_heic()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RNG = np.random.default_rng(7)


def noise(*shape, dtype=np.uint8):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".tga", ".ppm"])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossless_files_come_back_bit_for_bit(tmp_path, suffix, channels):
    pixels = noise(11, 9, channels)
    Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels).save(tmp_path / f"in{suffix}")
    image, record = read_photo(tmp_path / f"in{suffix}")
    assert image.shape == (1, channels, 11, 9)
    assert image.dtype == torch.float32
    assert torch.equal(image[0].permute(1, 2, 0), torch.from_numpy(pixels) / 255)
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back:
        assert np.array_equal(np.asarray(back).reshape(pixels.shape), pixels)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_kept(tmp_path, suffix, mode):
    pixels = noise(7, 12, len(mode))
    Image.fromarray(pixels).save(tmp_path / f"in{suffix}")
    image, record = read_photo(tmp_path / f"in{suffix}")
    assert image.shape[1] == len(mode) - 1
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back:
        assert back.mode == mode
        assert np.array_equal(np.asarray(back), pixels)


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jp2", ".heic"])
def test_modern_formats_keep_size_and_transparency(tmp_path, suffix):
    pixels = np.full((40, 56, 4), (200, 100, 50, 255), np.uint8)
    pixels[:20, :, 3] = 128
    Image.fromarray(pixels).save(tmp_path / f"in{suffix}")
    image, record = read_photo(tmp_path / f"in{suffix}")
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back:
        assert back.mode == "RGBA"
        assert np.abs(np.asarray(back).astype(int) - pixels).max() <= 6


def deep(path, pixels, **options):
    """Write 16 bits by the two libraries that other people's files come from."""
    import cv2
    import tifffile

    if path.suffix == ".png":
        order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[-1]]
        assert cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., order]))
    else:
        photometric = "rgb" if pixels.shape[-1] > 1 else "minisblack"
        tifffile.imwrite(
            path, pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels, photometric=photometric, **options
        )


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_come_back_bit_for_bit(tmp_path, suffix, channels):
    pixels = noise(13, 10, channels, dtype=np.uint16)
    deep(tmp_path / f"in{suffix}", pixels, **({"extrasamples": ["unassalpha"]} if channels == 4 else {}))
    image, record = read_photo(tmp_path / f"in{suffix}")
    assert record.bits == 16
    assert record.notes == ()
    colours = torch.from_numpy(pixels[..., :3].astype(np.float32) / 65535)
    assert torch.allclose(image[0].permute(1, 2, 0), colours, atol=1e-7)
    write_photo(tmp_path / f"out{suffix}", image, record)
    again, same = read_photo(tmp_path / f"out{suffix}")
    assert torch.equal(again, image)
    assert same.bits == 16
    if channels == 4:
        assert np.array_equal(same.alpha, pixels[..., 3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_colour_is_turned_as_pillow_turns_eight(tmp_path, orientation):
    pixels = noise(6, 9, 3, dtype=np.uint16)
    deep(tmp_path / "in.tif", pixels, extratags=[(274, 3, 1, orientation, True)])
    image, record = read_photo(tmp_path / "in.tif")
    assert record.bits == 16
    assert image.shape[-2:] == ((9, 6) if orientation > 4 else (6, 9))
    with Image.open(tmp_path / "in.tif") as picture:
        picture.load()  # turns a TIFF
        assert np.array_equal((image[0].permute(1, 2, 0).numpy() * 65535).round() // 256, np.asarray(picture))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_comes_back_upright_and_says_so(tmp_path, suffix, orientation):
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:16, :24] = 255  # top left is bright, as stored
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(tmp_path / f"in{suffix}", exif=exif.tobytes())
    image, record = read_photo(tmp_path / f"in{suffix}")
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}[
        orientation
    ]
    assert image.shape[-2:] == ((48, 32) if orientation > 4 else (32, 48))
    assert image[0, 0][corner] > 0.9
    assert image.mean() < 0.3
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back:
        assert back.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert back.size == image.shape[:1:-1]
        assert np.asarray(back.convert("L"))[corner] > 230


def described(path, **options):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kamerawerk"
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ResolutionUnit] = 2
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.ExposureTime: 0.125,
        ExifTags.Base.ExifImageWidth: 40,
        ExifTags.Base.MakerNote: b"with offsets",
    }
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    picture = Image.fromarray(noise(20, 40, 3))
    picture.save(path, exif=exif.tobytes(), icc_profile=SRGB, dpi=(300, 150), **options)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
def test_profile_exposure_place_and_print_size_are_kept(tmp_path, suffix):
    described(tmp_path / f"in{suffix}")
    assert photo_size(tmp_path / f"in{suffix}") == (20, 40)
    image, record = read_photo(tmp_path / f"in{suffix}")
    assert photo_format(tmp_path / f"in{suffix}") == record.format
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back:
        exif = back.getexif()
        assert exif[ExifTags.Base.Make] == "Kamerawerk"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] == 0.125
        for stale in (ExifTags.Base.ExifImageWidth, ExifTags.Base.MakerNote):
            assert stale not in exif.get_ifd(ExifTags.IFD.Exif)
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert back.info["icc_profile"] == SRGB
        if suffix not in (".webp", ".avif", ".heic"):  # which have no place for it
            assert back.info["dpi"] == pytest.approx((150, 300), abs=0.1)  # turned by a quarter


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
def test_texts_keep_their_bytes_whatever_encoding_they_are_in(tmp_path, suffix, bits):
    texts = {"A@@thor": "Jörg Ä.".encode(), "R@ghts": "© Anna".encode("latin-1"), "Le@ns": "ø 50".encode()}
    exif = Image.Exif()
    exif[ExifTags.Base.Artist], exif[ExifTags.Base.Copyright] = ("A@@thor".ljust(9), "R@ghts")
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.LensModel: "Le@ns"}
    written = exif.tobytes()
    for stand_in, text in texts.items():  # for Pillow writes texts in ASCII alone
        assert stand_in.ljust(len(text)).encode() in written
        written = written.replace(stand_in.ljust(len(text)).encode(), text)
    Image.fromarray(noise(20, 40, 3)).save(tmp_path / "in.jpg", exif=written)
    image, record = read_photo(tmp_path / "in.jpg")
    if bits == 16 and suffix in (".png", ".tif"):
        record = replace(record, bits=16)
    write_photo(tmp_path / f"out{suffix}", image, record.for_name(Path(f"out{suffix}")))
    image, record = read_photo(tmp_path / f"out{suffix}")
    write_photo(tmp_path / f"again{suffix}", image, record)
    for name in ("out", "again"):
        content = (tmp_path / f"{name}{suffix}").read_bytes()
        assert all(text + b"\0" in content for text in texts.values())
        with Image.open(tmp_path / f"{name}{suffix}") as back:
            lens = back.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel]
        assert lens.encode("latin-1") == texts["Le@ns"]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_colour_keeps_exif_profile_and_print_size(tmp_path, suffix):
    described(tmp_path / "in.jpg")
    _, record = read_photo(tmp_path / "in.jpg")
    image = torch.rand(1, 3, 8, 5)
    write_photo(
        tmp_path / f"out{suffix}", image, PhotoRecord(bits=16, icc=record.icc, exif=record.exif, dpi=(300, 150))
    )
    with Image.open(tmp_path / f"out{suffix}") as back:
        exif = back.getexif()
        assert exif[ExifTags.Base.Make] == "Kamerawerk"
        assert exif.get_ifd(ExifTags.IFD.Exif) == {ExifTags.Base.ExposureTime: 0.125}
        assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {ExifTags.GPS.GPSLatitudeRef: "N"}
        assert back.info["icc_profile"] == SRGB
        assert back.info["dpi"] == pytest.approx((300, 150), abs=0.1)
    if suffix == ".tif":
        with tifffile.TiffFile(tmp_path / "out.tif") as tiff:
            assert len(tiff.pages) == 1
            assert tiff.pages[0].tags["ExifTag"].value["ExposureTime"] == 0.125
            assert tiff.pages[0].tags["GPSTag"].value["GPSLatitudeRef"] == "N"
            seen = torch.from_numpy(tiff.asarray().astype("float64")) / 65535
        torch.testing.assert_close(seen.permute(2, 0, 1)[None], image.double(), rtol=0, atol=1 / 65535)


def test_a_thumbnail_of_the_blurry_photo_is_not_passed_on(tmp_path):
    small = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(small, "JPEG")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kamerawerk"
    exif._ifds[ExifTags.IFD.IFD1] = {513: len(exif.tobytes()), 514: len(small.getvalue())}
    Image.fromarray(noise(20, 40, 3)).save(tmp_path / "in.jpg", exif=exif.tobytes() + small.getvalue())
    image, record = read_photo(tmp_path / "in.jpg")
    write_photo(tmp_path / "out.jpg", image, record)
    with Image.open(tmp_path / "out.jpg") as back:
        assert back.getexif()[ExifTags.Base.Make] == "Kamerawerk"
        assert not back.getexif().get_ifd(ExifTags.IFD.IFD1)


def test_damaged_exif_is_dropped_and_the_photo_read(tmp_path):
    Image.fromarray(noise(20, 40, 3)).save(tmp_path / "in.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    image, record = read_photo(tmp_path / "in.jpg")
    assert image.shape == (1, 3, 20, 40)
    assert record.exif is None


@pytest.mark.parametrize(("mode", "channels"), [("P", 3), ("1", 1), ("L", 1)])
def test_few_colours_are_read_as_full_ones(tmp_path, mode, channels):
    picture = Image.fromarray(noise(16, 16, 3)).convert(mode)
    picture.save(tmp_path / "in.png")
    image, record = read_photo(tmp_path / "in.png")
    assert image.shape[1] == channels
    assert ("its few colours become full ones" in record.notes) == (mode != "L")
    expected = np.asarray(picture.convert("RGB" if channels == 3 else "L")).reshape(16, 16, channels)
    assert torch.equal(image[0].permute(1, 2, 0), torch.tensor(expected) / 255)


@pytest.mark.parametrize("transparency", [0, bytes(range(256))])
def test_a_transparent_palette_becomes_transparent_colour(tmp_path, transparency):
    picture = Image.fromarray(noise(16, 16)).convert("P")
    picture.save(tmp_path / "in.png", transparency=transparency)
    _, record = read_photo(tmp_path / "in.png")
    with Image.open(tmp_path / "in.png") as stored:
        assert np.array_equal(record.alpha, np.asarray(stored.convert("RGBA"))[..., 3])


def test_inks_without_a_profile_come_back_as_inks(tmp_path):
    inks = np.zeros((16, 24, 4), np.uint8)
    inks[:, :8, 0], inks[:, 8:16, 1], inks[:, 16:, 2] = 200, 150, 90
    Image.frombytes("CMYK", (24, 16), inks.tobytes()).save(tmp_path / "in.tif")
    image, record = read_photo(tmp_path / "in.tif")
    assert image[0, 0, 3, 3] == pytest.approx(55 / 255)
    write_photo(tmp_path / "out.tif", image, record)
    with Image.open(tmp_path / "out.tif") as back:
        assert back.mode == "CMYK"
        assert np.array_equal(np.asarray(back), inks)
    write_photo(tmp_path / "out.jpg", image, record.for_name("out.jpg"))
    with Image.open(tmp_path / "out.jpg") as back:
        assert back.mode == "CMYK"
        assert np.abs(np.asarray(back).astype(int) - inks).max() < 40


def test_a_profile_that_does_not_fit_the_inks_falls_back_to_plain_conversion(tmp_path):
    Image.new("CMYK", (16, 16), (0, 100, 0, 0)).save(tmp_path / "in.tif", icc_profile=SRGB)
    image, _ = read_photo(tmp_path / "in.tif")
    assert image[0, :, 0, 0].tolist() == pytest.approx([1, 155 / 255, 1])


def test_of_an_animation_the_first_picture_is_read_and_said(tmp_path):
    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    first.save(tmp_path / "in.gif", save_all=True, append_images=[second, first])
    image, record = read_photo(tmp_path / "in.gif")
    assert image[0, :, 5, 5].tolist() == pytest.approx([1, 0, 0], abs=0.01)
    assert "the first of its 3 pictures" in record.notes
    assert record.file_name("in.gif") == "in.png"


def test_a_wrong_suffix_is_seen_through_and_mended(tmp_path):
    Image.fromarray(noise(9, 9, 4)).save(tmp_path / "in.jpg", format="PNG")
    _, record = read_photo(tmp_path / "in.jpg")
    assert record.format == "PNG"
    assert record.file_name("in.jpg") == "in.png"
    assert PhotoRecord("JPEG").file_name("IMG.0001.JPG") == "IMG.0001.JPG"
    assert PhotoRecord("TIFF").file_name("scan.v2") == "scan.tif"


def test_another_format_says_what_it_cannot_hold(tmp_path):
    record = PhotoRecord("PNG", bits=16, transparency=Transparency(np.zeros((8, 8), np.uint16))).for_name("x.jpg")
    assert record.bits == 8
    assert any("what is transparent becomes white, for JPEG holds no transparency" in note for note in record.notes)
    assert any("16 bits become 8" in note for note in record.notes)
    write_photo(tmp_path / "x.jpg", torch.rand(1, 3, 8, 8), record)
    with Image.open(tmp_path / "x.jpg") as back:
        assert back.size == (8, 8)


def test_values_beyond_the_range_are_clipped_and_rounded(tmp_path):
    image = torch.tensor([-0.2, 0.0, 0.4999 / 255, 0.5001 / 255, 1.0, 1.3]).view(1, 1, 2, 3)
    write_photo(tmp_path / "x.png", image)
    with Image.open(tmp_path / "x.png") as back:
        assert np.asarray(back).flatten().tolist() == [0, 0, 0, 1, 255, 255]


@pytest.mark.parametrize("white", [65535, 1023])
def test_a_ppms_sixteen_bits_of_colour_are_kept(tmp_path, white):
    values = RNG.integers(0, white, (7, 9, 3), endpoint=True)
    (tmp_path / "in.ppm").write_bytes(f"P6 9 7 {white}\n".encode() + values.astype(">u2").tobytes())
    image, record = read_photo(tmp_path / "in.ppm")
    assert torch.allclose(image[0].permute(1, 2, 0), torch.from_numpy(values / white).float(), atol=1e-5)
    assert record.for_name("out.png").bits == 16
    (tmp_path / "cut.ppm").write_bytes((tmp_path / "in.ppm").read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"cut\.ppm is damaged"):
        read_photo(tmp_path / "cut.ppm")


def test_a_level_of_sixteen_bit_gray_that_shows_nothing_is_transparent(tmp_path):
    pixels = noise(6, 8, dtype=np.uint16)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    png = file.getvalue()
    kind, level = b"tRNS", struct.pack(">H", int(pixels[2, 3]))
    chunk = struct.pack(">I", 2) + kind + level + struct.pack(">I", zlib.crc32(kind + level))
    (tmp_path / "in.png").write_bytes(png[:33] + chunk + png[33:])
    image, record = read_photo(tmp_path / "in.png")
    assert image.shape == (1, 1, 6, 8)
    assert np.array_equal(record.alpha == 0, pixels == pixels[2, 3])
    assert record.transparency.hidden[2, 3, 0] == pixels[2, 3]


def test_ten_bits_of_a_phone_become_eight_and_that_is_said(tmp_path):
    from pillow_heif import encode

    pixels = (noise(16, 24, 3, dtype=np.uint16) // 64 * 64).tobytes()
    encode("RGB;16", (24, 16), pixels, tmp_path / "in.heic", quality=90)
    image, record = read_photo(tmp_path / "in.heic")
    assert image.shape == (1, 3, 16, 24)
    assert (record.bits, record.notes) == (8, ("its 10 bits become 8",))


@pytest.mark.parametrize(("bits", "notes"), [(8, ()), (10, ("its 10 bits become 8",))])
def test_an_avifs_ten_bits_become_eight_and_that_is_said(tmp_path, bits, notes):
    image, record = read_photo(write_avif(tmp_path / "in.avif", noise(64, 72, 3), bits=bits))
    assert image.shape == (1, 3, 64, 72)
    assert (record.bits, record.notes) == (8, notes)


@pytest.mark.parametrize(("high", "twelve", "bits"), [(0, 0, 8), (1, 0, 10), (1, 1, 12)])
def test_an_avifs_depth_is_what_its_configuration_says(tmp_path, high, twelve, bits):
    configuration = (0x81, 0x05, high << 6 | twelve << 5 | 0x0C, 0)  # AV1-ISOBMFF 2.3.3, with other flags around
    (tmp_path / "in.avif").write_bytes(b"....av1C" + bytes(configuration))
    assert avif_depth(tmp_path / "in.avif") == bits


@pytest.mark.parametrize("suffix", [".jp2", ".bmp", ".tga", ".ppm"])
def test_a_format_that_holds_no_profile_says_so(tmp_path, suffix):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    Image.fromarray(noise(11, 9, 3)).save(tmp_path / "a.jpg", icc_profile=SRGB, exif=exif)
    _, record = read_photo(tmp_path / "a.jpg")
    (note,) = record.for_name(f"b{suffix}").notes
    assert note.startswith("its colour profile and EXIF are not kept, for ")


@pytest.mark.parametrize(("suffix", "longest"), [(".webp", 16383), (".jpg", 65500), (".tga", 65535), (".heic", 16384)])
def test_a_side_that_a_format_does_not_hold_is_refused(tmp_path, suffix, longest):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(ValueError, match=rf"a{suffix} would be {longest + 1} x 1 pixels, but .* up to {longest}"):
        write_photo(path, torch.zeros(1, 3, 1, longest + 1))
    assert not path.exists()


def test_what_an_encoder_refuses_is_said_of_the_file(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("Failed to encode image: Invalid argument")

    monkeypatch.setattr(Image.Image, "save", refuse)
    with pytest.raises(ValueError, match=r"a\.png: PNG cannot hold its 9 x 11 pixels \(Failed to encode image"):
        write_photo(tmp_path / "a.png", torch.zeros(1, 3, 11, 9))


@pytest.mark.parametrize(("deep", "notes"), [(np.uint8, ()), (np.uint16, ("its 16 bits become 8",))])
def test_colour_of_16_bits_in_a_jpeg_2000_is_said_to_become_8(tmp_path, deep, notes):
    cv2.imwrite(str(tmp_path / "a.jp2"), noise(60, 50, 3, dtype=deep))
    assert read_photo(tmp_path / "a.jp2")[1].notes == notes


@pytest.mark.parametrize("kind", ["noise", "pattern"])
def test_a_large_png_is_no_larger_however_it_is_packed(tmp_path, kind):
    pixels = noise(1450, 1400, 3) if kind == "noise" else np.tile(noise(1450, 7, 3), (1, 200, 1))
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    write_photo(tmp_path / "a.png", image)
    Image.fromarray(pixels).save(tmp_path / "usual.png", compress_level=4)
    assert (tmp_path / "a.png").stat().st_size <= (tmp_path / "usual.png").stat().st_size
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), pixels)
