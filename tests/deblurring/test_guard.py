"""When a picture is left alone."""

import torch

from deblur_lightning.deblurring import StillnessGuard
from deblur_lightning.field import KernelField

BLURRY = torch.rand(2, 3, 40, 44, generator=torch.Generator().manual_seed(0))


def field(*largest):
    """Pictures whose mean kernels leave so much on one pixel, the rest on its neighbour."""
    basis = torch.zeros(len(largest), 1, 9, 9)
    basis[:, 0, 4, 4] = torch.tensor(largest)
    basis[:, 0, 4, 5] = 1 - torch.tensor(largest)
    return KernelField(basis, torch.ones(len(largest), 1, 40, 44))


def test_a_kernel_that_keeps_its_light_on_one_pixel_did_not_move():
    moved = StillnessGuard(0.55)(BLURRY, field(0.6, 0.5))
    assert moved.tolist() == [False, True]


def test_everything_moved_by_default():
    assert StillnessGuard()(BLURRY, field(1.0, 0.5)).tolist() == [True, True]
