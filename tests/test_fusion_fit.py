"""The script that teaches a fusion when to trust its restorers, on windows whose fields are right or wrong."""

import argparse

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scripts import load_script

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.deblurring import (
    BlindEstimator,
    Fusion,
    MotionDeblurrer,
    RichardsonLucy,
    describe,
    load_deblurrer,
)
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur, to_display, to_linear

SIDE = 48


@pytest.fixture(scope="module")
def script():
    return load_script("fusion/fit.py")


def line(size, *, upright):
    kernel = torch.zeros(size, size)
    kernel[size // 2] = 1 / size
    return (kernel.T if upright else kernel)[None, None]


def field_of(kernel):
    return KernelField(kernel, torch.ones(1, 1, SIDE, SIDE))


def write_window(path, seed, *, right, moved=True):
    """A window blurred sideways, whose estimate says so or says that it moved up and down."""
    generator = torch.Generator().manual_seed(seed)
    sharp = (torch.rand(1, 3, SIDE // 4, SIDE // 4, generator=generator) > 0.5).float() * 0.6 + 0.2
    sharp = F.interpolate(sharp, (SIDE, SIDE), mode="nearest")
    seen = line(9, upright=not right) if moved else F.pad(torch.ones(1, 1, 1, 1), (4, 4, 4, 4))
    blurry = to_display(blur(to_linear(sharp), field_of(line(9, upright=False)), "replicate"))
    level = {name: (one[0] * 255).round().byte().numpy() for name, one in (("blurry", blurry), ("sharp", sharp))}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **level, seen_basis=seen[0].numpy(), seen_coefficients=np.ones((1, SIDE, SIDE), np.float32))


@pytest.fixture(scope="module")
def fitted(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fusion")
    for number in range(8):
        write_window(folder / "windows" / "train" / f"{number:05d}.npz", number, right=number % 2 == 0)
    for number in range(2):
        write_window(folder / "windows" / "val" / f"{number:05d}.npz", 20 + number, right=number % 2 == 0)
    write_window(folder / "windows" / "val" / "00002.npz", 30, right=True, moved=False)
    torch.manual_seed(0)
    model = MotionDeblurrer(BlindEstimator(9), Fusion([RichardsonLucy(10)], hidden=4))
    write_checkpoint(folder / "start.safetensors", model.state_dict(), describe(model))
    script.main(
        argparse.Namespace(
            out=folder / "fitted.safetensors", model=str(folder / "start.safetensors"), windows=folder / "windows",
            cues=folder / "cues", seed=0,
        )
    )  # fmt: skip
    return folder


def test_it_learns_to_leave_alone_what_a_wrong_field_spoils(fitted):
    fusion = load_deblurrer(fitted / "fitted.safetensors").deblurrer.restorer
    trusts, gains = [], []
    for number in range(2):
        with np.load(fitted / "windows" / "val" / f"{number:05d}.npz") as window:
            blurry, sharp = (torch.from_numpy(window[name])[None] / 255 for name in ("blurry", "sharp"))
            field = field_of(torch.from_numpy(window["seen_basis"])[None])
        picture, trust, _ = fusion.judged(blurry, field, Exposure())
        trusts.append(trust.mean().item())
        gains.append(10 * ((blurry - sharp).square().mean() / (picture - sharp).square().mean()).log10().item())
    assert trusts[0] > 0.8
    assert trusts[1] < 0.2
    assert gains[0] > 1
    assert gains[1] > -0.3


def test_windows_that_did_not_move_say_nothing(fitted):
    counts = [len(torch.load(path, weights_only=True)) for path in sorted((fitted / "cues" / "val").glob("*.pt"))]
    assert counts == [2, 2, 0]


def test_the_error_of_a_mixture_is_that_of_its_pixels(script):
    generator = torch.Generator().manual_seed(0)
    blurry, sharp, *made = torch.rand(4, 3, 8, 8, generator=generator)
    changes = torch.stack([one - blurry for one in (*made, sharp)])
    products = torch.einsum("ichw,jchw->ij", changes, changes) / sharp.numel()
    shares = torch.tensor([[0.3, 0.5]])
    mixed = blurry + 0.3 * (made[0] - blurry) + 0.5 * (made[1] - blurry)
    wanted = (mixed - sharp).square().mean()
    torch.testing.assert_close(script.squared_error(shares, products[None])[0], wanted)


def test_the_report_counts_windows_alike_however_many_cells_they_have(script):
    worse, better = torch.tensor([[4.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    products = torch.stack((worse, better, better)) / 100
    told = script.report(torch.ones(3, 1), script.Measured(torch.zeros(3, 1), products, torch.tensor([0, 1, 1])))
    lost = 10 * np.log10(1 / 5)
    assert told.startswith(f"{lost / 2:.2f} dB, least {lost:.2f};")


def test_a_model_without_a_fusion_is_refused(script, tmp_path):
    model = MotionDeblurrer(BlindEstimator(9), RichardsonLucy(3))
    write_checkpoint(tmp_path / "plain.safetensors", model.state_dict(), describe(model))
    with pytest.raises(SystemExit, match=r"plain.safetensors restores without a Fusion. Name a model that has one"):
        script.main(argparse.Namespace(out=None, model=str(tmp_path / "plain.safetensors"), windows=None, cues=None))


def test_a_folder_without_windows_is_named(script, tmp_path):
    with pytest.raises(SystemExit, match=r"train holds no windows that moved. Make them: python experiments"):
        script.measured(Fusion([RichardsonLucy(1)]), tmp_path / "train", tmp_path / "cues")
