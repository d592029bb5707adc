import math

import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.camera_path import cleaned_density, fitted_density, pose_field, resampled
from deblur_lightning.estimation.poses import GridPoses, turning_angles
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_distance
from deblur_lightning.physics import blur, shake_field

SIZE, KERNEL = 128, 17


@pytest.fixture(scope="module")
def sharp():
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    return (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()


@pytest.fixture(scope="module")
def field():
    return shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(6), rotation=0.2, reach=(0.8, 0.9))


def beside_constant(found, true):
    """Kernel error over that of the best constant kernel."""
    constant = KernelField(true.mean_kernel()[None], torch.ones(1, 1, SIZE, SIZE))
    return (kernel_distance(found, true) / kernel_distance(constant, true)).item()


def test_a_known_path_is_recovered_from_an_exact_picture(sharp, field):
    light = blur(sharp[None, None], field, "valid")[0, 0]
    poses = GridPoses((SIZE, SIZE), KERNEL, turning_angles((SIZE, SIZE), 7), 5)
    even = torch.full((len(poses.angles), KERNEL, KERNEL), 1 / (len(poses.angles) * KERNEL**2))
    density = fitted_density(sharp, light, even, poses)
    assert density.sum().item() == pytest.approx(1, abs=1e-5)
    assert density.min() >= 0
    assert beside_constant(pose_field(density, poses), field) < 0.5


def test_a_density_grown_to_the_next_scale_makes_the_same_kernels_larger():
    small, large = (
        GridPoses((side, side), size, turning_angles((side, side), reach), 3)
        for side, size, reach in ((60, 9, 3), (120, 17, 6))
    )
    spot = torch.zeros(len(small.angles), 9, 9)
    spot[3, 4, 4] = spot[5, 4, 6] = 0.5  # the second: 2/30 of a radian or so, and 2 pixels
    grown = resampled(spot, small, large, 2.0)
    assert grown.sum().item() == pytest.approx(1, abs=1e-5)
    angle = (grown.sum((1, 2)) * large.angles).sum().item()
    assert angle == pytest.approx(small.angles[5].item() / 2, rel=0.05)
    right = (grown.sum((0, 1)) * (torch.arange(17) - 8)).sum().item()
    assert right == pytest.approx(2.0, abs=0.1)


def test_lone_faint_time_is_noise():
    density = torch.zeros(5, 9, 9)
    density[2, 4, 3:6] = torch.tensor([0.5, 1.0, 0.5])
    density[0, 0, 0] = 0.1
    cleaned = cleaned_density(density)
    assert cleaned[0, 0, 0] == 0
    torch.testing.assert_close(cleaned[2, 4, 3:6], torch.tensor([0.25, 0.5, 0.25]))


def test_corners_of_the_picture_are_no_farther_than_angles_reach():
    assert turning_angles((3, 4), 5).abs().max().item() * math.hypot(3, 4) / 2 == pytest.approx(5)
