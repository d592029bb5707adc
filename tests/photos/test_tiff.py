"""TIFFs in every layout that programs write: what is read are the pixels that tifffile was given."""

import io
import itertools
import struct

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageOps

from deblur_lightning.data.frames import read_frame
from deblur_lightning.photos import photo_size, read_photo, write_photo
from deblur_lightning.photos.tiff import lzw_decoded

LAYOUTS = [
    {"byteorder": byteorder, "tile": tile, "rowsperstrip": rows, "compression": compression, "predictor": predictor}
    for byteorder, (tile, rows), (compression, predictor) in itertools.product(
        "<>", [(None, None), (None, 7), ((16, 32), None)], [(None, False), ("zlib", False), ("zlib", True)]
    )
]


def pixels_of(channels, dtype=np.uint16, size=(37, 53)):
    """Noise; where it has transparency, some shows everywhere."""
    pixels = np.random.default_rng(channels).integers(0, np.iinfo(dtype).max, (*size, channels), dtype, endpoint=True)
    if channels in (2, 4):
        pixels[..., -1] |= 1
    return pixels


def written(path, pixels, **options):
    """Write pixels ``[H, W, C]`` as photos are: gray or RGB, the rest transparency."""
    channels = pixels.shape[-1]
    data = pixels[..., 0] if channels == 1 else pixels
    if options.get("planarconfig") == "separate":
        data = data.transpose(2, 0, 1)
    options.setdefault("photometric", "rgb" if channels >= 3 else "minisblack")
    if channels in (2, 4):
        options.setdefault("extrasamples", ["unassalpha"])
    tifffile.imwrite(path, data, metadata=None, **options)
    return path


def check(path, pixels):
    """Compare what is read with what was written."""
    image, record = read_photo(path)
    colours = 1 if pixels.shape[-1] <= 2 else 3
    expected = pixels[..., :colours].astype(np.float32) / np.iinfo(pixels.dtype).max
    assert torch.equal(image[0].permute(1, 2, 0), torch.from_numpy(expected))
    assert record.bits == 8 * pixels.itemsize
    assert record.notes == ()
    if pixels.shape[-1] != colours:
        assert np.array_equal(record.alpha, pixels[..., -1])
    return image, record


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_every_layout_is_read_as_tifffile_reads_it(tmp_path, dtype, channels, planar):
    pixels = pixels_of(channels, dtype)
    for layout in LAYOUTS:
        together = {} if channels == 1 else {"planarconfig": planar}
        check(written(tmp_path / "in.tif", pixels, **layout, **together), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("byteorder", "<>")
def test_white_as_zero_is_no_negative(tmp_path, dtype, channels, byteorder):
    pixels = pixels_of(channels, dtype)
    stored = pixels.copy()
    stored[..., 0] = np.iinfo(dtype).max - stored[..., 0]
    image, record = check(written(tmp_path / "in.tif", stored, photometric="miniswhite", byteorder=byteorder), pixels)
    write_photo(tmp_path / "out.tif", image, record)
    check(tmp_path / "out.tif", pixels)


def test_big_tiffs_are_read(tmp_path):
    pixels = pixels_of(3)
    check(written(tmp_path / "in.tif", pixels, bigtiff=True), pixels)


def packed_by_lzw(path, pixels, planar, rows):
    """Write 16-bit RGB in LZW strips, which tifffile alone does not: libtiff packs each of them."""
    height, width, channels = pixels.shape
    parts = [pixels] if planar == 1 else [pixels[..., [channel]] for channel in range(channels)]
    strips = [part[top : top + rows].tobytes() for part in parts for top in range(0, height, rows)]
    packed = []
    for strip in strips:
        file = io.BytesIO()
        Image.frombytes("L", (len(strip), 1), strip).save(file, "TIFF", compression="tiff_lzw")
        with tifffile.TiffFile(io.BytesIO(file.getvalue())) as one:
            (start,), (length,) = one.pages.first.dataoffsets, one.pages.first.databytecounts
        packed.append(file.getvalue()[start : start + length])
    starts = np.cumsum([8, *map(len, packed)]).tolist()
    after = starts.pop() + starts[-1] % 2
    tags = {
        256: width, 257: height, 258: [16] * channels, 259: 5, 262: 2, 273: starts, 277: channels, 278: rows,
        279: [len(strip) for strip in packed], 284: planar,
    }  # fmt: skip
    lists, entries = b"", b""
    lists_at = after + 2 + 12 * len(tags) + 4
    for tag, value in tags.items():
        values = value if isinstance(value, list) else [value]
        if len(values) == 1:
            entries += struct.pack("<HHII", tag, 4, 1, values[0])
        else:
            entries += struct.pack("<HHII", tag, 4, len(values), lists_at + len(lists))
            lists += struct.pack(f"<{len(values)}I", *values)
    content = (b"II*\0" + struct.pack("<I", after) + b"".join(packed)).ljust(after, b"\0")
    path.write_bytes(content + struct.pack("<H", len(tags)) + entries + bytes(4) + lists)
    return path


@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("rows", [7, 37])
def test_sixteen_bits_in_lzw_are_read_without_another_library(tmp_path, planar, rows):
    pixels = pixels_of(3)
    check(packed_by_lzw(tmp_path / "in.tif", pixels, planar, rows), pixels)


def test_damaged_lzw_is_an_error_of_its_own():
    with pytest.raises(OSError, match="decoder error"):
        lzw_decoded(b"\x80\x00", 100)


def test_premultiplied_colours_are_divided_by_their_opacity(tmp_path):
    colours, opacity = np.uint16([60000, 20000, 5]), np.uint16([65535, 32768, 0])
    pixels = np.zeros((1, 3, 4), np.uint16)
    pixels[0, :, 3] = opacity
    pixels[0, :, :3] = np.round(colours[None] * (opacity[:, None] / 65535))
    image, record = read_photo(written(tmp_path / "in.tif", pixels, extrasamples=["assocalpha"]))
    assert torch.allclose(image[0, :, 0, :2], torch.from_numpy(colours / 65535).float()[:, None], atol=2e-5)
    assert record.alpha.tolist() == [opacity.tolist()]


def test_channels_beyond_colour_and_transparency_are_left_out_and_said(tmp_path):
    pixels = pixels_of(5)
    image, record = read_photo(written(tmp_path / "in.tif", pixels, extrasamples=["unspecified", "unassalpha"]))
    assert image.shape == (1, 3, 37, 53)
    assert np.array_equal(record.alpha, pixels[..., 4])
    assert record.notes == ("1 more channel left out",)


def test_of_several_pictures_the_first_is_read_and_said(tmp_path):
    pixels = pixels_of(3)
    tifffile.imwrite(tmp_path / "in.tif", np.stack((pixels, 65535 - pixels)), photometric="rgb", metadata=None)
    image, record = read_photo(tmp_path / "in.tif")
    assert torch.equal(image[0, 0], torch.from_numpy(pixels[..., 0].astype(np.float32) / 65535))
    assert record.notes == ("the first of its 2 pictures",)


@pytest.mark.parametrize(
    ("dtype", "said"),
    [(np.float32, "32-bit floating-point"), (np.float16, "16-bit floating-point"), (np.uint32, "32-bit"),
     (np.int16, "16-bit signed")],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_whose_white_is_not_known_are_refused_with_their_kind(tmp_path, dtype, said, channels):
    path = written(tmp_path / "in.tif", np.zeros((9, 7, channels), dtype))
    with pytest.raises(ValueError, match=rf"in\.tif holds {said} pixels, whose white is not known\. Save it as 8"):
        read_photo(path)


def test_twelve_bits_reach_white(tmp_path):
    """Two pixels in three bytes; Pillow reads them as 16 bits of which white is a sixteenth."""
    tags = {256: 2, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 3}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    content = b"II*\0" + struct.pack("<I", 12) + b"\xff\xf8\x00\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    (tmp_path / "in.tif").write_bytes(content)
    image, _ = read_photo(tmp_path / "in.tif")
    assert image.flatten().tolist() == pytest.approx([1, 0x800 / 0xFFF], abs=1e-4)


def test_too_few_channels_for_colour_are_named_with_the_file(tmp_path):
    path = written(tmp_path / "in.tif", pixels_of(1), photometric="minisblack")
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<HHI", 262, 3, 1))
    content[place + 8 : place + 10] = b"\2\0"  # RGB, it says
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"in\.tif has 1 channels for RGB\. Save it again") as refused:
        read_photo(path)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_that_breaks_off_is_damaged_not_black_below(tmp_path, compression):
    path = written(tmp_path / "in.tif", pixels_of(3), compression=compression, rowsperstrip=7)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"in\.tif is damaged \(it breaks off before its end\)\. Copy it again"):
        read_photo(path)


def test_a_size_beyond_the_limit_is_refused_by_the_header(tmp_path):
    with pytest.raises(ValueError, match=r"in\.tif has 53 x 37 pixels, but at most 0\.001 million are read"):
        read_photo(written(tmp_path / "in.tif", pixels_of(3)), pixel_limit=1000)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_profile_maker_and_print_size_come_along(tmp_path, channels):
    path = written(
        tmp_path / "in.tif", pixels_of(channels), iccprofile=b"a profile", resolution=(300, 150), resolutionunit="INCH",
        extratags=[(271, 2, None, "Kamerawerk", True), (274, 3, 1, 6, True)],
    )  # fmt: skip
    image, record = read_photo(path)
    assert image.shape[-2:] == (53, 37)
    assert record.icc == b"a profile"
    assert record.dpi == pytest.approx((150, 300))
    kept = Image.Exif()
    kept.load(record.exif)
    assert kept[271] == "Kamerawerk"
    assert 274 not in kept


@pytest.mark.parametrize("mode", ["P", "CMYK", "1", "L", "RGB"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_kind_of_pixels_is_turned_as_its_orientation_asks(tmp_path, mode, compression, orientation):
    """Pillow 12 turns pixels wrongly that it maps into memory: palettes and inks without compression."""
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:12, :20], pixels[:12, 20:], pixels[12:, :20] = 255, 128, 64
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.fromarray(pixels).convert(mode)
    picture.save(tmp_path / "in.tif", exif=exif, compression=compression)
    expected = np.asarray(ImageOps.exif_transpose(tagged(picture, orientation)).convert("RGB"))
    image, _ = read_photo(tmp_path / "in.tif")
    assert np.abs((image[0].expand(3, -1, -1).permute(1, 2, 0) * 255).numpy() - expected).max() <= 1
    assert photo_size(tmp_path / "in.tif") == expected.shape[1::-1]
    assert np.abs(read_frame(tmp_path / "in.tif").astype(int) - expected).max() <= 1


def tagged(picture, orientation):
    """Give a picture in memory an orientation."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[274] = orientation
    (picture.convert("RGB")).save(file, "PNG", exif=exif)
    return Image.open(io.BytesIO(file.getvalue()))
