import sys

import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import dense_field
from deblur_lightning.estimation.dense_field import likeliest
from deblur_lightning.estimation.kernel_shape import no_blur
from deblur_lightning.estimation.local_evidence import outlining_evidence, seen_noise
from deblur_lightning.estimation.own_motion import PartBlur, believed_share, moving_kernel, moving_share, part_field
from deblur_lightning.estimation.pyramid import Attempt
from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator, blur, scene_field

SIZE, KERNEL = 192, 17


@pytest.fixture(scope="module")
def kernel():
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[KERNEL // 2, 3:14] = 1 / 11
    return kernel


@pytest.fixture(scope="module")
def field(kernel):
    masks = torch.zeros(1, 2, SIZE + KERNEL - 1, SIZE + KERNEL - 1)
    masks[:, 1, :, SIZE // 2 :] = 1
    masks[:, 0] = 1 - masks[:, 1]
    return scene_field(masks, torch.stack((no_blur(kernel), kernel))[None])


@pytest.fixture(scope="module")
def light(field):
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    wide = (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()
    noise = 0.003 * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    return blur(wide[None, None], field, "valid")[0, 0] + noise


def overlap(share, true):
    """Intersection over union of what is at least half there."""
    return (((share > 0.5) & (true > 0.5)).sum() / ((share > 0.5) | (true > 0.5)).sum()).item()


def test_the_part_that_moved_is_found(light, field, kernel):
    share = believed_share(outlining_evidence(light), kernel)
    assert overlap(share, field.coefficients[0, 1]) > 0.7
    assert share[:, : SIZE // 2 - KERNEL].mean() < 0.02


def test_no_still_part_is_seen_where_all_moved(kernel):
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    wide = (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()
    moved = blur(wide[None, None], part_field(kernel, torch.ones(SIZE, SIZE)), "valid")[0, 0]
    assert moving_share(outlining_evidence(moved), KERNEL) is None


@pytest.fixture(scope="module")
def wide():
    return (torch.tensor(dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))) / 255).pow(2.2).mean(-1).float()


@pytest.fixture(scope="module")
def noisy(wide, kernel):
    moved = blur(wide[None, None], part_field(kernel, torch.ones(SIZE, SIZE)), "valid")[0, 0]
    return (moved + 0.03 * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(2))).clamp(0, 1)


def test_noise_that_is_reckoned_with_is_no_still_part(wide, noisy, kernel):
    assert moving_share(outlining_evidence(noisy), KERNEL) is not None
    assert seen_noise(noisy) == pytest.approx(0.7 * 0.03, rel=0.1)
    assert moving_share(outlining_evidence(noisy).with_noise(seen_noise(noisy)), KERNEL) is None
    one = KernelField(kernel[None, None], torch.ones(1, 1, SIZE, SIZE))
    assert likeliest(one, None, noisy) is one
    assert torch.equal(likeliest(one, None, wide[8:-8, 8:-8]).basis[0, 0], no_blur(kernel))


@pytest.mark.parametrize(("right", "count"), [(True, 1), (False, 2)])
def test_where_no_kernel_is_found_for_all_of_a_noisy_picture_a_part_is_looked_for(
    noisy, kernel, right, count, monkeypatch
):
    found = [Attempt(kernel if right else kernel.T, 0.0)]
    module = sys.modules[likeliest.__module__]
    monkeypatch.setattr(module, "attempts_and_turning", lambda light, size: (found, None))
    monkeypatch.setattr(module, "LEAST_MOVED", 1e-3)
    assert dense_field(noisy[None, None], gamma=1.0, kernel_size=KERNEL).basis.shape[1] == count


def test_the_kernel_of_the_moving_part_is_found_beside_sharp_edges_that_stood_still(light, field, kernel):
    found = moving_kernel(light, field.coefficients[0, 1], KERNEL)
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    error = min((found.roll(step, 1) - kernel).square().sum() for step in (-1, 0, 1)) / kernel.square().sum()
    assert error < 0.4


@pytest.mark.parametrize("size", [(20, 31), (33, 18)])
def test_the_blur_of_a_part_is_that_of_its_field_and_its_adjoint_the_transpose(size):
    generator = torch.Generator().manual_seed(size[0])
    kernel, share = torch.rand(7, 7, generator=generator).double(), torch.rand(size, generator=generator).double()
    kernel /= kernel.sum()
    wide = torch.rand(1, 1, size[0] + 6, size[1] + 6, generator=generator).double()
    small = torch.rand(1, 1, *size, generator=generator).double()
    own, general = PartBlur(kernel, share), BlurOperator(part_field(kernel, share), "valid")
    torch.testing.assert_close(own.blur(wide), general.blur(wide))
    torch.testing.assert_close(own.adjoint(small), general.adjoint(small))
    assert (own.blur(wide) * small).sum() == pytest.approx((wide * own.adjoint(small)).sum().item())
