"""The script that scores the shipped model on Levin's shots, on two made ones."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

SCRIPT = Path(__file__).parents[1] / "experiments" / "small" / "levin.py"


def run(folder):
    return subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_shots_are_scored_up_to_a_shift(tmp_path):
    sharp = data.camera()[200:320, 200:320]
    (tmp_path / "gt").mkdir()
    Image.fromarray(sharp).save(tmp_path / "gt" / "im1.png")
    for number in (1, 2):
        kernel = np.zeros((5, 5), np.uint8)
        kernel[2, 2] = 255
        Image.fromarray(kernel).save(tmp_path / "gt" / f"kernel{number}.png")
        shifted = np.roll(sharp, (2 * number, -3), (0, 1))
        Image.fromarray(shifted).save(tmp_path / f"im1_kernel{number}_img.png")
    table = run(tmp_path).stdout
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d.inf]+) \|", table, re.M))
    assert float(rows["blurry"]) > 100  # the same picture, moved
    assert float(rows["unsharp masking (scikit-image)"]) < 60
    assert {"Adaptive (small, shipped)", "Richardson-Lucy, true kernel, 30"} <= rows.keys()


def test_a_folder_without_shots_is_one_line(tmp_path):
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert "holds no im1_kernel1_img.png and the like. Pass the folder of the shots." in ended.stderr
    assert "Traceback" not in ended.stderr
