"""What a refiner tells is held to as firmly as the picture is noisy, and it is asked again with what came of it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import refined_kernel
from deblur_lightning.estimation.kernel_shape import softened
from deblur_lightning.estimation.pyramid import Attempt

SIZE = 11


class Told(nn.Module):
    """Tells one kernel, whatever it is shown, and remembers that."""

    def __init__(self, kernel):
        super().__init__()
        self.kernel, self.shown = nn.Parameter(kernel), []

    def forward(self, hints, noise):
        self.shown.append((hints.clone(), noise.item()))
        return self.kernel[None]


def bent(flipped=False):
    kernel = torch.zeros(SIZE, SIZE)
    kernel[3, 5:9] = kernel[3:8, 5] = kernel[7, 2:6] = 1
    return (kernel.flip(0) if flipped else kernel) / kernel.sum()


def shot(noise, side=128):
    wide = (torch.tensor(dead_leaves(side + SIZE - 1, np.random.default_rng(3))) / 255).float().permute(2, 0, 1)
    blurry = F.conv2d(wide[:, None], bent()[None, None])[:, 0]
    return (blurry + noise * torch.randn(blurry.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def refined(noise, told, found=None):
    refiner = Told(told)
    attempts = [Attempt(bent(flipped=True), 1.0), Attempt(bent(), 2.0)] if found is None else found
    kernel = refined_kernel(shot(noise), attempts, refiner, lambda light: torch.full((SIZE, SIZE), 1 / SIZE**2))
    return kernel, refiner


def test_what_is_told_is_held_to_as_firmly_as_the_picture_is_noisy():
    """Told the kernel softly: without noise it is read off crisply, with much it stays soft."""
    soft = softened(bent(), 1.2)
    found = [Attempt(softened(bent(turned), 3.0), 1.0 + turned) for turned in (False, True)]  # two, and worse
    crisp, held = (refined(noise, soft, found)[0] for noise in (0.0005, 0.1))
    for kernel in (crisp, held):
        assert kernel.sum().item() == pytest.approx(1, abs=1e-5)
    assert (crisp - bent()).square().sum() < 0.3 * (soft - bent()).square().sum()
    assert (held - soft).square().sum() < 0.3 * (held - bent()).square().sum()


def test_the_second_time_it_is_shown_what_came_of_the_first():
    kernel, refiner = refined(0.01, bent())
    (first, noise), (second, same) = refiner.shown
    assert noise == same > 0
    assert torch.equal(first[0, :2], torch.stack((bent(flipped=True), bent())))  # the likelier one first
    assert torch.equal(second[0, 1], first[0, 0])
    assert (second[0, 0] - bent()).square().sum() < (first[0, 0] - bent()).square().sum()
    assert torch.equal(first[0, 2], torch.full((SIZE, SIZE), 1 / SIZE**2))
    assert (kernel - bent()).square().sum() < 0.2 * bent().square().sum()


def test_a_kernel_that_explains_the_picture_clearly_worse_is_not_taken():
    found = [Attempt(bent(), 1.0), Attempt(softened(bent(), 1.0), 2.0)]
    sideways = torch.zeros(SIZE, SIZE)
    sideways[5] = 1 / SIZE
    assert torch.equal(refined(0.05, sideways, found)[0], bent())


def test_what_two_ways_of_looking_found_alike_stays():
    """From a likeness of 0.99 on, and no network is asked."""
    shifted = torch.zeros(SIZE, SIZE)
    shifted[3, 5:9] = shifted[3:8, 5] = shifted[7, 2:6] = 1
    for share, asked in ((0.05, 0), (0.5, 2)):
        other = shifted.clone()
        other[9, 9] = share
        found = [Attempt(other / other.sum(), 1.0), Attempt(bent(), 2.0)]
        same = F.cosine_similarity(bent().flatten(), other.flatten(), dim=0)
        assert (same >= 0.99) == (asked == 0)
        kernel, refiner = refined(0.01, bent(), found)
        assert len(refiner.shown) == asked
        assert torch.equal(kernel, found[0].kernel) == (asked == 0)


@pytest.mark.parametrize(("width", "asked"), [(512, 2), (513, 0)])
def test_what_was_found_of_a_large_picture_stays(width, asked):
    refiner, found = Told(bent()), [Attempt(bent(flipped=True), 1.0), Attempt(bent(), 2.0)]
    wide = shot(0.01, width)[:, :80]
    kernel = refined_kernel(wide, found, refiner, lambda light: torch.full((SIZE, SIZE), 1 / SIZE**2))
    assert len(refiner.shown) == asked
    assert torch.equal(kernel, bent(flipped=True)) == (asked == 0)
