"""Cues are what their names say, by a slow reckoning of each."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, gaussian_filter, maximum_filter, minimum_filter

from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.physics import blur, noise_level, shake_kernels, to_linear
from deblur_lightning.restoration import CUES, restoration_cues


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(3)
    sharp = torch.nn.functional.interpolate(torch.rand(1, 3, 6, 5, generator=generator), (48, 40), mode="bicubic")
    sharp = (0.2 + 0.7 * sharp).clamp(0, 1)
    kernels = shake_kernels(2, 9, generator=generator)
    share = torch.linspace(0, 1, 40).expand(48, 40)
    field = KernelField(kernels[None], torch.stack((share, 1 - share))[None])
    blurry = (blur(sharp, field) + 0.01 * torch.randn(sharp.shape, generator=generator)).clamp(0, 1)
    restored = (1.4 * sharp - 0.4 * blurry + 0.02 * torch.randn(sharp.shape, generator=generator)).clamp(0, 1)
    return blurry, restored, field


def slow_cues(blurry, restored, field, gamma, deviation):
    """Reckon in numpy, one plane after another; `blur` has its own slow tests."""
    seen, made = (one[0].mean(0).double().numpy() for one in (blurry, restored))
    light = to_linear(blurry, gamma)[0].mean(0).double().numpy()
    misfit = blur(to_linear(restored, gamma), field, "replicate")[0].mean(0).double().numpy() - light
    smooth = lambda plane, width: gaussian_filter(plane, width, mode="nearest")  # noqa: E731
    slopes = lambda plane: [  # noqa: E731
        convolve1d(plane, [0.5, 0, -0.5], axis=axis, mode="nearest") for axis in (0, 1)
    ]
    near = lambda plane: smooth(  # noqa: E731
        plane.reshape(plane.shape[0] // 8, 8, plane.shape[1] // 8, 8).mean((1, 3)), deviation
    )
    ratio = lambda one, other: np.log((one + 1e-7) / (other + 1e-7))  # noqa: E731
    (down, right), (down_made, right_made) = slopes(seen), slopes(made)
    power, power_made = near(down**2 + right**2), near(down_made**2 + right_made**2)
    size, size_made = near(np.hypot(down, right)), near(np.hypot(down_made, right_made))
    both = near(down * down_made + right * right_made)
    change, detail = made - seen, seen - smooth(seen, 3.0)
    changed = near(change**2)
    beyond = np.maximum(made - maximum_filter(seen, 17), 0) + np.maximum(minimum_filter(seen, 17) - made, 0)
    spread, peak = np.zeros_like(seen), np.zeros_like(seen)
    away = np.arange(field.kernel_size) - field.kernel_size // 2
    for row, column in np.ndindex(*seen.shape):
        kernel = field.kernel_at(row, column)[0].double().numpy()
        vertical, sideways = kernel.sum(1), kernel.sum(0)
        variance = sum((line * away**2).sum() - (line * away).sum() ** 2 for line in (vertical, sideways))
        spread[row, column] = np.sqrt(max(variance, 0))
        peak[row, column] = sum(
            field.coefficients[0, number, row, column] * basis.max() for number, basis in enumerate(field.basis[0])
        )
    noise = noise_level(to_linear(blurry, gamma).mean(1, keepdim=True))
    return {
        "misfit": ratio(near(misfit**2), noise**2),
        "smooth misfit": ratio(near(smooth(misfit, 2.0) ** 2), near(misfit**2)),
        "gained slopes": ratio(power_made, power),
        "slopes": np.log(power + 1e-7),
        "rare slopes": ratio(size_made**2, power_made),
        "rare slopes before": ratio(size**2, power),
        "crushed": 10 * near((made < 0.02).astype(float) - (seen < 0.02)),
        "clipped": 10 * near((made > 0.98).astype(float) - (seen > 0.98)),
        "sharpening": near(change * detail) / np.sqrt(changed * near(detail**2) + 1e-14),
        "change": ratio(changed, near(detail**2)),
        "coarse change": ratio(near(smooth(change, 1.5) ** 2), changed),
        "coarsest change": ratio(near(smooth(change, 3.0) ** 2), changed),
        "slopes kept": both / np.sqrt(power * power_made + 1e-14),
        "overshoot": np.log(near(beyond) + 1e-4),
        "motion": np.log1p(near(spread)),
        "peak": near(peak),
    }


@pytest.mark.parametrize("gamma", [2.2, 1.0])
def test_each_cue_is_what_it_says(case, gamma):
    cues = restoration_cues(*case, gamma)
    assert cues.shape == (1, 2 * len(CUES), 6, 5)
    for part, deviation in zip(cues[0].split(len(CUES)), (2.0, 8.0), strict=True):
        wanted = slow_cues(*case, gamma, deviation)
        for number, name in enumerate(CUES):
            np.testing.assert_allclose(part[number].numpy(), wanted[name], atol=2e-3, err_msg=name)


def test_a_picture_seen_in_a_mirror_has_its_cues_there(case):
    blurry, restored, field = case
    mirrored = KernelField(field.basis.flip(-1), field.coefficients.flip(-1))
    there = restoration_cues(blurry.flip(-1), restored.flip(-1), mirrored)
    torch.testing.assert_close(there.flip(-1), restoration_cues(*case), rtol=1e-3, atol=1e-3)


def test_pictures_of_a_batch_do_not_see_one_another(case):
    blurry, restored, field = case
    other = delta_field(blurry, 9)
    fields = KernelField(
        torch.cat((field.basis, other.basis.expand(-1, 2, -1, -1))),
        torch.cat((field.coefficients, other.coefficients.expand(-1, 2, -1, -1) / 2)),
    )
    both = restoration_cues(torch.cat((blurry, blurry / 2)), torch.cat((restored, restored / 3)), fields)
    torch.testing.assert_close(both[:1], restoration_cues(blurry, restored, field), rtol=1e-4, atol=1e-4)
    alone = restoration_cues(blurry / 2, restored / 3, delta_field(blurry, 9))
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)


def test_cells_reach_beyond_sides_that_they_do_not_divide(case):
    blurry, restored, _ = (one[..., :43, :37] if torch.is_tensor(one) else one for one in case)
    cues = restoration_cues(blurry, restored, delta_field(blurry, 9))
    assert cues.shape == (1, 2 * len(CUES), 6, 5)
    assert cues.isfinite().all()


def test_what_is_as_it_was_has_neither_change_nor_misfit():
    flat = torch.full((1, 1, 64, 64), 0.5)
    cues = dict(zip(CUES, restoration_cues(flat, flat, delta_field(flat, 9))[0], strict=False))
    assert cues["change"].abs().max() < 1e-4
    assert cues["gained slopes"].abs().max() < 1e-4
    assert cues["peak"].min() > 0.999
