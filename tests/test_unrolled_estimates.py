"""The script that makes training windows with their estimated motion."""

import numpy as np
import pytest
import torch
from scripts import load_script

from deblur_lightning.field import KernelField


@pytest.mark.parametrize("side", [32, 64, 96])
def test_a_larger_scene_is_written_in_windows_that_share_an_estimate(tmp_path, monkeypatch, side):
    script = load_script("unrolled/estimates.py")
    monkeypatch.setattr(script, "WINDOW", 32)
    blurry = torch.rand(3, side, side, generator=torch.Generator().manual_seed(0))
    kernels = torch.zeros(1, 2, 5, 5)
    kernels[0, 0, 2, 2], kernels[0, 1, 2] = 1, 0.2
    share = torch.linspace(0, 1, side).expand(side, side)
    seen = KernelField(kernels, torch.stack((share, 1 - share))[None])
    known = {"blurry": script.levels(blurry), "sharp": script.levels(blurry.flip(2))}
    whole = known | script.arrays(seen, "seen_", blurry)
    script.write(tmp_path / "00007.npz", known, seen, blurry)
    names = {"00007.npz"} if side == 32 else {f"00007-{number}.npz" for number in range((side // 32) ** 2)}
    assert {path.name for path in tmp_path.iterdir()} == names
    for number, name in enumerate(sorted(names)):
        top, left = number // (side // 32) * 32, number % (side // 32) * 32
        with np.load(tmp_path / name) as window:
            assert set(window) == set(whole)
            for key, value in whole.items():
                expected = value if key == "seen_basis" else value[:, top : top + 32, left : left + 32]
                np.testing.assert_array_equal(window[key], expected)
