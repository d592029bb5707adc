"""A blurry picture as its sharp edges alone, by a field instead of one kernel."""

import math
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import add_differences_transposed_, differences
from deblur_lightning.physics.fast_length import fast_length

STEEPEST = 1.0  # of the half-quadratic weight
GROWTH = 2.0
LEAST_POWER = 1e-4  # of a field's kernels, by which their mean is taken to be undone


class Blurring(Protocol):
    """The blur of a picture that brings its surround, and its transpose, as `BlurOperator` with padding ``valid``."""

    def blur(self, image: Tensor) -> Tensor:
        """``[1, 1, H + K - 1, W + K - 1] -> [1, 1, H, W]``."""

    def adjoint(self, image: Tensor) -> Tensor:
        """``[1, 1, H, W] -> [1, 1, H + K - 1, W + K - 1]``."""


def field_edges(
    light: Tensor, field: KernelField, sparsity: float, *, operator: Blurring | None = None, steps: int = 2
) -> Tensor:
    """Undo the blur of a field while letting as few pixels as possible differ from their neighbours.

    `edges_only` for a field: with kernels that vary no division in the Fourier domain solves for the picture, a few
    steps of conjugate gradients from the picture before do. Each begins with the division by the mean power of the
    field's kernels; two such steps leave no more than four without did. What lies around the picture is solved for as
    well.

    Args:
        light: v, ``[H, W]``, linear light.
        field: of the picture, ``[1, B, K, K]`` and ``[1, B, H, W]``.
        sparsity: what an edge costs, in squared light.
        operator: the same field's blur, where there is a faster one than `BlurOperator`.
        steps: of conjugate gradients at each weight.

    Returns:
        u, ``[H + K - 1, W + K - 1]``.

    Source:
        Xu, Lu, Xu and Jia 2011 (the splitting); conjugate gradients for the field are ours.
    """
    blurring = operator or BlurOperator(field, "valid", check_values=False)
    blurry = light[None, None]
    matched, weight, before = blurring.adjoint(blurry), 2 * sparsity, 0.0
    sharp = F.pad(blurry, (field.kernel_size // 2,) * 4, mode="replicate").clone()
    image = blurring.adjoint(blurring.blur(sharp))  # by `normal`, from weight to weight
    division = _division(field, sharp.shape[-2:])
    while weight < STEEPEST:
        across, down = differences(sharp)
        add_differences_transposed_(image, (weight - before) * across, (weight - before) * down)
        length = F.pad(across.square(), (0, 1)) + F.pad(down.square(), (0, 0, 0, 1))
        kept = weight * (length >= sparsity / weight)
        wanted = add_differences_transposed_(matched.clone(), across * kept[..., :-1], down * kept[..., :-1, :])

        def normal(picture: Tensor, weight: float = weight) -> Tensor:
            across, down = differences(picture)
            again = blurring.adjoint(blurring.blur(picture))
            return add_differences_transposed_(again, weight * across, weight * down)

        conjugate_gradients_(sharp, normal, wanted, steps, division(weight), image=image)
        weight, before = GROWTH * weight, weight
    return sharp[0, 0]


def _division(field: KernelField, size: torch.Size) -> Callable[[float], Callable[[Tensor], Tensor]]:
    """Prepare to undo the blur of a field, and a weight on differences, as if its kernels' power were one's everywhere.

    Args:
        field: of one picture.
        size: height and width of the pictures to divide.
    """
    shape = [fast_length(side) for side in size]
    shares = field.coefficients[0].mean((1, 2)).view(-1, 1, 1)
    power = (torch.fft.rfft2(field.basis[0], s=shape).abs().square() * shares).sum(0)
    down, right = torch.fft.fftfreq(shape[0]).unsqueeze(1), torch.fft.rfftfreq(shape[1])
    steep = (4 - 2 * torch.cos(2 * math.pi * down) - 2 * torch.cos(2 * math.pi * right)).to(power)

    def by_weight(weight: float) -> Callable[[Tensor], Tensor]:
        divisor = power + weight * steep + LEAST_POWER

        def divided(picture: Tensor) -> Tensor:
            spectrum = torch.fft.rfft2(picture, s=shape).div_(divisor)
            return torch.fft.irfft2(spectrum, s=shape)[..., : size[0], : size[1]]

        return divided

    return by_weight
