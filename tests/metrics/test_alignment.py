import numpy as np
import pytest
import scipy.ndimage
import torch
from skimage import data

from deblur_lightning.metrics import align, picture_psnr
from deblur_lightning.metrics.alignment import BORDER, REACH, whole_shift


def smooth(size=(61, 74), seed=0, sigma=2.0):
    """A periodic random picture without fine detail, [3, H, W] in [0.2, 0.8]."""
    noise = np.random.default_rng(seed).normal(size=(3, *size))
    soft = scipy.ndimage.gaussian_filter(noise, (0, sigma, sigma), mode="wrap")
    return 0.5 + 0.3 * soft / np.abs(soft).max()


def fourier_shifted(picture, shift):
    """Move by any fraction, the picture being periodic: exact, and not by splines."""
    moved = [np.fft.ifft2(scipy.ndimage.fourier_shift(np.fft.fft2(plane), shift)).real for plane in picture]
    return np.stack(moved)


def tensor(picture):
    return torch.from_numpy(np.ascontiguousarray(picture))[None]


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.4), (-2.75, 1.5), (7.2, -6.6), (0.5, 0.5)])
def test_a_known_shift_is_found_and_undone(shift):
    sharp = smooth()
    found = align(tensor(fourier_shifted(sharp, shift)), tensor(sharp))
    assert (-found.down, -found.right) == pytest.approx(shift, abs=2e-3)
    assert picture_psnr(found.restored, found.sharp).item() > 60
    assert torch.equal(found.sharp, tensor(sharp)[..., BORDER:-BORDER, BORDER:-BORDER])
    assert not found.at_the_limit


def test_of_a_photograph_with_noise_the_shift_is_found_too():
    photo = data.astronaut()[100:180, 150:240].transpose(2, 0, 1) / 255
    moved = np.stack([scipy.ndimage.shift(plane, (1.3, -0.6), order=5, mode="mirror") for plane in photo])
    noisy = (moved + np.random.default_rng(1).normal(0, 0.005, moved.shape)).clip(0, 1)
    found = align(tensor(noisy), tensor(photo))
    assert (found.down, found.right) == pytest.approx((-1.3, 0.6), abs=0.02)


def test_no_other_shift_has_a_smaller_error():
    """Scipy moves the picture to every place of a grid around the answer, on the inner pixels."""
    sharp, restored = smooth(seed=2), fourier_shifted(smooth(seed=2), (0.37, 1.21)) + 0.1 * smooth(seed=3)
    restored = restored.clip(0, 1)
    found = align(tensor(restored), tensor(sharp))
    inner = (slice(BORDER, -BORDER),) * 2

    def error(down, right):
        moved = [scipy.ndimage.shift(plane, (down, right), order=3, mode="mirror")[inner] for plane in restored]
        return np.mean((np.stack(moved).clip(0, 1) - sharp[:, *inner]) ** 2)

    best = error(found.down, found.right)
    assert best == pytest.approx((found.restored - found.sharp).square().mean().item(), rel=1e-9)
    around = [error(found.down + 0.01 * y, found.right + 0.01 * x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(around) >= best
    whole = [error(y, x) for y in range(-3, 4) for x in range(-3, 4)]
    assert min(whole) >= best


def test_the_whole_shift_is_that_of_a_loop():
    generator = np.random.default_rng(4)
    moving, fixed = generator.random((2, 2, 41, 47))
    inner = (slice(None), slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    shifts = [(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]
    errors = [np.square(np.roll(moving, shift, (1, 2))[inner] - fixed[inner]).sum() for shift in shifts]
    assert whole_shift(moving, fixed) == shifts[int(np.argmin(errors))]


def test_a_shift_beyond_reach_is_told():
    sharp = smooth(sigma=6.0)
    assert align(tensor(fourier_shifted(sharp, (9.5, 0))), tensor(sharp)).at_the_limit


def test_pictures_that_cannot_be_aligned_are_refused():
    with pytest.raises(ValueError, match=r"sides of 35 pixels. Score larger"):
        align(torch.zeros(1, 3, 34, 50), torch.zeros(1, 3, 34, 50))
    with pytest.raises(ValueError, match="Align one pair"):
        align(torch.zeros(1, 3, 40, 50), torch.zeros(1, 1, 40, 50))
    with pytest.raises(ValueError, match="Divide it by 255"):
        align(torch.full((1, 3, 40, 50), 255.0), torch.zeros(1, 3, 40, 50))


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_flat_pictures_are_not_moved(level):
    flat = torch.full((1, 3, 61, 74), level)
    found = align(flat, flat)
    assert (found.down, found.right, found.at_the_limit) == (0, 0, False)
