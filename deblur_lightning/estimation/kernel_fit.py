"""The kernel that best explains blurry gradients by sharp ones: least squares in the kernel's own values."""

import math
from typing import Protocol

import torch
from torch import Tensor

from deblur_lightning.physics.fast_length import fast_length

DESCENTS = 300  # of projected gradients, at the most
FEW_DESCENTS = 40  # where the fit is made anew in each turn with the picture
SETTLED = 8  # roundings of the largest value: when none changes by more, all are near where they end
LOOKED = 10  # descents from one look at that to the next
POWER_STEPS = 12  # towards the largest eigenvalue
CAUTION = 1.02  # on that eigenvalue, which is approached from below


class SquareForm(Protocol):
    """A symmetric, positive matrix, or what multiplies as one."""

    def __matmul__(self, values: Tensor, /) -> Tensor:
        """``[M] -> [M]``."""


def normal_equations(sharp: Tensor, blurry: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Write the squared misfit ``|k * sharp - blurry|^2`` as ``k' Q k - 2 b' k + const`` in the kernel's values.

    Both pictures are taken to vanish beyond their borders, and the misfit is counted there too.

    Args:
        sharp: ``[C, H, W]``, gradients as a rule.
        blurry: ``[C, H, W]``.
        size: side K of the kernel, odd.

    Returns:
        Q, ``[K^2, K^2]``, and b, ``[K^2]``, in the order of a correlation kernel ``[K, K]``.
    """
    shape = [fast_length(side + size - 1) for side in sharp.shape[-2:]]
    first, second = torch.fft.rfft2(sharp, s=shape), torch.fft.rfft2(blurry, s=shape)
    own = torch.fft.irfft2(first.abs().square().sum(0), s=shape).roll((size - 1,) * 2, (0, 1))
    both = torch.fft.irfft2((second.conj() * first).sum(0), s=shape).roll((size // 2,) * 2, (0, 1))
    return of_lags(own[: 2 * size - 1, : 2 * size - 1], size), both[:size, :size].flatten()


def ridge_minimum(form: Tensor, wanted: Tensor, ridge: float) -> Tensor:
    """Minimise ``k' Q k - 2 b' k + ridge |k|^2``.

    Args:
        form: Q, ``[K^2, K^2]``, symmetric and not negative.
        wanted: b, ``[K^2]``.
        ridge: above 0.

    Returns:
        k, ``[K, K]``; some values may be negative.
    """
    factor = torch.linalg.cholesky(form + ridge * torch.eye(len(form), dtype=form.dtype, device=form.device))
    size = math.isqrt(len(wanted))
    return torch.cholesky_solve(wanted.unsqueeze(1), factor).view(size, size)


def nonnegative_minimum(form: SquareForm, wanted: Tensor, start: Tensor, steps: int = DESCENTS) -> Tensor:
    """Minimise ``k' Q k - 2 b' k`` over ``k >= 0`` by accelerated projected gradients that restart when they turn.

    Args:
        form: Q, ``[M, M]``, symmetric and positive.
        wanted: b, ``[M]``.
        start: ``[M]``, not negative.
        steps: of projection, at the most; fewer where the values have settled.

    Returns:
        k, ``[M]``.

    Source:
        Beck and Teboulle 2009; O'Donoghue and Candes 2015 (the restart).
    """
    direction = torch.ones_like(start)
    for _ in range(POWER_STEPS):
        direction = form @ (direction / direction.norm())
    stride = 1 / (CAUTION * direction.norm())
    reached, ahead, pace, settled = start, start, 1.0, SETTLED * torch.finfo(start.dtype).eps
    for step in range(steps):
        new = (ahead - stride * (form @ ahead - wanted)).clamp(min=0)
        if step % LOOKED == LOOKED - 1 and (new - reached).abs().max() <= settled * new.max():
            return new
        if torch.dot(ahead - new, new - reached) > 0:
            pace, ahead = 1.0, new
        else:
            faster = (1 + math.sqrt(1 + 4 * pace**2)) / 2
            ahead = new + (pace - 1) / faster * (new - reached)
            pace = faster
        reached = new
    return reached


def of_lags(correlation: Tensor, size: int) -> Tensor:
    """Lay out ``[2 K - 1, 2 K - 1]`` correlations by lag as the matrix over pairs of kernel pixels."""
    steps = torch.arange(size, device=correlation.device)
    lag = steps.unsqueeze(1) - steps + size - 1
    return correlation[lag[:, None, :, None], lag[None, :, None, :]].reshape(size**2, size**2)
