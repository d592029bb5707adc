import sys

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.commands import main
from deblur_lightning.commands._photo_paths import plan_photos
from deblur_lightning.commands._result_files import ResultFiles
from deblur_lightning.commands.restore import restore_photos
from deblur_lightning.deblurring import Deblurred, Deblurrer, PhotoDeblurrer
from deblur_lightning.photos.heic import enable_heic


class Same(Deblurrer):
    def forward(self, blurry, exposure=None):
        return Deblurred(blurry.clone())


def photo(path, mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


def restore(photos, output, **options):
    return restore_photos(photos, output, lambda: PhotoDeblurrer(Same()), files=ResultFiles(**options))


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_suffix_stands_before_the_dot_and_lets_results_stand_beside_their_photos(tmp_path):
    photo(tmp_path / "a.v2.jpg")
    photo(tmp_path / "day" / "b.png")
    report = restore([tmp_path], tmp_path, suffix="_sharp")
    assert not report.failed
    assert names(tmp_path) == ["a.v2.jpg", "a.v2_sharp.jpg", "day/b.png", "day/b_sharp.png"]


def test_the_next_run_does_not_restore_what_the_first_one_made(tmp_path):
    photo(tmp_path / "a.png")
    restore([tmp_path], tmp_path, suffix="_sharp", format="jpg")
    again = restore([tmp_path], tmp_path, suffix="_sharp", format="jpg")
    assert names(tmp_path) == ["a.png", "a_sharp.jpg"]
    assert again.kept == [tmp_path / "a_sharp.jpg"]
    assert "passed over 1 result of an earlier run, named …_sharp" in again.summary()


def test_nor_those_of_a_name_in_two_formats(tmp_path):
    for name in ("two.jpg", "two.png"):
        photo(tmp_path / name)
    made = ["two.jpg", "two.png", "two_sharp.jpg", "two_sharp.png.jpg"]
    for _ in range(2):
        report = restore([tmp_path], tmp_path, suffix="_sharp", format="jpg")
        assert not report.failed
        assert names(tmp_path) == made
    assert "passed over 2 results of an earlier run, named …_sharp" in report.summary()


@pytest.mark.parametrize(
    ("kind", "suffix", "found"),
    [
        ("jpg", ".jpg", "JPEG"),
        ("jpeg", ".jpg", "JPEG"),
        (".png", ".png", "PNG"),
        ("tif", ".tif", "TIFF"),
        ("webp", ".webp", "WEBP"),
        ("avif", ".avif", "AVIF"),
        ("HEIC", ".heic", "HEIF"),
    ],
)
def test_all_results_come_in_the_format_that_was_asked_for(tmp_path, kind, suffix, found):
    photo(tmp_path / "in" / "a.bmp")
    report = restore([tmp_path / "in"], tmp_path / "out", format=kind)
    assert report.restored == [tmp_path / "out" / f"a{suffix}"]
    enable_heic()
    with Image.open(report.restored[0]) as picture:
        assert (picture.format, picture.size) == (found, (60, 40))


def test_photos_that_differ_by_their_suffix_alone_do_not_collide_in_one_format(tmp_path):
    for name in ("a.jpg", "a.png", "a.webp", "b.png", "b.webp"):
        photo(tmp_path / "in" / name)
    report = restore([tmp_path / "in"], tmp_path / "out", format="jpg", suffix="_s")
    assert not report.failed
    assert names(tmp_path / "out") == ["a_s.jpg", "a_s.png.jpg", "a_s.webp.jpg", "b_s.jpg", "b_s.webp.jpg"]


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".heic"])
def test_less_quality_makes_smaller_files(tmp_path, suffix):
    enable_heic()
    source = photo(tmp_path / f"a{suffix}")
    sizes = [
        restore([source], tmp_path / f"{quality}", quality=quality).restored[0].stat().st_size for quality in (20, 80)
    ]
    assert sizes[0] < 0.6 * sizes[1]


def test_a_photo_whose_format_has_no_quality_says_so_and_is_written(tmp_path):
    lines = []
    restore_photos(
        [photo(tmp_path / "a.png")], tmp_path / "out", lambda: PhotoDeblurrer(Same()), files=ResultFiles(quality=50),
        say=lines.append,
    )  # fmt: skip
    assert lines[0].endswith("; PNG has no quality to choose")


@pytest.mark.parametrize(
    ("options", "output", "said"),
    [
        (["--suffix", "../x"], "out", "is ../x, but it is a part of a name. Choose folders by --output."),
        (["--format", "gif"], "out", "--format is gif, but photos are written as jpg, png, tif"),
        (
            ["--format", "png", "--quality", 80],
            "out",
            "--quality is 80, but --format png has none. Leave out --quality.",
        ),
        (["--quality", 80], "out.png", "out.png has none. Leave out --quality."),
        (["--format", "png"], "out.jpg", "out.jpg, but --format is png. Leave out one of them."),
        (["--suffix", "_x"], "out.jpg", "out.jpg, which names the result already. Leave out --suffix."),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(tmp_path, options, output, said):
    source = photo(tmp_path / "a.jpg")
    with pytest.raises(SystemExit) as stopped:
        main(["restore", str(source), "-o", str(tmp_path / output), *map(str, options)])
    assert said in stopped.value.code
    assert names(tmp_path) == ["a.jpg"]


def test_heic_without_its_extra_names_the_extra_before_any_work(tmp_path, monkeypatch):
    enable_heic.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    remedy = r"HEIC, which needs an extra. Run: pip install 'deblur-lightning\[heic\]'"
    with pytest.raises(ValueError, match=remedy):
        ResultFiles(format="heic")
    with pytest.raises(ValueError, match=remedy):
        ResultFiles().apply(plan_photos([photo(tmp_path / "a.jpg")], tmp_path / "b.heic"))
