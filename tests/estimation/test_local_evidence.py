import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import LocalEvidence
from deblur_lightning.estimation.kernel_shape import no_blur
from deblur_lightning.estimation.straight_lines import straight_lines
from deblur_lightning.field import KernelField

SIZE, KERNEL = 160, 17


@pytest.fixture(scope="module")
def wide():
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    return (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()


def shot(wide, kernel):
    blurry = F.conv2d(wide[None, None], kernel[None, None])[0, 0]
    return blurry + 0.003 * torch.randn(blurry.shape, generator=torch.Generator().manual_seed(1))


LONG = straight_lines(KERNEL)[16:]  # of 7 and 10 pixels


def line(length):
    kernel = torch.zeros(KERNEL, KERNEL)
    first = (KERNEL - length) // 2
    kernel[KERNEL // 2, first : first + length] = 1 / length
    return kernel


def test_the_true_kernel_is_the_likeliest_of_several(wide):
    true = line(9)
    candidates = torch.stack((true, no_blur(true), true.T.contiguous(), line(5), line(15)))
    evidence = LocalEvidence(shot(wide, true)).of(candidates).mean((1, 2))
    assert evidence.argmax() == 0
    assert evidence[0] - evidence[1:].max() > 1


def test_zeros_around_a_kernel_change_nothing_however_large_it_grows(wide):
    evidence = LocalEvidence(shot(wide, line(9)), stride=32)
    expected = evidence.of(line(9)[None])
    for side in (65, 129, 257):
        large = F.pad(line(9), ((side - KERNEL) // 2,) * 4)
        torch.testing.assert_close(evidence.of(large[None]), expected, rtol=1e-5, atol=0.1)


def test_light_farther_apart_than_a_window_is_wide_tells_one_thing_however_far(wide):
    evidence = LocalEvidence(shot(wide, line(9)), stride=32)
    found = []
    for apart in (64, 100):
        kernel = torch.zeros(apart + 1, apart + 1)
        kernel[apart // 2, 0] = kernel[apart // 2, -1] = 0.5
        found.append(evidence.of(kernel[None]))
    torch.testing.assert_close(*found, rtol=1e-5, atol=0.1)


def test_a_sharp_picture_stood_still(wide):
    still = no_blur(line(9))
    evidence = LocalEvidence(shot(wide, still))
    assert (evidence.of(LONG).amax(0) < evidence.of(still[None])[0]).float().mean() > 0.95


def test_a_picture_out_of_focus_did_not_move(wide):
    steps = torch.arange(KERNEL) - KERNEL // 2
    soft = torch.exp(-(steps.square() + steps.square().unsqueeze(1)) / (2 * 1.2**2))
    evidence = LocalEvidence(shot(wide, soft / soft.sum()))
    likelier = evidence.of(LONG).mean((1, 2)) - evidence.of(no_blur(soft)[None]).mean()
    assert (likelier < 0).all()


def test_a_field_is_weighed_by_the_kernel_at_each_window(wide):
    evidence = LocalEvidence(shot(wide, line(9)), stride=32)
    left = (torch.arange(SIZE) < SIZE // 2).float().expand(1, 1, SIZE, SIZE)
    field = KernelField(torch.stack((line(9), line(3)))[None], torch.cat((left, 1 - left), 1))
    both = evidence.of(field.basis[0])
    found = evidence.of_field(field)
    torch.testing.assert_close(found[:, :2], both[0, :, :2])
    torch.testing.assert_close(found[:, 3:], both[1, :, 3:])


def test_values_are_spread_linearly_between_windows(wide):
    evidence = LocalEvidence(shot(wide, line(9)), stride=32)
    rows, columns = evidence.grid
    values = torch.arange(columns, dtype=torch.float32).expand(rows, columns)
    spread = evidence.spread(values)
    torch.testing.assert_close(spread[0, : 32 * (columns - 1)], torch.arange(32 * (columns - 1)) / 32)


def test_a_loud_window_is_one_vote_of_many(wide):
    evidence = LocalEvidence(shot(wide, line(9)), stride=8)
    values = torch.full(tuple(evidence.grid), 20.0)
    values[10, 10] = -5000.0
    votes = evidence.vote(values)
    assert votes.max().item() == pytest.approx(1, abs=1e-5)
    assert votes[80, 80] > 0.8


def test_another_noise_is_as_if_told_at_first(wide):
    light = shot(wide, line(9))
    evidence = LocalEvidence(light, 32)
    torch.testing.assert_close(evidence.with_noise(0.05).of(LONG), LocalEvidence(light, 32, 0.05).of(LONG))
    torch.testing.assert_close(evidence.of(LONG), LocalEvidence(light, 32).of(LONG))
