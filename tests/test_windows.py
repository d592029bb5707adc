"""The script that scores the shipped model on windows of photographs, on a made folder of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

SCRIPT = Path(__file__).parents[1] / "experiments" / "small" / "windows.py"


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_both_kinds_of_motion_are_scored(tmp_path):
    (tmp_path / "below").mkdir()
    Image.fromarray(data.coffee()).save(tmp_path / "below" / "coffee.png")
    Image.fromarray(data.camera()).save(tmp_path / "camera.png")
    ended = run(tmp_path, "--seeds", "1")
    tables = ended.stdout.strip().split("\n\n")
    assert [table.split("|")[1].strip() for table in tables] == ["full motion, 2 windows", "small motion, 2 windows"]
    means = []
    for table in tables:
        rows = re.findall(r"^\| (.+) \| ([\d.]+) \| (-?[\d.]+) \| (-?[\d.]+) \| (\d) \|$", table, re.M)
        assert len(rows) == 3
        blurry, *others = ([float(number) for number in row[1:]] for row in rows)
        assert blurry[1:] == [0, 0, 0]
        for mean, gain, least, lost in others:
            assert mean - blurry[0] == pytest.approx(gain, abs=0.011)
            assert least <= gain
            assert (lost > 0) == (least < -0.3)
        means.append(blurry[0])
    assert means[1] > means[0] + 1


@pytest.mark.parametrize(
    ("name", "size", "remedy"), [("a.png", (300, 200), "windows take 272 pixels. Leave it out"), ("", None, "no photo")]
)
def test_a_folder_without_photographs_to_cut_from_is_one_line(name, size, remedy, tmp_path):
    if name:
        Image.new("RGB", size).save(tmp_path / name)
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert remedy in ended.stderr
    assert "Traceback" not in ended.stderr
