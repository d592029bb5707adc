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
    *,
    image: Tensor | None = None,
) -> Tensor:
    """Approach the solution of ``normal(x) = wanted`` from where ``solution`` stands, in place.

    Args:
        solution: first guess, overwritten.
        normal: a linear, symmetric, positive map that returns a new tensor.
        wanted: right-hand side; overwritten.
        steps: each evaluates ``normal`` once; unless ``image`` is given, it is evaluated once before them.
        nearly_undo: about the inverse of ``normal``, symmetric and positive, as preconditioner.
        image: ``normal(solution)`` where that is known; it follows the solution, in place.
    """
    image = normal(solution) if image is None else image
    residual, direction, energy = wanted.sub_(image), torch.zeros_like(wanted), wanted.new_ones(())
    for _ in range(steps):
        ahead = nearly_undo(residual)
        before, energy = energy, (residual * ahead).sum()
        direction.mul_(energy / before.clamp(min=VANISHING)).add_(ahead)
        change = normal(direction)
        stride = energy / torch.linalg.vecdot(direction.flatten(), change.flatten()).clamp(min=VANISHING)
        solution.addcmul_(direction, stride)
        image.addcmul_(change, stride)
        residual.addcmul_(change, -stride)
    return solution
