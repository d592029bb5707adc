"""A blurry picture as its sharp edges alone, by a field instead of one kernel."""

from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import add_differences_transposed_, differences

STEEPEST = 1.0  # of the half-quadratic weight
GROWTH = 2.0


class Blurring(Protocol):
    """The blur of a picture that brings its surround, and its transpose, as `BlurOperator` with padding ``valid``."""

    def blur(self, image: Tensor) -> Tensor:
        """``[1, 1, H + K - 1, W + K - 1] -> [1, 1, H, W]``."""

    def adjoint(self, image: Tensor) -> Tensor:
        """``[1, 1, H, W] -> [1, 1, H + K - 1, W + K - 1]``."""


def field_edges(light: Tensor, operator: Blurring, sparsity: float, *, steps: int = 4) -> Tensor:
    """Undo the blur of a field while letting as few pixels as possible differ from their neighbours.

    `edges_only` for a field: with kernels that vary no division in the Fourier domain solves for the picture, a few
    steps of conjugate gradients from the picture before do. What lies around the picture is solved for as well.

    Args:
        light: v, ``[H, W]``, linear light.
        operator: of the same picture's field.
        sparsity: what an edge costs, in squared light.
        steps: of conjugate gradients at each weight.

    Returns:
        u, ``[H + K - 1, W + K - 1]``.

    Source:
        Xu, Lu, Xu and Jia 2011 (the splitting); conjugate gradients for the field are ours.
    """
    blurry = light[None, None]
    matched, weight = operator.adjoint(blurry), 2 * sparsity
    radius = (matched.shape[-1] - blurry.shape[-1]) // 2
    sharp = F.pad(blurry, (radius,) * 4, mode="replicate").clone()
    while weight < STEEPEST:
        across, down = differences(sharp)
        length = F.pad(across.square(), (0, 1)) + F.pad(down.square(), (0, 0, 0, 1))
        kept = weight * (length >= sparsity / weight)
        wanted = add_differences_transposed_(matched.clone(), across * kept[..., :-1], down * kept[..., :-1, :])

        def normal(picture: Tensor, weight: float = weight) -> Tensor:
            across, down = differences(picture)
            again = operator.adjoint(operator.blur(picture))
            return add_differences_transposed_(again, weight * across, weight * down)

        conjugate_gradients_(sharp, normal, wanted, steps)
        weight *= GROWTH
    return sharp[0, 0]
