"""When a picture is left alone."""

import torch

from deblur_lightning.deblurring import StillnessGuard
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField

BLURRY = torch.rand(2, 3, 40, 44, generator=torch.Generator().manual_seed(0))


def field(*largest):
    """Pictures whose mean kernels leave so much on one pixel, the rest on its neighbour."""
    basis = torch.zeros(len(largest), 1, 9, 9)
    basis[:, 0, 4, 4] = torch.tensor(largest)
    basis[:, 0, 4, 5] = 1 - torch.tensor(largest)
    return KernelField(basis, torch.ones(len(largest), 1, 40, 44))


def test_a_kernel_that_keeps_its_light_on_one_pixel_did_not_move():
    moved = StillnessGuard(0.55)(BLURRY, field(0.6, 0.5), Exposure(), None)
    assert moved.tolist() == [False, True]


def test_everything_moved_by_default():
    assert StillnessGuard()(BLURRY, field(1.0, 0.5), Exposure(), None).tolist() == [True, True]


def test_the_path_is_asked_of_linear_light_and_only_where_the_kernel_moved():
    light, asked = [(picture**1.7).mean(0) for picture in BLURRY], []

    def guess(plane, share):
        asked.append(plane)
        path = torch.zeros(9, 9)
        path[4, 4] = 0.6 if torch.allclose(plane, light[0]) else 0.4
        return path

    guard = StillnessGuard(0.55, 0.5)
    assert guard(BLURRY, field(0.5, 0.5), Exposure(1.7), guess).tolist() == [False, True]
    asked.clear()
    assert guard(BLURRY, field(0.6, 0.6), Exposure(1.7), guess).tolist() == [False, False]
    assert not asked
