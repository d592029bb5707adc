"""How well a field explains a blurry picture by a sharp one, as a quadratic form in its kernels."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.physics.fast_length import fast_length


class LagForms(NamedTuple):
    """The squared misfit ``sum_b k_b' Q_b k_b - 2 w_b' k_b`` near the kernels that it was taken at.

    Attributes:
        lags: transforms of each basis kernel's correlations of sharp gradients by lag, ``[B, 2 K, K + 1]``; Q_b holds
            the correlation of two kernel pixels' lag.
        wanted: w, ``[B, K, K]``.
    """

    lags: Tensor
    wanted: Tensor

    def apply(self, kernels: Tensor) -> Tensor:
        """Multiply kernels ``[B, K, K]`` by their Q."""
        size = kernels.shape[-1]
        spectrum = torch.fft.rfft2(kernels, s=(2 * size, 2 * size)) * self.lags
        return torch.fft.irfft2(spectrum, s=(2 * size, 2 * size))[:, :size, :size]


def lag_forms(sharp: Tensor, light: Tensor, field: KernelField) -> LagForms:
    """Take the quadratic form at a field's present kernels.

    w is such that the form's gradient at the present kernels is that of the misfit of `blur` itself. Q_b is that of
    basis kernel b alone where it has all of its pixels' weight: exact where neighbours' kernels change alike.

    Args:
        sharp: the sharp picture with its surround, ``[H + K - 1, W + K - 1]``, linear light.
        light: the blurry picture, ``[H, W]``, linear light.
        field: of one picture of H x W pixels, ``[1, B, K, K]``.

    Returns:
        The form for gradients to the right and down.
    """
    kernels, shares = field.basis[0], field.coefficients[0]
    size = kernels.shape[-1]
    blurry, steep = gradients(light), gradients(sharp)
    height, width = blurry.shape[-2:]
    shape = [fast_length(side + size) for side in sharp.shape]
    spectrum = torch.fft.rfft2(steep, s=shape)
    wide = F.pad(shares[None], (size // 2,) * 4, mode="replicate")[0, :, :-1, :-1].clamp(min=0).sqrt()
    shares = shares[:, :-1, :-1]
    left = blurry.clone()
    for kernel, share in zip(kernels, shares, strict=True):
        blurred = torch.fft.irfft2(spectrum * torch.fft.rfft2(kernel, s=shape).conj(), s=shape)
        left -= share * blurred[:, :height, :width]
    lags, slope = [], []
    for share, seen in zip(shares, wide, strict=True):
        own = torch.fft.irfft2(torch.fft.rfft2(steep * seen, s=shape).abs().square().sum(0), s=shape)
        both = torch.fft.irfft2((torch.fft.rfft2(left * share, s=shape).conj() * spectrum).sum(0), s=shape)
        lags.append(own.roll((size, size), (0, 1))[: 2 * size, : 2 * size])
        slope.append(both[:size, :size])
    placed = torch.stack(lags)
    placed[:, 0] = placed[:, :, 0] = 0  # a lag of K is between no two pixels of a kernel
    forms = LagForms(torch.fft.rfft2(placed.roll((size, size), (1, 2))), torch.stack(slope))
    return forms._replace(wanted=forms.wanted + forms.apply(kernels))


def gradients(light: Tensor) -> Tensor:
    """Take differences to the right and down where both lie inside, ``[H, W] -> [2, H - 1, W - 1]``."""
    return torch.stack((light[:-1, 1:] - light[:-1, :-1], light[1:, :-1] - light[:-1, :-1]))
