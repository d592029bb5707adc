import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from deblur_lightning.data.frames import CorruptFrameError, frame_size, is_frame, prove_frame, read_frame
from deblur_lightning.photos import read_photo
from deblur_lightning.photos.heic import enable_heic

enable_heic()


def save(path, mode="RGB", size=(7, 5), **options):
    Image.new(mode, size, 51 if mode in ("L", "P") else None).save(path, **options)
    return path


def png_header(width, height):
    """A PNG that claims a size, with no pixels behind it."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tif", "a.avif", "a.heic", "a.jp2", "a.gif"])
def test_the_header_tells_the_size_that_decoding_gives(tmp_path, name):
    path = save(tmp_path / name)
    assert frame_size(path) == prove_frame(path) == (7, 5)
    assert read_frame(path).shape == (5, 7, 3)


@pytest.mark.parametrize("name", ["a.avif", "a.heic", "a.jp2"])
def test_what_phones_write_is_decoded_as_for_restoring(tmp_path, name):
    pixels = np.full((40, 56, 3), (200, 100, 50), np.uint8)
    pixels[:20, :30] = 30
    Image.fromarray(pixels).save(tmp_path / name)
    image, _ = read_photo(tmp_path / name)
    assert is_frame(tmp_path / name)
    assert np.array_equal(read_frame(tmp_path / name), (image[0] * 255).round().permute(1, 2, 0))


def test_a_raw_file_of_another_name_is_no_frame(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 64)
    with pytest.raises(CorruptFrameError, match=r"raw file.*Or pass skip_corrupt=True"):
        read_frame(tmp_path / "a.tif")


def test_content_not_the_suffix_tells_the_format(tmp_path):
    save(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert frame_size(tmp_path / "a.jpg") == prove_frame(tmp_path / "a.jpg") == (7, 5)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK"])
def test_other_colours_become_rgb(tmp_path, mode):
    frame = read_frame(save(tmp_path / "a.tif", mode))
    assert (frame.shape, frame.dtype) == ((5, 7, 3), np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 2000)])
def test_odd_sizes_are_read(tmp_path, size):
    path = save(tmp_path / "a.png", size=size)
    assert frame_size(path) == prove_frame(path) == size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "0 bytes"),
        (b"not a picture at all", "no picture"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no picture"),
        (png_header(7, 5)[:-3], "truncated"),
        (png_header(200_000, 200_000), "decompression bomb"),
    ],
    ids=["empty", "text", "signature", "truncated", "bomb"],
)
def test_damaged_and_hostile_files_are_named_with_a_remedy(tmp_path, content, reason):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.png is damaged \(.*{reason}.*Copy it again.*skip_corrupt=True"):
        prove_frame(path)


def test_headers_find_a_jpeg_that_breaks_off(tmp_path):
    path = tmp_path / "a.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ValueError, match=r"breaks off before its end"):
        frame_size(path)


def test_a_flipped_bit_is_found_by_its_checksum(tmp_path):
    path = save(tmp_path / "a.png", size=(70, 50))
    content = bytearray(path.read_bytes())
    place = content.index(b"IDAT") + 4 + struct.unpack(">I", content[content.index(b"IDAT") - 4 :][:4])[0]
    content[place] ^= 1  # the checksum itself: Pillow decodes the pixels all the same
    path.write_bytes(bytes(content))
    assert frame_size(path) == (70, 50)
    with pytest.raises(ValueError, match=r"is damaged \("):
        prove_frame(path)


def sideways(path, orientation, **options):
    """Write a picture whose left half is white as stored, and what turns it."""
    pixels = np.zeros((5, 8, 3), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_frames_are_turned_as_photos_are(tmp_path, name, orientation):
    path = sideways(tmp_path / name, orientation, **({"lossless": True} if name == "a.webp" else {}))
    frame, (photo, _) = read_frame(path), read_photo(path)
    assert frame.shape[1::-1] == frame_size(path) == prove_frame(path)
    assert np.array_equal(frame, (photo[0].permute(1, 2, 0) * 255).round().numpy())


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_pixels_stay_as_stored_where_segments_belong_to_them(tmp_path, name):
    path = sideways(tmp_path / name, 6)
    frame = read_frame(path, upright=False)
    assert frame.shape == (5, 8, 3)
    assert frame_size(path, upright=False) == (8, 5)
    assert (frame[:, 0] > 250).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_become_eight_whether_gray_or_colour(tmp_path, suffix):
    deep = np.array([[0, 128, 129, 32767, 65535]], np.uint16)
    path = tmp_path / f"a{suffix}"
    Image.fromarray(deep).save(path)
    assert frame_size(path) == prove_frame(path) == (5, 1)
    assert read_frame(path).tolist() == [[[level] * 3 for level in (0, 0, 1, 127, 255)]]


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int16])
def test_pixels_whose_white_is_not_known_are_refused_by_header_and_by_decoding(tmp_path, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((5, 7, 3), dtype), photometric="rgb")
    for read in (read_frame, frame_size):
        with pytest.raises(CorruptFrameError, match=r"a\.tif holds .*pixels, whose white is not known.*skip_corrupt"):
            read(path)


def test_planes_apart_are_read_as_tifffile_reads_them(tmp_path):
    planes = np.random.default_rng(1).integers(0, 65536, (3, 5, 7), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate", metadata=None)
    expected = np.round(planes.transpose(1, 2, 0) / 257)
    assert np.array_equal(read_frame(tmp_path / "a.tif"), expected)


def test_headers_find_a_tiff_that_breaks_off(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((50, 70, 3), np.uint16), photometric="rgb", compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(path) as file:
        pixels_from, end = min(file.pages.first.dataoffsets), path.stat().st_size
    assert pixels_from < end
    path.write_bytes(path.read_bytes()[: end - 10])
    with pytest.raises(CorruptFrameError, match="breaks off before its end"):
        frame_size(path)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_what_a_frame_hides_is_not_seen(tmp_path, name):
    pixels = np.full((6, 8, 4), (10, 20, 30, 255), np.uint8)
    pixels[:2] = (255, 255, 255, 0)
    Image.fromarray(pixels).save(tmp_path / name, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
    assert np.array_equal(read_frame(tmp_path / name), np.full((6, 8, 3), (10, 20, 30)))


def test_a_jpeg_with_a_film_behind_it_has_its_end_and_a_thumbnail_s_end_is_none(tmp_path):
    thumbnail = save(tmp_path / "small.jpg").read_bytes()
    whole = save(tmp_path / "a.jpg", size=(70, 50), comment=thumbnail).read_bytes()
    assert whole.count(b"\xff\xd9") == 2
    (tmp_path / "a.jpg").write_bytes(whole + bytes(20_000))
    assert frame_size(tmp_path / "a.jpg") == (70, 50)
    (tmp_path / "a.jpg").write_bytes(whole[:-2])
    with pytest.raises(CorruptFrameError, match="breaks off"):
        frame_size(tmp_path / "a.jpg")
