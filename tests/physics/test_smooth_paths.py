import torch

from deblur_lightning.physics.smooth_paths import frame_moments, smooth_paths


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_bends_a_path_is_a_straight_line_of_length_one_at_even_speed():
    moments = torch.linspace(0, 1, 11)
    path = smooth_paths(3, moments, generator=seeded(), bend=0.0, speeding=0.0)
    steps = path.diff(dim=1)
    assert torch.allclose(steps, steps[:, :1].expand_as(steps))
    assert torch.allclose((path[:, -1] - path[:, 0]).norm(dim=-1), torch.ones(3).double())
    assert path[:, 5].abs().max() < 1e-12  # through its middle half-way


def test_paths_point_everywhere_and_bend_no_more_than_asked():
    path = smooth_paths(4000, torch.tensor([0.0, 0.5, 1.0]), generator=seeded(), bend=0.35, speeding=0.0)
    ahead = path[:, 2] - path[:, 0]
    angle = torch.atan2(ahead[:, 1], ahead[:, 0])
    assert angle.cos().mean().abs() < 0.05
    assert angle.sin().mean().abs() < 0.05
    sagging = ((path[:, 0] + path[:, 2]) / 2 - path[:, 1]).norm(dim=-1)  # |b| / 4, b of deviation 0.35
    assert torch.isclose(sagging.square().mean().sqrt(), torch.tensor(0.35 / 4).double(), rtol=0.05)


def test_frames_are_spread_over_the_exposure_and_open_for_their_share():
    assert frame_moments(2, 1.0, 2).tolist() == [0.125, 0.375, 0.625, 0.875]
    assert frame_moments(4, 0.0, 2).tolist() == [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]
