import math

import pytest
import torch

from deblur_lightning.estimation.poses import GridPoses, Poses, turning_angles
from deblur_lightning.physics import point_spread_function
from deblur_lightning.physics.node_grid import node_places

SIZE, KERNEL, GRID = (40, 30), 13, 3


@pytest.fixture
def random():
    return torch.Generator().manual_seed(3)


@pytest.fixture
def poses():
    return GridPoses(SIZE, KERNEL, turning_angles(SIZE, 2), GRID)


def test_a_sequence_of_poses_draws_the_kernels_of_the_camera_that_takes_them(poses, random):
    samples = 30
    angle = torch.randint(len(poses.angles), (samples,), generator=random)
    shift = torch.randint(-3, 4, (samples, 2), generator=random)
    density = torch.zeros(len(poses.angles), KERNEL, KERNEL)
    paths = torch.zeros(GRID**2, samples, 2, dtype=torch.float64)
    for time, (number, (across, down)) in enumerate(zip(angle.tolist(), shift.tolist(), strict=True)):
        density[number, KERNEL // 2 - down, KERNEL // 2 - across] += 1 / samples
        cosine, sine = math.cos(poses.angles[number]), math.sin(poses.angles[number])
        for node, (x, y) in enumerate(node_places(SIZE, GRID).tolist()):
            paths[node, time, 0] = cosine * x - sine * y - x + across
            paths[node, time, 1] = sine * x + cosine * y - y + down
    expected = point_spread_function(paths, KERNEL).flip(-2, -1)
    torch.testing.assert_close(poses.kernels(density), expected.float(), atol=1e-6, rtol=0)


def test_the_transpose_is_one(poses, random):
    density = torch.rand(len(poses.angles), KERNEL, KERNEL, generator=random)
    kernels = torch.rand(GRID**2, KERNEL, KERNEL, generator=random)
    there = (poses.kernels(density).double() * kernels).sum()
    back = (density.double() * poses.transposed(kernels)).sum()
    torch.testing.assert_close(there, back, rtol=1e-5, atol=0)


def test_corners_move_one_pixel_from_angle_to_angle():
    angles = turning_angles((60, 80), 3.2)
    assert len(angles) == 9
    assert angles[4] == 0
    torch.testing.assert_close(angles.diff() * 50, torch.ones(8))


def test_without_turning_all_kernels_are_the_density():
    still = GridPoses(SIZE, KERNEL, turning_angles(SIZE, 0), GRID)
    density = torch.rand(1, KERNEL, KERNEL, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(still.kernels(density), density.expand(GRID**2, -1, -1))


def test_poses_at_given_places_draw_the_kernels_of_a_grid_at_the_same_places(poses, random):
    density = torch.rand(len(poses.angles), KERNEL, KERNEL, generator=random)
    chosen = [7, 2, 4]
    some = Poses(node_places(SIZE, GRID)[chosen], KERNEL, poses.angles)
    torch.testing.assert_close(some.kernels(density), poses.kernels(density)[chosen])


def test_corners_of_the_picture_are_no_farther_than_angles_reach():
    assert turning_angles((3, 4), 5).abs().max().item() * math.hypot(3, 4) / 2 == pytest.approx(5)
