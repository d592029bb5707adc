"""The script that makes a folder of freely licensed pictures out of Debian's packages, on made ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "experiments" / "free" / "photographs.py"


def run(*arguments):
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def unpacked(tmp_path):
    """Backgrounds: one with detail, its half size, one of one colour, one too small; one stamp, green."""
    folder = tmp_path / "unpacked"
    backgrounds, stamps = folder / "usr/share/backgrounds", folder / "usr/share/tuxpaint/stamps"
    for made in (backgrounds, stamps):
        made.mkdir(parents=True)
    random = np.random.default_rng(0)
    detailed = Image.fromarray(random.integers(0, 256, (30, 50, 3), np.uint8)).resize((2000, 1200))
    detailed.save(backgrounds / "detailed.jpg", quality=95)
    detailed.resize((1600, 960)).save(backgrounds / "half.jpg", quality=95)
    Image.new("RGB", (1600, 960), (200, 30, 90)).save(backgrounds / "plain.jpg")
    Image.fromarray(random.integers(0, 256, (300, 400, 3), np.uint8)).save(backgrounds / "small.jpg")
    Image.new("RGBA", (300, 200), (0, 255, 0, 255)).save(stamps / "green.png")
    return folder


def test_backgrounds_with_detail_are_kept_once_and_stamps_are_put_on_them(unpacked, tmp_path):
    done = run(unpacked, tmp_path / "free", "--montages", 2)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "free").iterdir())
    assert names == ["background000.jpg", "montage000.jpg", "montage001.jpg"]
    kept, montage = (Image.open(tmp_path / "free" / name).convert("RGB") for name in names[:2])
    assert (kept.size, montage.size) == ((1600, 960), (960, 720))
    red, green, blue = np.asarray(montage, float).transpose(2, 0, 1)
    stamped = (green > 230) & (red < 40) & (blue < 40)
    assert 0.005 < stamped.mean() < 0.9


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: folder.rename(folder.with_name("elsewhere")), "is no folder. Unpack the packages there first."),
        (lambda folder: (folder.with_name("free")).mkdir(), "is there already. Name a new folder."),
        (lambda folder: next(folder.rglob("green.png")).unlink(), "holds 1 backgrounds and 0 stamps. Unpack both."),
    ],
)
def test_what_is_missing_or_in_the_way_is_named(unpacked, tmp_path, spoil, said):
    spoil(unpacked)
    done = run(unpacked, tmp_path / "free")
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.glob("free/*"))
