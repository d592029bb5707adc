import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from deblur_lightning.data.kohler.files import find_kohler, ranges, read_png
from deblur_lightning.metrics.kohler_metric import Picture, frame_count

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)


def png(path: Path, pixels: np.ndarray = PIXELS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def official(root: Path, image: int, kernel: int, numbers: range) -> None:
    for number in numbers:
        png(root / f"Image{image}" / f"Kernel{kernel}" / f"GroundTruth{image}_{kernel}_{number}.png", PIXELS + number)


def test_the_official_archives_are_found_with_frames_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    png(tmp_path / "BlurryImages" / "Blurry1_10.png")
    official(tmp_path, 1, 10, range(1, 199))
    blurry, frames = find_kohler(tmp_path)
    assert list(blurry) == list(frames) == [Picture(1, 10)]
    assert frames[Picture(1, 10)].numbers == tuple(range(1, 199))
    for number, frame in enumerate(frames[Picture(1, 10)], start=1):
        np.testing.assert_array_equal(frame, PIXELS + np.uint8(number))
    assert number == len(frames[Picture(1, 10)]) == 198


def test_flat_copies_are_found(tmp_path: Path) -> None:
    root = tmp_path / "KohlerDataset"
    png(root / "BlurryImages" / "Blurry2_10.png")
    for number in range(1, 199):
        png(root / "GroundTruthImg" / f"GroundTruth2_10_{number}.png")
    assert len(find_kohler(tmp_path).frames[Picture(2, 10)]) == 198


def test_the_authors_stacks_are_found_where_there_are_no_pngs(tmp_path: Path) -> None:
    stack = np.random.default_rng(1).integers(0, 256, (4, 5, 3, 198), dtype=np.uint8)
    (tmp_path / "groundTruthMatFiles").mkdir()
    scipy.io.savemat(tmp_path / "groundTruthMatFiles" / "GroundTruth4_12.mat", {"GroundTruth": stack})
    frames = find_kohler(tmp_path).frames[Picture(4, 12)]
    np.testing.assert_array_equal(np.stack(list(frames), axis=-1), stack)
    assert frames.numbers[0] == 1
    scipy.io.savemat(tmp_path / "GroundTruth1_1.mat", {"GroundTruth": stack})
    with pytest.raises(ValueError, match=r"GroundTruth1_1.mat holds 198 frames, but picture 1_1 has 199.*again"):
        find_kohler(tmp_path)


def test_missing_frames_are_named_unless_they_do_not_count(tmp_path: Path) -> None:
    official(tmp_path, 1, 3, range(1, 199))
    (tmp_path / "Image1" / "Kernel3" / "GroundTruth1_3_30.png").unlink()
    assert 30 not in find_kohler(tmp_path).frames[Picture(1, 3)].numbers
    for number in (7, 8, 9, 100):
        (tmp_path / "Image1" / "Kernel3" / f"GroundTruth1_3_{number}.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"Kernel3: picture 1_3 lacks frames 7-9, 100, .*Unpack"):
        find_kohler(tmp_path)


def test_a_sample_set_says_how_many_frames_it_has(tmp_path: Path) -> None:
    official(tmp_path, 3, 1, range(1, 5))
    (tmp_path / "sample.json").write_text(json.dumps({"frames": 4}))
    assert find_kohler(tmp_path).frames[Picture(3, 1)].numbers == (1, 2, 3, 4)


def test_an_absent_an_empty_and_an_ambiguous_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"does not exist.*sample-kohler"):
        find_kohler(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"holds no Blurry1_1.png.*--download"):
        find_kohler(tmp_path)
    for folder in ("a", "b"):
        png(tmp_path / folder / "Blurry1_1.png")
    with pytest.raises(ValueError, match=r"b/Blurry1_1.png is the same picture as .*a/Blurry1_1.png. Remove one"):
        find_kohler(tmp_path)


def test_only_eight_bit_rgb_is_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_png(png(tmp_path / "rgb.png")), PIXELS)
    for name, pixels, found in (
        ("gray.png", PIXELS[..., 0], "8-bit gray"),
        ("deep.png", PIXELS[..., 0].astype(np.uint16), "16-bit gray"),
        ("clear.png", PIXELS[..., [0, 1, 2, 0]], "8-bit RGB with alpha"),
    ):
        with pytest.raises(ValueError, match=f"{name} is {found}, but 8-bit RGB is scored"):
            read_png(png(tmp_path / name, pixels))
    cut = png(tmp_path / "cut.png")
    cut.write_bytes(cut.read_bytes()[:60])
    (tmp_path / "text.png").write_text("text, not a picture at all, and long enough")
    for name, message in (("cut.png", "is damaged"), ("text.png", "is no PNG")):
        with pytest.raises(ValueError, match=message):
            read_png(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="Check the path"):
        read_png(tmp_path / "none.png")


def test_sixteen_bit_colour_is_refused_though_pillow_would_halve_it(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "deep.png"), PIXELS.astype(np.uint16) * 256)
    with pytest.raises(ValueError, match=r"deep.png is 16-bit RGB"):
        read_png(tmp_path / "deep.png")


def test_numbers_are_told_as_ranges_and_the_published_counts_are_known() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert sum(frame_count(Picture(i, k)) for i in range(1, 5) for k in range(1, 13)) == 48 * 199 + 1 - 6
