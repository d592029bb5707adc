import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.camera_path import camera_path
from deblur_lightning.estimation.pose_density import picture_poses, pose_field
from deblur_lightning.estimation.poses import Poses
from deblur_lightning.estimation.spread_windows import centres, spread_windows
from deblur_lightning.estimation.window_choice import edge_advantage
from deblur_lightning.estimation.window_path import fitted_to_windows, window_path, window_side
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.physics import blur, shake_field

SIZE, KERNEL = 320, 17


@pytest.fixture(scope="module")
def sharp():
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    return (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()


@pytest.fixture(scope="module")
def field():
    return shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(6), rotation=0.1, reach=(0.8, 0.9))


def constant(kernel):
    return KernelField(kernel[None, None], torch.ones(1, 1, SIZE, SIZE))


def blurred(sharp, field):
    noise = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    return blur(sharp[None, None], field, "valid")[0, 0] + 0.003 * noise


def test_a_turning_path_is_recovered_better_than_by_the_best_one_kernel(sharp, field):
    light = blurred(sharp, field)
    found = window_path(light, KERNEL)
    check_field(found)
    best = constant(field.mean_kernel()[0])
    assert kernel_distance(found, field) < 0.9 * kernel_distance(best, field)
    assert edge_advantage(light, found, best.basis[0, 0]) > 0


@pytest.mark.parametrize("path", [camera_path, window_path])
def test_light_of_float64_is_as_good_as_of_float32(path):
    light = torch.rand(60, 66, generator=torch.Generator().manual_seed(2))
    found, expected = path(light.double(), 9), path(light, 9)
    assert torch.equal(found.basis, expected.basis)
    assert found.coefficients.dtype == torch.float32


def test_one_kernel_for_all_explains_its_picture_better_than_a_path_that_turns(sharp, field):
    one = constant(field.mean_kernel()[0])
    assert edge_advantage(blurred(sharp, one), field, one.basis[0, 0]) < 0
    assert edge_advantage(blurred(sharp, one), one, one.basis[0, 0]) == 0


def test_a_known_path_fits_exact_gradients_of_windows(sharp):
    poses = picture_poses((SIZE, SIZE), KERNEL)
    path = torch.zeros(len(poses.angles), KERNEL, KERNEL)
    for time, angle in enumerate(range(1, len(poses.angles) - 1)):
        path[angle, 8 + round((time - 6) / 2), 2 + time] = 1
    true = pose_field(path / path.sum(), poses)
    windows = spread_windows(blurred(sharp, true), 120)
    places = torch.tensor([(x - 159.5, y - 159.5) for y, x in centres(windows)]).double()
    own = Poses(places, KERNEL, poses.angles)
    kernels = own.kernels(path / path.sum())
    margin = KERNEL // 2
    clear, seen = [], []
    for (rows, columns), kernel in zip(windows, kernels, strict=True):
        inner = torch.zeros(2, 120, 120)
        steep = torch.stack((sharp.diff(dim=1)[:-1], sharp.diff(dim=0)[:, :-1]))
        inner[:, margin:-margin, margin:-margin] = steep[:, rows, columns][:, margin:-margin, margin:-margin]
        clear.append(inner)  # nothing at the border, so that blurring loses none
        seen.append(torch.nn.functional.conv2d(inner.unsqueeze(1), kernel[None, None], padding=margin)[:, 0])
    even = torch.full_like(path, 1 / path.numel())
    found = pose_field(fitted_to_windows(clear, seen, even, own), poses)
    assert kernel_distance(found, true) < 0.3 * kernel_distance(constant(true.mean_kernel()[0]), true)


def test_windows_without_an_edge_say_nothing(field):
    assert edge_advantage(torch.full((SIZE, SIZE), 0.5), field, field.mean_kernel()[0]) == pytest.approx(0, abs=1e-3)


def test_windows_grow_with_kernels_but_not_beyond_the_picture():
    assert window_side((700, 500), 33) == window_side((700, 500), 17)
    assert window_side((700, 500), 33) < window_side((700, 500), 65) <= 500
    assert window_side((700, 66), 33) == 66
