"""What is transparent is neither looked at nor let in, and comes back as it was."""

import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.photos import read_photo, write_photo
from deblur_lightning.photos.transparency import filled, visible_box

RNG = np.random.default_rng(11)


def cut_out(hidden, channels=3, size=(20, 30)):
    """Noise that shows within a ring, and a colour that hides around and inside it."""
    height, width = size
    down, across = np.mgrid[:height, :width]
    radius = np.hypot((down - height / 2) / height, (across - width / 2) / width)
    pixels = RNG.integers(0, 256, (*size, channels + 1), np.uint8)
    pixels[..., -1] = np.where((radius < 0.4) & (radius > 0.1), 255, 0)
    pixels[pixels[..., -1] == 0, :-1] = hidden
    return pixels


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("hidden", [0, 255])
def test_what_hides_is_not_seen_and_comes_back(tmp_path, suffix, hidden):
    pixels = cut_out(hidden)
    Image.fromarray(pixels).save(
        tmp_path / f"in{suffix}", **({"lossless": True, "exact": True} if suffix == ".webp" else {})
    )
    image, record = read_photo(tmp_path / f"in{suffix}")
    seen = (image[0].permute(1, 2, 0) * 255).round().numpy()
    shows = pixels[..., -1] > 0
    assert np.array_equal(seen[shows], pixels[shows, :3])
    shown = {tuple(colour) for colour in pixels[shows, :3].tolist()}
    assert {tuple(colour) for colour in seen[~shows].astype(int).tolist()} <= shown
    write_photo(tmp_path / "out.png", 1 - image, record.for_name("out.png"))
    with Image.open(tmp_path / "out.png") as back:
        after = np.asarray(back)
    assert np.array_equal(after[~shows], pixels[~shows])
    assert np.array_equal(after[shows, :3], 255 - pixels[shows, :3])
    assert np.array_equal(after[..., 3], pixels[..., 3])


def test_two_files_that_look_alike_are_read_alike_whatever_they_hide(tmp_path):
    black, white = cut_out(0), cut_out(0)
    white[...] = black
    white[white[..., -1] == 0, :-1] = 255
    images = []
    for name, pixels in (("black", black), ("white", white)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        images.append(read_photo(tmp_path / f"{name}.png")[0])
    assert torch.equal(*images)


def test_each_hidden_pixel_takes_the_colour_of_the_nearest_that_shows():
    colours, alpha = RNG.integers(0, 256, (9, 11, 3), np.uint8), (RNG.random((9, 11)) < 0.2).astype(np.uint8)
    result = filled(colours, alpha)
    rows, columns = np.nonzero(alpha)
    for row, column in np.ndindex(alpha.shape):
        reach = np.hypot(rows - row, columns - column)
        nearest = {tuple(colours[rows[at], columns[at]]) for at in np.flatnonzero(reach == reach.min())}
        assert tuple(result[row, column]) in nearest


def test_sixteen_bits_and_gray_keep_what_they_hide(tmp_path):
    import cv2
    import tifffile

    deep = cut_out(3).astype(np.uint16) * 257
    assert cv2.imwrite(str(tmp_path / "deep.png"), deep[..., [2, 1, 0, 3]])
    gray = cut_out(7, channels=1).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "gray.tif", gray, photometric="minisblack", extrasamples=["unassalpha"], metadata=None)
    for name, pixels in (("deep.png", deep), ("gray.tif", gray)):
        image, record = read_photo(tmp_path / name)
        write_photo(tmp_path / f"out-{name}", image, record)
        _, again = read_photo(tmp_path / f"out-{name}")
        assert np.array_equal(again.transparency.hidden, pixels[..., :-1])
        assert np.array_equal(again.alpha, pixels[..., -1])


def test_the_visible_part_is_the_smallest_rectangle_that_holds_all_that_shows(tmp_path):
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[5:12, 7:21] = 1
    Image.fromarray(pixels).save(tmp_path / "in.png")
    image, record = read_photo(tmp_path / "in.png")
    assert image[(..., *record.visible)].shape == (1, 3, 7, 14)
    assert visible_box(pixels[..., 3]) == (5, 7, 12, 21)


def test_a_photo_that_is_opaque_or_wholly_transparent_is_read_as_it_is(tmp_path):
    for opacity in (0, 255):
        pixels = RNG.integers(0, 256, (8, 9, 4), np.uint8)
        pixels[..., 3] = opacity
        Image.fromarray(pixels).save(tmp_path / "in.png")
        image, record = read_photo(tmp_path / "in.png")
        assert np.array_equal((image[0].permute(1, 2, 0) * 255).round().numpy(), pixels[..., :3])
        assert image[(..., *record.visible)].shape == image.shape


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".ppm"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_format_without_transparency_shows_the_photo_over_white(tmp_path, suffix, channels):
    height, width = 16, 24
    pixels = np.full((height, width, channels + 1), 60, np.uint8)
    pixels[..., -1] = np.repeat([0, 128, 255], width // 3)
    Image.fromarray(pixels, "LA" if channels == 1 else "RGBA").save(tmp_path / "in.png")
    image, record = read_photo(tmp_path / "in.png")
    write_photo(tmp_path / f"out{suffix}", image, record)
    with Image.open(tmp_path / f"out{suffix}") as back, Image.open(tmp_path / "in.png") as front:
        after = np.asarray(back.convert("RGB"), int)
        white = Image.new("RGBA", front.size, "white")
        white.alpha_composite(front.convert("RGBA"))
    np.testing.assert_allclose(after, np.asarray(white.convert("RGB"), int), atol=2)
    assert any("what is transparent becomes white" in note for note in record.for_name(f"out{suffix}").notes)
