import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data.frames import frame_size, prove_frame, read_frame


def save(path, mode="RGB", size=(7, 5), **options):
    Image.new(mode, size, 51 if mode in ("L", "P") else None).save(path, **options)
    return path


def png_header(width, height):
    """A PNG that claims a size, with no pixels behind it."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tif"])
def test_the_header_tells_the_size_that_decoding_gives(tmp_path, name):
    path = save(tmp_path / name)
    assert frame_size(path) == prove_frame(path) == (7, 5)
    assert read_frame(path).shape == (5, 7, 3)


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
