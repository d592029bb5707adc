"""Conjugate gradients (Hestenes and Stiefel 1952), one picture, buffers reused."""

from collections.abc import Callable

import torch
from torch import Tensor

VANISHING = 1e-30


def conjugate_gradients_(
    solution: Tensor,
    normal: Callable[[Tensor], Tensor],
    wanted: Tensor,
    steps: int,
    nearly_undo: Callable[[Tensor], Tensor] = lambda residual: residual,
) -> Tensor:
    """Approach the solution of ``normal(x) = wanted`` from where ``solution`` stands, in place.

    Args:
        solution: first guess, overwritten.
        normal: a linear, symmetric, positive map that returns a new tensor.
        wanted: right-hand side; overwritten.
        steps: evaluations of ``normal`` after the first.
        nearly_undo: about the inverse of ``normal``, symmetric and positive, as preconditioner.
    """
    residual = wanted.sub_(normal(solution))
    ahead = nearly_undo(residual)
    direction, energy = ahead.clone(), (residual * ahead).sum()
    for _ in range(steps):
        image = normal(direction)
        stride = energy / torch.linalg.vecdot(direction.flatten(), image.flatten()).clamp(min=VANISHING)
        solution.addcmul_(direction, stride)
        residual.addcmul_(image, -stride)
        ahead = nearly_undo(residual)
        before, energy = energy, (residual * ahead).sum()
        direction.mul_(energy / before.clamp(min=VANISHING)).add_(ahead)
    return solution
