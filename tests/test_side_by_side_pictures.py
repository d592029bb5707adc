"""The script that scores the shipped model on pictures beside their sharp twins, on two made ones."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import uniform_filter1d
from skimage import data

SCRIPT = Path(__file__).parents[1] / "experiments" / "small" / "side_by_side.py"


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_what_fades_is_noticed_and_gains_by_it(tmp_path):
    for number, photo in enumerate((data.astronaut(), data.coffee())):
        sharp = photo[:256, 100:356]
        blurry = uniform_filter1d(sharp.astype(float), 9, axis=1, mode="constant")
        blurry = uniform_filter1d(blurry, 2, axis=0, mode="constant")
        Image.fromarray(np.hstack((sharp, blurry.round().astype(np.uint8)))).save(
            tmp_path / f"{number}.jpg", quality=95
        )
    ended = run(tmp_path)
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) \|", ended.stdout, re.M))
    assert "2 pictures, 2 taken for blurred with nothing beyond" in ended.stdout
    shipped, unnoticing = (
        float(rows[name]) for name in ("Adaptive (small, shipped)", "the same, borders not looked at")
    )
    assert shipped > float(rows["blurry"]) + 1
    assert shipped > unnoticing + 0.5  # the network that it asks gains without, too


def test_a_folder_without_pictures_is_one_line(tmp_path):
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert "holds no *.jpg. Pass the folder of the side-by-side pictures." in ended.stderr
    assert "Traceback" not in ended.stderr
