import pytest
import torch
from scipy.optimize import nnls

from deblur_lightning.estimation.pose_density import cleaned_density, likeliest_density, resampled
from deblur_lightning.estimation.poses import GridPoses, turning_angles


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


def test_the_likeliest_density_is_the_nonnegative_least_squares_of_its_kernels():
    poses = GridPoses((8, 9), 3, turning_angles((8, 9), 1), 2)
    generator = torch.Generator().manual_seed(0)
    wanted, start = torch.rand(4, 3, 3, generator=generator), torch.full((3, 3, 3), 1 / 27)
    found = likeliest_density(lambda kernels: 2 * kernels, wanted, 0.5, start, poses)
    drawn = torch.stack([poses.kernels(pose.view(3, 3, 3)).flatten() for pose in torch.eye(27)], 1)
    expected, _ = nnls((2.5**0.5 * drawn).double().numpy(), (wanted.flatten() / 2.5**0.5).double().numpy())
    objective = [
        (2.5 * kernels.square().sum() - 2 * wanted.flatten() @ kernels).item()
        for kernels in (drawn @ found.flatten(), drawn @ torch.from_numpy(expected).float())
    ]
    assert found.min() >= 0
    assert objective[0] == pytest.approx(objective[1], rel=1e-3)
