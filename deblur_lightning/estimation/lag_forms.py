"""How well a field explains a blurry picture by a sharp one, as a quadratic form in its kernels."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator
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


def lag_forms(sharp: Tensor, light: Tensor, field: KernelField, *, lags: Tensor | None = None) -> LagForms:
    """Take the quadratic form at a field's present kernels.

    w is such that the form's gradient at the present kernels is that of the misfit of `blur` itself. Q_b is that of
    basis kernel b alone where it has all of its pixels' weight: exact where neighbours' kernels change alike.

    Args:
        sharp: the sharp picture with its surround, ``[H + K - 1, W + K - 1]``, linear light.
        light: the blurry picture, ``[H, W]``, linear light.
        field: of one picture of H x W pixels, ``[1, B, K, K]``.
        lags: of a form with other kernels, where pictures and coefficients are the same; saves to take them again.

    Returns:
        The form for gradients to the right and down.
    """
    size, steep = field.kernel_size, gradients(sharp)
    if lags is None:
        lags = torch.stack([_lags(steep, share, size) for share in field.coefficients[0]])
    field = field._replace(coefficients=field.coefficients[..., :-1, :-1])  # pixels that have both neighbours
    explained = BlurOperator(field, "valid", check_values=False).blur(steep.unsqueeze(1)).squeeze(1)
    left, slope = gradients(light) - explained, []
    for share in field.coefficients[0]:
        rows, columns = own = _where_used(share)
        seen = slice(rows.start, rows.stop + size - 1), slice(columns.start, columns.stop + size - 1)
        slope.append(_correlated(left[:, *own] * share[own], steep[:, *seen], size)[:size, :size])
    forms = LagForms(lags, torch.stack(slope))
    return forms._replace(wanted=forms.wanted + forms.apply(field.basis[0]))


def gradients(light: Tensor) -> Tensor:
    """Take differences to the right and down where both lie inside, ``[H, W] -> [2, H - 1, W - 1]``."""
    return torch.stack((light[:-1, 1:] - light[:-1, :-1], light[1:, :-1] - light[:-1, :-1]))


def _lags(steep: Tensor, share: Tensor, size: int) -> Tensor:
    """Correlate sharp gradients with themselves where a kernel is used, by lag, see `LagForms`."""
    seen = F.pad(share[None], (size // 2,) * 4, mode="replicate")[0, :-1, :-1].clamp(min=0).sqrt()
    own = _where_used(seen)
    part = steep[:, *own] * seen[own]
    lags = _correlated(part, part, size).roll((size, size), (0, 1))[: 2 * size, : 2 * size]
    lags[0] = lags[:, 0] = 0  # a lag of K is between no two pixels of a kernel
    return torch.fft.rfft2(lags.roll((size, size), (0, 1)))


def _where_used(share: Tensor) -> tuple[slice, slice]:
    """Give the rows and columns of the smallest rectangle that holds all of a share ``[H, W]`` above 0."""
    used = share > 0
    places = (used.any(axis).nonzero().flatten() for axis in (1, 0))
    rows, columns = (slice(int(place[0]), int(place[-1]) + 1) if len(place) else slice(0, 1) for place in places)
    return rows, columns


def _correlated(small: Tensor, large: Tensor, most: int) -> Tensor:
    """Correlate pictures ``[C, h, w]`` by lags up to ``most`` to both sides, the sum of all; lag 0 first."""
    shape = [fast_length(max(side, most) + most) for side in large.shape[1:]]
    first, second = (torch.fft.rfft2(picture, s=shape) for picture in (small, large))
    return torch.fft.irfft2((first.conj() * second).sum(0), s=shape)
