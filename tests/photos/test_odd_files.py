"""Files that are no photos, or hardly: each is one sentence that starts with its path."""

import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from small_disks import small_disk

from deblur_lightning.photos import PIXEL_LIMIT, PhotoRecord, read_photo, write_photo
from deblur_lightning.photos.transparency import Transparency


def photo(path, size=(64, 48), **options):
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)).save(
        path, **options
    )
    return path


def test_a_missing_file_names_the_path_and_the_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.jpg does not exist. Check the path"):
        read_photo(tmp_path / "nothing.jpg")


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"", r"is empty \(0 bytes\). Copy it again"),
        (b"I am a letter to my grandmother.", "is not a picture that can be read .*convert it to PNG"),
        (b"\0" * 100, "is not a picture that can be read"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 60, "in.jpg is"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64, r"is damaged \(it begins as HEIC, .*Copy it again"),
        (b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 64, "is a camera's raw file, which is not read. Develop it to a 16-bit"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>" + b" " * 40, "text or drawings"),
        (b"%PDF-1.7" + b" " * 60, "text or drawings"),
        (b"8BPS" + b"\0" * 60, "Photoshop"),
        (b"\xff\x0a" + b"\0" * 60, "JPEG XL"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" + b" " * 60, "text or drawings"),
    ],
)
def test_other_content_than_a_photo_is_told_apart(tmp_path, content, remedy):
    path = tmp_path / "in.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=remedy) as caught:
        read_photo(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    "suffix", [".jpg", ".png", ".tif", ".webp", ".bmp", ".gif", ".jp2", ".avif", ".heic", ".tga", ".ppm"]
)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_photo_is_damaged_not_half_gray(tmp_path, suffix, share):
    whole = photo(tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match="cut") as caught:
        read_photo(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("suffix", [".avif", ".heic"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_heic_or_avif_is_not_taken_for_another_format(tmp_path, suffix, share):
    whole = photo(tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=rf"cut{suffix} is damaged \(.*\)\. Copy it again from its source\.$"):
        read_photo(path)


def test_truncated_sixteen_bit_colour_is_damaged_too(tmp_path):
    write_photo(tmp_path / "whole.png", torch.rand(1, 3, 50, 60), PhotoRecord(bits=16))
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(ValueError, match=r"cut\.png is damaged"):
        read_photo(tmp_path / "cut.png")


def test_a_raw_file_is_not_read_as_its_thumbnail(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "in.nef", format="TIFF")
    with pytest.raises(ValueError, match=r"raw file.*16-bit TIFF"):
        read_photo(tmp_path / "in.nef")
    Image.new("RGB", (160, 120)).save(tmp_path / "in.tif", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(ValueError, match=r"raw file.*16-bit TIFF"):
        read_photo(tmp_path / "in.tif")


def png_header(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(20000, 10000), (1_000_000, 1_000_000), (PIXEL_LIMIT + 1, 1)])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(ValueError, match=r"bomb\.png has .* pixels, but at most 160 million are read. Scale it down"):
        read_photo(path)


def test_floating_point_pixels_whose_white_is_unknown_are_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 4.2, np.float32)).save(tmp_path / "in.tif")
    with pytest.raises(ValueError, match="32-bit floating-point pixels, whose white is not known"):
        read_photo(tmp_path / "in.tif")


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 20_000), (2, 3)])
def test_extreme_shapes_are_read_and_written(tmp_path, size):
    image, record = read_photo(photo(tmp_path / "in.png", size))
    assert image.shape == (1, 3, size[1], size[0])
    write_photo(tmp_path / "out.png", image, record)
    assert torch.equal(read_photo(tmp_path / "out.png")[0], image)


@pytest.mark.parametrize(
    "name", ["Ørsted 写真 🏞.png", "with space and 'quote\".png", "-o.png", "n" * 251 + ".png", "a\nb.png"]
)
def test_odd_names_are_read_and_written(tmp_path, name):
    image, record = read_photo(photo(tmp_path / name))
    write_photo(tmp_path / "out" / name, image, record)
    assert [file.name for file in (tmp_path / "out").iterdir()] == [name]


def test_sixteen_bits_in_a_folder_with_an_odd_name(tmp_path):
    path = tmp_path / "Фото" / "深い.png"
    image = torch.rand(1, 3, 5, 6)
    write_photo(path, image, PhotoRecord(bits=16))
    assert torch.allclose(read_photo(path)[0], image, atol=1e-5)


def test_a_name_beyond_the_file_systems_limit_is_one_sentence(tmp_path):
    with pytest.raises(OSError, match="cannot be read: File name too long"):
        read_photo(tmp_path / ("n" * 300 + ".png"))
    with pytest.raises(OSError, match="was not written: File name too long"):
        write_photo(tmp_path / ("n" * 300 + ".png"), torch.rand(1, 3, 4, 4))


def test_a_name_with_a_null_byte_is_one_sentence():
    with pytest.raises(ValueError, match="is no file name"):
        read_photo("a\0b.png")


def test_links_that_loop_folders_and_pipes_are_told_apart(tmp_path):
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    with pytest.raises(OSError, match=r"loop\.png cannot be read: Too many levels of symbolic links"):
        read_photo(tmp_path / "loop.png")
    with pytest.raises(ValueError, match="is a folder"):
        read_photo(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="is no ordinary file"):
        read_photo(tmp_path / "pipe.png")


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        (torch.full((1, 3, 8, 8), 255, dtype=torch.uint8), "float"),
        (torch.full((1, 3, 8, 8), 255.0), "Divide it by 255"),
        (torch.full((1, 3, 8, 8), torch.nan), "finite"),
        (torch.rand(2, 3, 8, 8), "2 pictures"),
    ],
)
def test_tensors_that_are_no_picture_are_not_written(tmp_path, image, remedy):
    with pytest.raises(ValueError, match=remedy):
        write_photo(tmp_path / "x.png", image)
    assert list(tmp_path.iterdir()) == []


def test_a_suffix_that_no_photo_has_and_another_photos_alpha_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"x\.txt.*Use \.png or \.tif"):
        write_photo(tmp_path / "x.txt", torch.rand(1, 3, 8, 8))
    with pytest.raises(ValueError, match="record of the same photo"):
        write_photo(
            tmp_path / "x.png",
            torch.rand(1, 3, 8, 8),
            PhotoRecord(transparency=Transparency(np.zeros((9, 9), np.uint8))),
        )


@pytest.fixture
def full_disk(tmp_path):
    (tmp_path / "small").mkdir()
    with small_disk(tmp_path / "small") as small:
        yield small


def test_a_full_disk_leaves_the_earlier_file_and_no_half_one(full_disk):
    image = torch.rand(1, 3, 20, 20)
    write_photo(full_disk / "x.png", image)
    earlier = (full_disk / "x.png").read_bytes()
    with pytest.raises(OSError, match=r"x\.png was not written: No space left on device. Free space"):
        write_photo(full_disk / "x.png", torch.rand(1, 3, 600, 600))
    assert (full_disk / "x.png").read_bytes() == earlier
    assert [file.name for file in full_disk.iterdir()] == ["x.png"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"was not written: File exists .*file\)\. Free space"):
        write_photo(tmp_path / "file" / "x.png", torch.rand(1, 3, 4, 4))
