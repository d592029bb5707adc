"""Parts told by their spread: made fields whose parts are known."""

import pytest
import torch

from deblur_lightning.estimation.parts import moved_share, moving_parts
from deblur_lightning.field import KernelField
from deblur_lightning.physics import field_spread

SIZE = (96, 128)


def line(length, axis):
    kernel = torch.zeros(33, 33)
    start = 16 - length // 2
    if axis:
        kernel[16, start : start + length] = 1 / length
    else:
        kernel[start : start + length, 16] = 1 / length
    return kernel


def spread_of(*kernels, noise=0.0):
    """A field whose parts are upright stripes of one width."""
    shares = torch.zeros(1, len(kernels), *SIZE)
    for number in range(len(kernels)):
        shares[0, number, :, number * SIZE[1] // len(kernels) : (number + 1) * SIZE[1] // len(kernels)] = 1
    spread = field_spread(KernelField(torch.stack(kernels)[None], shares))[0]
    return spread + noise * torch.randn(spread.shape, generator=torch.Generator().manual_seed(0)), shares[0]


def overlap(share, true):
    return (((share > 0.5) & (true > 0.5)).sum() / ((share > 0.5) | (true > 0.5)).sum()).item()


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_what_moved_is_told_from_what_stood_still(noise):
    spread, shares = spread_of(line(1, 0), line(15, 1), noise=noise)
    share = moved_share(spread, SIZE)
    assert overlap(share, shares[1]) > 0.9
    assert share[:, :56].mean() < 0.2
    assert share[:, 72:].mean() > 0.95


@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_two_motions_make_two_parts(noise):
    spread, shares = spread_of(line(15, 0), line(21, 1), noise=noise)
    parts = moving_parts(spread, SIZE)
    assert parts.shape == (2, *SIZE)
    torch.testing.assert_close(parts.sum(0), torch.ones(SIZE))
    assert max(overlap(parts[0], shares[0]), overlap(parts[0], shares[1])) > 0.9


def test_what_stood_still_is_no_part_of_its_own():
    spread, shares = spread_of(line(1, 0), line(15, 0), line(21, 1))
    parts = moving_parts(spread, SIZE)
    inside = shares[1] + shares[2]
    assert max(overlap(parts[0] * inside, shares[1]), overlap(parts[1] * inside, shares[1])) > 0.9


@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_one_motion_is_one_part(noise):
    spread, _ = spread_of(line(15, 0), noise=noise)
    assert moving_parts(spread, SIZE).shape == (1, *SIZE)


def test_motion_that_changes_little_by_little_is_one_part():
    ramp = torch.linspace(2, 6, 32).expand(24, 32)
    assert len(moving_parts(torch.stack((ramp, ramp * 0, ramp * 0)), SIZE)) == 1


def test_nothing_moved_is_one_part():
    spread, _ = spread_of(line(1, 0))
    assert len(moving_parts(spread, SIZE)) == 1
