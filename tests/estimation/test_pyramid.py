import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import blind_kernel, natural_kernel, pyramid
from deblur_lightning.estimation.kernel_shape import beside_centre, centred, no_blur, softened

SIZE, KERNEL = 160, 17


@pytest.fixture(scope="module")
def wide():
    """Dead leaves in linear light, wider than the picture by what a kernel reaches."""
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))
    return (torch.tensor(leaves) / 255).pow(2.2).mean(-1)


@pytest.fixture(scope="module")
def hook():
    """A path with a corner, its first arm half as bright as the second, centred to fractions of a pixel."""
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[6, 4:12] = 1
    kernel[7:12, 11] = 2
    return softened(centred(kernel / kernel.sum()), 0.6)


def shot(wide, kernel, noise=0.003):
    blurry = F.conv2d(wide[None, None], kernel[None, None])[0, 0]
    return blurry + noise * torch.randn(blurry.shape, generator=torch.Generator().manual_seed(1))


def error(kernel, truth):
    """Squared distance as a share of the true kernel's square, at the best whole shift."""
    steps = range(-2, 3)
    moved = [kernel.roll((down, right), (0, 1)) for down in steps for right in steps]
    return min(((one - truth).square().sum() / truth.square().sum()).item() for one in moved)


def test_a_known_kernel_is_recovered(wide, hook):
    found = blind_kernel(shot(wide, hook), KERNEL)
    assert found.shape == hook.shape
    assert found.min() >= 0
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    assert max(map(abs, beside_centre(found))) < 0.3
    assert error(found, hook) < 0.15


def test_the_true_kernel_stays(wide, hook):
    assert error(natural_kernel(shot(wide, hook, noise=0.0), hook), hook) < 0.04


@pytest.mark.parametrize("brightest", [0.1, 0.9, 2.0])
def test_noise_is_measured_where_light_did_not_clip_however_bright_a_picture_is(brightest, hook, monkeypatch):
    told = []
    monkeypatch.setattr(pyramid, "coarse_kernel", lambda *_, **__: hook)
    monkeypatch.setattr(pyramid, "natural_kernel", lambda *given, noise: told.append((given[0], noise)) or hook)
    noise = 0.01 * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(2))
    light = (torch.linspace(0.05, brightest, SIZE) + noise).clamp(0, 1)  # of the brightest, half clips
    for attempt in pyramid.attempts(light, KERNEL):
        attempt()
    pyramid.plain_kernel(light, KERNEL)
    assert len(told) == 3
    for lit, level in told:
        assert level == pytest.approx(0.01 * (lit.std() / light.std()).item(), rel=0.1)


def test_the_true_kernel_wins_as_a_candidate(wide, hook):
    light = shot(wide, hook)
    assert error(blind_kernel(light, KERNEL, candidates=[hook]), hook) < error(blind_kernel(light, KERNEL), hook) + 0.01


def test_a_wrong_candidate_does_not_win(wide, hook):
    light = shot(wide, hook)
    wrong = hook.flip(0)
    torch.testing.assert_close(blind_kernel(light, KERNEL, candidates=[wrong]), blind_kernel(light, KERNEL))


@pytest.mark.parametrize("exposure", [0.1, 3.0])
def test_the_kernel_does_not_depend_on_the_exposure(wide, hook, exposure):
    light = shot(wide, hook)
    assert error(blind_kernel(light * exposure, KERNEL), blind_kernel(light, KERNEL)) < 0.01


def test_the_last_look_brings_a_rough_kernel_nearer(wide, hook):
    soft = F.avg_pool2d(F.pad(hook[None], (1,) * 4), 3, 1)[0]
    assert error(natural_kernel(shot(wide, hook), soft), hook) < 0.5 * error(soft, hook)


def test_a_sharp_picture_has_a_kernel_of_a_single_point(wide):
    found = blind_kernel(shot(wide, no_blur(torch.zeros(KERNEL, KERNEL))), KERNEL)
    assert found[KERNEL // 2 - 1 : KERNEL // 2 + 2, KERNEL // 2 - 1 : KERNEL // 2 + 2].sum() > 0.9


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_a_picture_without_edges_has_no_blur(light):
    found = blind_kernel(torch.full((40, 48), light), 9)
    torch.testing.assert_close(found, no_blur(found))


def test_only_the_pixels_that_count_shape_the_kernel(wide, hook):
    one, other = shot(wide, hook), shot(wide, hook.T.flip(0))
    share = torch.ones(SIZE, SIZE)
    share[:, SIZE // 2 :] = 0
    mixed = torch.where(share > 0, one, other)
    assert error(blind_kernel(mixed, KERNEL, share), hook) < 0.4
    assert error(blind_kernel(mixed, KERNEL, 1 - share), hook.T.flip(0)) < 0.4


def test_a_large_picture_is_judged_by_the_window_with_its_edges(wide, hook):
    scene = torch.full((560, 640), 0.3)
    scene[: wide.shape[0], -wide.shape[1] :] = wide
    assert error(blind_kernel(shot(scene, hook), KERNEL), hook) < 0.4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(80, 80), 16), "kernel_size is 16, but it is odd and at least 5. Pass 17."),
        ((torch.zeros(80, 80), 3), "kernel_size is 3, but it is odd and at least 5. Pass 5."),
        ((torch.zeros(1, 80, 80), 9), "light is [1, 80, 80], torch.float32, but it is one plane. Pass floats [H, W]."),
        ((torch.zeros(80, 20), 33), "light is 80 x 20, but a kernel of 33 needs 66 pixels each way."),
        (
            (torch.zeros(80, 80), 9, None, [torch.ones(7, 7)]),
            "candidate 0 is [7, 7], but kernel_size 9. Pad or crop it.",
        ),
        ((torch.zeros(80, 80), 9, torch.zeros(80, 80)), "share sums to 0, but some pixels must count. Pass None"),
        ((torch.zeros(80, 80), 9, torch.full((80, 80), torch.nan)), "share sums to nan, but some pixels must count."),
        ((torch.zeros(80, 80), 9, torch.ones(80, 81)), "share is [80, 81], but light [80, 80]. Pass the same shape."),
    ],
)
def test_what_is_no_picture_is_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        blind_kernel(*arguments)
