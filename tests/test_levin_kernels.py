"""The script that scores blind kernels on Levin's shots, on a made one."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

SCRIPT = Path(__file__).parents[1] / "experiments" / "kernels" / "levin.py"


def run(folder):
    return subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("turned", [False, True])
def test_a_blind_kernel_restores_a_shot_nearly_as_the_true_one_does(tmp_path, turned):
    sharp = data.camera()[100:300, 140:340]
    kernel = np.zeros((9, 9), np.uint8)
    kernel[4, 1:7] = 150
    kernel[1:4, 6] = 250
    blurry = ndimage.convolve(sharp.astype(float), kernel / kernel.sum(), mode="mirror")
    (tmp_path / "gt").mkdir()
    Image.fromarray(sharp).save(tmp_path / "gt" / "im1.png")
    Image.fromarray(kernel[::-1, ::-1].copy() if turned else kernel).save(tmp_path / "gt" / "kernel1.png")
    Image.fromarray(blurry.round().astype(np.uint8)).save(tmp_path / "im1_kernel1_img.png")
    ended = run(tmp_path)
    assert not ended.stderr
    row = re.search(r"^\| im1_kernel1 \|(.*)\|$", ended.stdout, re.M)[1].split("|")
    before, ours_lucy, ours, lucy, true, lucy_ratio, ratio, _ = map(float, row)
    assert before < ours_lucy <= lucy + 0.5
    assert before + 3 < ours <= true + 0.5
    assert lucy_ratio == pytest.approx(10 ** ((lucy - ours_lucy) / 10), rel=0.02)
    assert ratio == pytest.approx(10 ** ((true - ours) / 10), rel=0.02)


def test_a_folder_without_shots_is_one_line(tmp_path):
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert "holds no im1_kernel1_img.png and the like. Pass the folder of the shots." in ended.stderr
    assert "Traceback" not in ended.stderr
