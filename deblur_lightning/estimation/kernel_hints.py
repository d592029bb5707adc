"""What a blurry picture shows of its kernel beside the estimates of it: planes that a network can look at."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.kernel_shape import beside_centre
from deblur_lightning.estimation.natural_kernel import moved
from deblur_lightning.estimation.natural_picture import natural_picture
from deblur_lightning.physics.fast_length import fast_length

FLOOR = 0.02  # of the mean power of the sharp picture, by which it is divided at least
LEAST = 1e-9  # keeps a plane of zeros from dividing


def kernel_hints(light: Tensor, kernel: Tensor, other: Tensor, told: Tensor, noise: float) -> Tensor:
    """Gather what a picture moved by one kernel shows of it.

    Args:
        light: the blurry picture, ``[H, W]``, linear light of a standard deviation of about 0.17.
        kernel: the likeliest estimate, ``[K, K]``, unit sum.
        other: another, likewise.
        told: what a network tells, likewise; it cannot tell a path from its reverse.
        noise: standard deviation of the light's noise.

    Returns:
        ``[9, K, K]``: those three; the blurry picture's differences to the right and down, each correlated with itself,
        at lags of up to K / 2 and, two by two, of up to K, 1 at lag 0; and both deconvolved by those of the sharp
        picture that belongs to the likeliest kernel, at most 1.
    """
    size = kernel.shape[-1]
    sharp = moved(natural_picture(light, kernel, noise=noise), beside_centre(kernel))
    sharp = sharp[size // 2 : -(size // 2), size // 2 : -(size // 2)]
    repeats = torch.stack([correlation(torch.diff(light, dim=axis), size) for axis in (1, 0)])
    near = repeats[:, size // 2 : -(size // 2), size // 2 : -(size // 2)]
    far = F.avg_pool2d(F.pad(repeats, (0, 1, 0, 1)), 2)
    read_off = [quotient(torch.diff(sharp, dim=axis), torch.diff(light, dim=axis), size) for axis in (1, 0)]
    return torch.cat((torch.stack((kernel, other, told)), near, far, torch.stack(read_off)))


def correlation(steep: Tensor, reach: int) -> Tensor:
    """Correlate a plane ``[H, W]`` with itself, tapered to its borders: ``[2 reach - 1, 2 reach - 1]``, 1 at lag 0."""
    rows, columns = (torch.hann_window(side, device=steep.device).sqrt() for side in steep.shape)
    spectrum = torch.fft.rfft2(steep * torch.outer(rows, columns), s=_sides(steep, reach))
    lags = torch.fft.irfft2(spectrum.abs().square(), s=_sides(steep, reach))
    return _centre(lags / lags[0, 0].clamp(min=LEAST), 2 * reach - 1)


def quotient(sharp: Tensor, blurry: Tensor, size: int) -> Tensor:
    """Divide what a kernel made of a plane by the plane, in the Fourier domain: ``[size, size]``, at most 1."""
    sides = _sides(sharp, size)
    before, after = torch.fft.rfft2(sharp, s=sides), torch.fft.rfft2(blurry, s=sides)
    power = before.abs().square()
    kernel = _centre(torch.fft.irfft2(before.conj() * after / (power + FLOOR * power.mean()), s=sides), size)
    return kernel / kernel.abs().max().clamp(min=LEAST)


def _sides(plane: Tensor, reach: int) -> tuple[int, int]:
    return fast_length(plane.shape[0] + reach), fast_length(plane.shape[1] + reach)


def _centre(lags: Tensor, size: int) -> Tensor:
    """Cut out the lags around 0 of a plane that begins with it: ``[size, size]``."""
    return lags.roll((size // 2, size // 2), (0, 1))[:size, :size]
