import sys

import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.camera_path import fitted_density, found_path
from deblur_lightning.estimation.climb import Climb
from deblur_lightning.estimation.pose_density import pose_field
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
    density = fitted_density(sharp, light, even, poses, 2.0)
    assert density.sum().item() == pytest.approx(1, abs=1e-5)
    assert density.min() >= 0
    assert beside_constant(pose_field(density, poses), field) < 0.5


def test_further_turns_are_those_that_a_longer_climb_takes_on_the_finest_scale(sharp, field, monkeypatch):
    light = blur(sharp[None, None], field, "valid")[0, 0]
    module = sys.modules[found_path.__module__]
    paths = []
    for last in (1, 3):
        monkeypatch.setattr(module, "CLIMB", Climb(turns=1, last=last, sparsity=2e-3, decay=1.0))
        paths.append(found_path(light, KERNEL))
    short, long = paths
    assert not torch.equal(short.density, long.density)
    assert torch.equal(short.further(2).density, long.density)
    assert torch.equal(short.further(0).density, short.density)
